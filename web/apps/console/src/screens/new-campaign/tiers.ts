import { draftGet } from "@perennial/api-admin";
import { queryOptions } from "@tanstack/react-query";

import { isRecord } from "../../program/records";

export interface TierName {
  id: string;
  name: string;
}

/** The tiers that the draft of a program has, lowest first. */
export function tiersOptions(program: string) {
  return queryOptions({
    queryKey: ["tiers", program],
    queryFn: async ({ signal }) => {
      const { data } = await draftGet({ path: { id: program }, throwOnError: true, signal });
      const { parse } = await import("yaml");
      return tiersOf(parse(data.document));
    },
  });
}

function tiersOf(document: unknown): TierName[] {
  const tiers = isRecord(document) ? document.tiers : undefined;
  const levels: unknown = isRecord(tiers) ? tiers.levels : undefined;
  if (!Array.isArray(levels)) return [];
  return levels.flatMap((level: unknown) => {
    if (!isRecord(level) || typeof level.id !== "string") return [];
    return [{ id: level.id, name: typeof level.name === "string" ? level.name : level.id }];
  });
}
