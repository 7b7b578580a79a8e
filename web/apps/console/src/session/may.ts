import type { Scope } from "@perennial/api-admin";
import { useSuspenseQuery } from "@tanstack/react-query";

import { sessionOptions } from "./session";

/** Whether the person who is signed in may do something here. The server asks again; this only hides buttons. */
export function useMay(scope: Scope): boolean {
  const { data } = useSuspenseQuery(sessionOptions);
  return data.scopes.includes(scope);
}
