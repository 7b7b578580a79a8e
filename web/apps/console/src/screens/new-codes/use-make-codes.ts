import type { BatchBody, BatchView } from "@perennial/api-admin";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { makeCodes } from "../../program/make-codes";
import { type Told, toldBy } from "../../shell/problem";

export interface MakingNow {
  made: number;
  of: number;
}

export interface MakeCodes {
  make: (body: BatchBody) => void;
  /** How far it is, while it runs. */
  making: MakingNow | undefined;
  cancel: () => void;
  problem: Told | undefined;
}

/** Makes a batch of codes and tells how far it is; whoever leaves early gets none. */
export function useMakeCodes(onMade: (batch: BatchView) => void): MakeCodes {
  const cache = useQueryClient();
  const [made, setMade] = useState(0);
  const control = useRef<AbortController>(null);
  const mutation = useMutation({
    mutationFn: (body: BatchBody) => {
      control.current = new AbortController();
      setMade(0);
      return makeCodes(body, control.current.signal, setMade);
    },
    onSuccess: async (batch) => {
      onMade(batch);
      await cache.invalidateQueries({ queryKey: ["pools"] });
    },
  });
  const stopped = mutation.error instanceof DOMException && mutation.error.name === "AbortError";
  return {
    make: mutation.mutate,
    making: mutation.isPending ? { made, of: mutation.variables.count ?? 0 } : undefined,
    cancel: () => {
      control.current?.abort();
    },
    problem: mutation.isError && !stopped ? toldBy(mutation.error) : undefined,
  };
}
