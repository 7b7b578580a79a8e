import { useSuspenseQuery } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { needsOf } from "../navigation";
import { useMayAny } from "../session/may";
import { sessionOptions } from "../session/session";

const Refused = lazy(() => import("./refused"));

/** The screen of an address, or in kind words why it is not for this person. The server refuses all the same. */
export function Allowed() {
  // The screen that is drawn, which while another one is on its way is not yet that of the address.
  const path = useRouterState({ select: (state) => state.matches.at(-1)?.pathname ?? state.location.pathname });
  const { data } = useSuspenseQuery(sessionOptions);
  const may = useMayAny();
  const needs = needsOf(path);
  if (needs.length === 0 || (may(needs) && !data.second_factor_needed)) return <Outlet />;
  return (
    <Suspense fallback={null}>
      <Refused />
    </Suspense>
  );
}
