import { draftGet, type TrialView } from "@perennial/api-admin";
import { queryOptions } from "@tanstack/react-query";

import { isRecord } from "../../program/records";

/** An experiment or holdout that stands in a draft. */
export interface Drafted {
  program: string;
  id: string;
  kind: TrialView["kind"];
  name: string;
}

const LISTS = { experiments: "experiment", holdouts: "holdout" } as const;

/** Those of the drafts of these programs; what cannot be read has none. */
export function draftedOptions(programs: readonly string[]) {
  return queryOptions({
    queryKey: ["experiments of drafts", programs],
    queryFn: async ({ signal }) => {
      const { parse } = await import("yaml");
      const found = programs.map(async (program) => {
        const { data } = await draftGet({ path: { id: program }, throwOnError: true, signal });
        return draftedIn(program, parsed(data.document, parse));
      });
      return (await Promise.all(found)).flat();
    },
  });
}

function parsed(text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function draftedIn(program: string, document: unknown): Drafted[] {
  if (!isRecord(document)) return [];
  return Object.entries(LISTS).flatMap(([list, kind]) => {
    const trials: unknown = document[list];
    if (!Array.isArray(trials)) return [];
    return trials.flatMap((trial: unknown) =>
      isRecord(trial) && typeof trial.id === "string"
        ? [{ program, id: trial.id, kind, name: typeof trial.name === "string" ? trial.name : trial.id }]
        : [],
    );
  });
}
