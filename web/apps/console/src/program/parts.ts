import { type SwitchKind, versionGet } from "@perennial/api-admin";
import { queryOptions } from "@tanstack/react-query";

import { isRecord } from "./records";

export interface ProgramPart {
  kind: SwitchKind;
  id: string;
  name: string;
}

/** The lists of a program document whose parts have a switch. */
const LISTS = { earning_rules: "rule", rewards: "reward", campaigns: "campaign" } as const;

/** What a published version is made of. It never changes, so it is asked for once. */
export function partsOptions(program: string, version: number) {
  return queryOptions({
    queryKey: ["parts", program, version],
    queryFn: async ({ signal }) => {
      const { data } = await versionGet({ path: { id: program, version }, parseAs: "text", throwOnError: true, signal });
      const { parse } = await import("yaml");
      return partsOf(parse(data));
    },
    staleTime: Infinity,
  });
}

function partsOf(document: unknown): ProgramPart[] {
  if (!isRecord(document)) return [];
  return Object.entries(LISTS).flatMap(([list, kind]) => {
    const parts: unknown = document[list];
    return Array.isArray(parts) ? parts.flatMap((part: unknown) => partOf(part, kind)) : [];
  });
}

function partOf(part: unknown, kind: SwitchKind): ProgramPart[] {
  if (!isRecord(part) || typeof part.id !== "string") return [];
  return [{ kind, id: part.id, name: typeof part.name === "string" ? part.name : part.id }];
}
