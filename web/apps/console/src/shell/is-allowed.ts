import type { QueryClient } from "@tanstack/react-query";

import { needsOf } from "../navigation";
import { mayAny } from "../session/may";
import { type Session, sessionOptions } from "../session/session";

/** Whether the screen at a path is for whoever is signed in. The server refuses all the same. */
export function isAllowed(session: Session, path: string): boolean {
  const needs = needsOf(path);
  return needs.length === 0 || (mayAny(session, needs) && !session.second_factor_needed);
}

/** The same for a loader, which runs once the session is known: nothing is asked that would be refused. */
export function isAllowedNow(queryClient: QueryClient, path: string): boolean {
  const session = queryClient.getQueryData(sessionOptions.queryKey);
  return session !== undefined && isAllowed(session, path);
}
