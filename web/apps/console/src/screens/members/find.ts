import { customerFind, type FoundCustomer } from "@perennial/api-admin";
import { queryOptions } from "@tanstack/react-query";

import { toldBy } from "../../shell/problem";

const TYPED = /^(alias|card|email|phone):./;

/** Whom an identifier with its type belongs to; what cannot be one belongs to nobody. */
async function byIdentifier(identifier: string, signal: AbortSignal): Promise<FoundCustomer[]> {
  try {
    const { data } = await customerFind({ query: { identifier }, throwOnError: true, signal });
    return data.data.map(({ id, created_at }) => ({ id, created_at, name: "", identifiers: [] }));
  } catch (error) {
    if (toldBy(error).status === 422) return [];
    throw error;
  }
}

async function byWords(search: string, signal: AbortSignal): Promise<FoundCustomer[]> {
  const { data } = await customerFind({ query: { search }, throwOnError: true, signal });
  return "next_cursor" in data ? [] : data.data;
}

/** Everybody whom the words may mean, exact finds first. */
export function findOptions(words: string) {
  return queryOptions({
    queryKey: ["find", words],
    queryFn: ({ signal }) => (TYPED.test(words) ? byIdentifier(words, signal) : byWords(words, signal)),
  });
}
