import { type FactEntry, factList, segmentList } from "@perennial/api-admin";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { createContext, use } from "react";

/** What a builder knows of the program: what may be asked, and in which currency. */
export interface Asking {
  program: string;
  language: string;
  /** Nothing until it is known. */
  currency: string | undefined;
  /** Whether the program cannot be asked about, as none of its versions is published. */
  unpublished: boolean;
  facts: readonly FactEntry[];
  segments: readonly { value: string; label: string }[];
}

export const AskingContext = createContext<Asking>({ program: "", language: "en", currency: undefined, unpublished: false, facts: [], segments: [] });

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
