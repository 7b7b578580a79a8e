import type { SwitchObject } from "@perennial/api-admin";
import { programListOptions } from "@perennial/api-admin/queries";
import { useQueries, useQuery } from "@tanstack/react-query";

import { partsOptions, type ProgramPart } from "../../program/parts";

/** A program that runs, with what has a switch of its own in it. */
export interface Running {
  program: string;
  name: string;
  parts: readonly ProgramPart[];
}

/** Every program that runs; its parts are there as soon as they are read. */
export function useRunning(): readonly Running[] {
  const programs = useQuery(programListOptions()).data?.data ?? [];
  const running = programs.flatMap(({ program, name, version }) => (version === null ? [] : [{ program, name, version }]));
  const parts = useQueries({ queries: running.map(({ program, version }) => partsOptions(program, version)) });
  return running.map(({ program, name }, place) => ({ program, name, parts: parts[place]?.data ?? [] }));
}

/** What people call that which a switch is for; what does not run any more goes by its id. */
export function nameOfSwitched(running: readonly Running[], { kind, program, id }: SwitchObject): string | undefined {
  const own = running.find((each) => each.program === program);
  if (id == null) return own?.name ?? program ?? undefined;
  return own?.parts.find((part) => part.kind === kind && part.id === id)?.name ?? id;
}
