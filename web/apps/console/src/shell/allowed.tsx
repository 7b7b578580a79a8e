import { useSuspenseQuery } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { sessionOptions } from "../session/session";
import { isAllowed } from "./is-allowed";

const Refused = lazy(() => import("./refused"));

/** The screen of an address, or in kind words why it is not for this person. The server refuses all the same. */
export function Allowed() {
  // The screen that is drawn, which while another one is on its way is not yet that of the address.
  const path = useRouterState({ select: (state) => state.matches.at(-1)?.pathname ?? state.location.pathname });
  const { data } = useSuspenseQuery(sessionOptions);
  if (isAllowed(data, path)) return <Outlet />;
  return (
    <Suspense fallback={null}>
      <Refused />
    </Suspense>
  );
}
