import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

export interface LongWork<Asked, Far, Result> {
  run: (asked: Asked) => void;
  /** How far it is, while it runs; nothing before the first word. */
  far: Far | undefined;
  asked: Asked | undefined;
  busy: boolean;
  cancel: () => void;
  result: Result | undefined;
  /** Why it failed; who cancels knows. */
  error: unknown;
}

/** Work that tells how far it is. It ends, on the server too, when it is canceled or its screen is left. */
export function useLongWork<Asked, Far, Result>(
  work: (asked: Asked, signal: AbortSignal, onFar: (far: Far) => void) => Promise<Result>,
  onDone?: (result: Result) => unknown,
): LongWork<Asked, Far, Result> {
  const [far, setFar] = useState<Far>();
  const control = useRef<AbortController>(null);
  useEffect(
    () => () => {
      control.current?.abort();
    },
    [],
  );
  const mutation = useMutation({
    mutationFn: (asked: Asked) => {
      control.current = new AbortController();
      setFar(undefined);
      return work(asked, control.current.signal, setFar);
    },
    onSuccess: onDone,
  });
  const canceled = mutation.error instanceof DOMException && mutation.error.name === "AbortError";
  return {
    run: mutation.mutate,
    far: mutation.isPending ? far : undefined,
    asked: mutation.variables,
    busy: mutation.isPending,
    cancel: () => {
      control.current?.abort();
    },
    result: mutation.data,
    error: canceled ? null : mutation.error,
  };
}
