import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const whatIfRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "programs/$program/what-if",
  loader: wordsOf("what-if"),
  component: lazyRouteComponent(() => import("./what-if-screen"), "WhatIfScreen"),
});
