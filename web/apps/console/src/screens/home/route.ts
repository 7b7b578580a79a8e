import { budgetListOptions, launchGetOptions, programListOptions, reportListOptions, segmentListOptions, switchListOptions } from "@perennial/api-admin/queries";
import type { QueryClient } from "@tanstack/react-query";
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { spokenNow } from "../../i18n/spoken";
import { type Asked, askedOf } from "../../reports/asked";
import { reportAskedFor } from "../../reports/live";
import { isAllowedNow } from "../../shell/is-allowed";
import { workspaceRoute } from "../../shell/routes";
import { FIGURES } from "./shown";

const words = wordsOf("home");

export const homeRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "/",
  validateSearch: askedOf,
  // What decides which panels there are comes first: a panel that came later would push away what is read below it.
  loader: async ({ context: { queryClient }, location, preload }) => {
    const asked = isAllowedNow(queryClient, location.pathname)
      ? [
          queryClient.prefetchQuery(programListOptions()),
          queryClient.prefetchQuery(launchGetOptions()),
          queryClient.prefetchQuery(reportListOptions({ query: spokenNow() })),
          queryClient.prefetchQuery(switchListOptions()),
          queryClient.prefetchQuery(segmentListOptions()),
          queryClient.prefetchQuery(budgetListOptions({ query: spokenNow() })),
        ]
      : [];
    await Promise.all([words(), ...asked]);
    if (asked.length > 0 && !preload) askFigures(queryClient, askedOf(location.search));
  },
  component: lazyRouteComponent(() => import("./home-screen"), "HomeScreen"),
});

/** The figures are on their way while the screen is drawn that shows them. */
function askFigures(queryClient: QueryClient, asked: Asked): void {
  const programs = queryClient.getQueryData(programListOptions().queryKey)?.data ?? [];
  if (!programs.some(({ version }) => version !== null)) return;
  const reports = queryClient.getQueryData(reportListOptions({ query: spokenNow() }).queryKey)?.data ?? [];
  const shown = new Set(FIGURES.map(({ report }) => report));
  for (const { name, parameters } of reports) {
    if (shown.has(name)) void queryClient.prefetchQuery(reportAskedFor(name, asked, parameters, spokenNow()));
  }
}
