import { type CustomerView, customerFind, customerGet } from "@perennial/api-admin";
import { queryOptions } from "@tanstack/react-query";

import { toldBy } from "../../shell/problem";

const EMAIL = /^[^\s@]+@[^\s@]+$/;
const PHONE = /^\+[\d\s().-]{6,}$/;
const TYPED = /^(alias|card|email|phone):./;
const DIGITS = /^\d{4,}$/;

/** The identifiers that some words may be, the likeliest first. */
function identifiersOf(words: string): string[] {
  if (TYPED.test(words)) return [words];
  if (EMAIL.test(words)) return [`email:${words}`];
  if (PHONE.test(words)) return [`phone:${words.replace(/[\s().-]/g, "")}`];
  return DIGITS.test(words) ? [`card:${words}`, `alias:${words}`] : [`alias:${words}`];
}

function looksLikeAddress(words: string): boolean {
  return EMAIL.test(words) || PHONE.test(words) || TYPED.test(words);
}

/** What is not there, was erased, or cannot be such an id, is nobody. */
async function orNobody(asked: Promise<CustomerView[]>): Promise<CustomerView[]> {
  try {
    return await asked;
  } catch (error) {
    const { status } = toldBy(error);
    if (status === 404 || status === 410 || status === 422) return [];
    throw error;
  }
}

async function byId(id: string, signal: AbortSignal): Promise<CustomerView[]> {
  return [(await customerGet({ path: { id }, throwOnError: true, signal })).data];
}

async function byIdentifier(identifier: string, signal: AbortSignal): Promise<CustomerView[]> {
  const { data } = await customerFind({ query: { identifier }, throwOnError: true, signal });
  return "next_cursor" in data ? data.data : [];
}

/** Everybody whom the words may mean: by your own id, and by each identifier that they look like. */
export function findOptions(words: string) {
  return queryOptions({
    queryKey: ["find", words],
    queryFn: async ({ signal }) => {
      const named = await Promise.all(identifiersOf(words).map((each) => orNobody(byIdentifier(each, signal))));
      const found = named.flat();
      if (found.length === 0 || !looksLikeAddress(words)) found.push(...(await orNobody(byId(words, signal))));
      return [...new Map(found.map((customer) => [customer.id, customer])).values()];
    },
  });
}
