import { budgetListOptions, launchGetOptions, programListOptions, reportListOptions, switchListOptions } from "@perennial/api-admin/queries";
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { spokenNow } from "../../i18n/spoken";
import { askedOf } from "../../reports/asked";
import { isAllowedNow } from "../../shell/is-allowed";
import { workspaceRoute } from "../../shell/routes";

const words = wordsOf("home");

export const homeRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "/",
  validateSearch: askedOf,
  // What decides which panels there are comes first: a panel that came later would push away what is read below it.
  loader: async ({ context: { queryClient }, location }) => {
    const asked = isAllowedNow(queryClient, location.pathname)
      ? [
          queryClient.prefetchQuery(programListOptions()),
          queryClient.prefetchQuery(launchGetOptions()),
          queryClient.prefetchQuery(reportListOptions({ query: spokenNow() })),
          queryClient.prefetchQuery(switchListOptions()),
          queryClient.prefetchQuery(budgetListOptions({ query: spokenNow() })),
        ]
      : [];
    await Promise.all([words(), ...asked]);
  },
  component: lazyRouteComponent(() => import("./home-screen"), "HomeScreen"),
});
