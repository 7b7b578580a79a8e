import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { makeCodes } from "../../program/make-codes";
import { idOf } from "../../shell/ids";
import { toldBy } from "../../shell/problem";
import { type BadRow, partsOf, sentOf } from "./check";
import type { CodeRow } from "./csv";
import type { Wanted } from "./import-codes-screen";
import type { ImportedCodes } from "./imported";

/** Writes the rows in parts, each once: trying again after a failure takes only what is missing. */
export function useImport(wanted: Wanted, onDone: (imported: ImportedCodes) => void) {
  const [progress, setProgress] = useState(0);
  const [id] = useState(() => idOf(wanted.name, "import", new Date()));
  const mutation = useMutation({
    mutationFn: async (rows: CodeRow[]): Promise<ImportedCodes> => {
      const pools: string[] = [];
      const leftOut: BadRow[] = [];
      let made = 0;
      let before = 0;
      for (const [number, part] of partsOf(rows).entries()) {
        const pool = number === 0 ? id : `${id}-${String(number + 1)}`;
        const body = { id: pool, reward: wanted.reward, allow_weak: wanted.allowWeak, ...sentOf(part) };
        const start = before;
        const batch = await makeCodes(body, new AbortController().signal, (count) => {
          setProgress(start + count);
        });
        for (const { row, message } of batch.refused ?? []) {
          const refused = part[row - 1];
          if (refused !== undefined) leftOut.push({ ...refused, message });
        }
        pools.push(pool);
        made += batch.made;
        before += part.length;
        setProgress(before);
      }
      return { pools, made, leftOut };
    },
    onSuccess: onDone,
  });
  const told = mutation.isError ? toldBy(mutation.error) : undefined;
  return {
    run: mutation.mutate,
    busy: mutation.isPending,
    progress,
    problem: told?.words,
  };
}
