import { draftGet } from "@perennial/api-admin";
import { queryOptions } from "@tanstack/react-query";

import { namesOf } from "../../program/names";

/** The names and wallets of a program, as its draft has them. */
export function namesOptions(program: string) {
  return queryOptions({
    queryKey: ["names of the draft", program],
    queryFn: async ({ signal }) => {
      const { data } = await draftGet({ path: { id: program }, throwOnError: true, signal });
      const { parse } = await import("yaml");
      return namesOf(parse(data.document));
    },
  });
}
