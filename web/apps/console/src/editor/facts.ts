import { type FactEntry, factList, segmentList, type Where } from "@perennial/api-admin";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { createContext, use } from "react";

/** What a builder knows of the program: what may be asked, and in which currency. */
export interface Asking {
  program: string;
  language: string;
  currency: string;
  facts: readonly FactEntry[];
  segments: readonly { value: string; label: string }[];
}

export const AskingContext = createContext<Asking>({ program: "", language: "en", currency: "USD", facts: [], segments: [] });

export function useAsking(): Asking {
  return use(AskingContext);
}

export const SEGMENTS = "member.segments";

function factsOptions(program: string, language: string) {
  return queryOptions({
    queryKey: ["facts", program, language],
    queryFn: async ({ signal }) => {
      const query = { program, language: language as "en" };
      const [facts, segments] = await Promise.all([
        factList({ query, throwOnError: true, signal }),
        segmentList({ throwOnError: true, signal }),
      ]);
      return { facts: facts.data.data, segments: segments.data.data.map(({ id, name }) => ({ value: id, label: name })) };
    },
    retry: false,
    staleTime: 60_000,
  });
}

export function useFacts(program: string, language: string) {
  return useQuery(factsOptions(program, language));
}

const OF_MEMBERS = ["member", "wallet", "challenge", "experiment", "lots", "now"];
const OF_ORDERS = [...OF_MEMBERS, "order", "location"];

const SOURCES: Record<Where, readonly string[]> = {
  segment: OF_MEMBERS,
  audience: OF_MEMBERS,
  member: OF_MEMBERS,
  campaign: OF_ORDERS,
  order: OF_ORDERS,
  rule: [...OF_ORDERS, "event"],
  rule_lines: ["line", ...OF_ORDERS],
  benefit_lines: ["line", ...OF_ORDERS],
};

/** Where a part of a condition stands: the places that the server knows, and the filter of lines or of the past. */
export type Place = Where | "filter";

/** The facts that may be asked at a place. */
export function factsAt(facts: readonly FactEntry[], place: Place, trigger: string): readonly FactEntry[] {
  const sources = place === "filter" ? ["line", "order", "event", "location"] : SOURCES[place];
  return facts.filter(({ source, event }) => sources.includes(source) && (event == null || place === "filter" || event === trigger));
}
