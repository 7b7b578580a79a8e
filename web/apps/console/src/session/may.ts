import type { Scope } from "@perennial/api-admin";
import { useSuspenseQuery } from "@tanstack/react-query";

import { type Session, sessionOptions } from "./session";

/** Whether the person who is signed in may do something here. The server asks again; this only hides buttons. */
export function useMay(scope: Scope): boolean {
  return useMayAny()([scope]);
}

/** Asks whether one of some scopes is there; none needed is enough for everybody. */
export function useMayAny(): (scopes: readonly Scope[]) => boolean {
  const { data } = useSuspenseQuery(sessionOptions);
  return (scopes) => mayAny(data, scopes);
}

/** Whether a session has one of some scopes. */
export function mayAny(session: Session, scopes: readonly Scope[]): boolean {
  return scopes.length === 0 || scopes.some((scope) => session.scopes.includes(scope));
}
