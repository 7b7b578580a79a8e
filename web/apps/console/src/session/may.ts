import type { Scope } from "@perennial/api-admin";
import { useSuspenseQuery } from "@tanstack/react-query";

import { sessionOptions } from "./session";

/** Whether the person who is signed in may do something here. The server asks again; this only hides buttons. */
export function useMay(scope: Scope): boolean {
  return useMayAny()([scope]);
}

/** Asks whether one of some scopes is there; none needed is enough for everybody. */
export function useMayAny(): (scopes: readonly Scope[]) => boolean {
  const { data } = useSuspenseQuery(sessionOptions);
  return (scopes) => scopes.length === 0 || scopes.some((scope) => data.scopes.includes(scope));
}
