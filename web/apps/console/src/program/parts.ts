import { type SwitchKind, versionGet } from "@perennial/api-admin";
import { queryOptions } from "@tanstack/react-query";

import { isRecord } from "./records";

export interface ProgramPart {
  kind: SwitchKind;
  id: string;
  name: string;
}

/** The lists of a program document whose parts have a switch. */
const LISTS = { earning_rules: "rule", rewards: "reward", campaigns: "campaign", messages: "message" } as const;

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
  const parts = Object.entries(LISTS).flatMap(([list, kind]) => listed(document[list]).flatMap((part) => partOf(part, kind)));
  return [...parts, ...channelsOf(document).map((id): ProgramPart => ({ kind: "channel", id, name: id }))];
}

/** The ways on which messages of a program and of its campaigns are sent: the kinds of the messages. */
function channelsOf(document: Record<string, unknown>): string[] {
  const messages = [document, ...listed(document.campaigns)].flatMap((part) => (isRecord(part) ? listed(part.messages) : []));
  return [...new Set(messages.flatMap((each) => (isRecord(each) && typeof each.type === "string" ? [each.type] : [])))];
}

function listed(list: unknown): unknown[] {
  return Array.isArray(list) ? list : [];
}

function partOf(part: unknown, kind: SwitchKind): ProgramPart[] {
  if (!isRecord(part) || typeof part.id !== "string") return [];
  return [{ kind, id: part.id, name: typeof part.name === "string" ? part.name : part.id }];
}
