import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { askedOf } from "../../reports/asked";
import { workspaceRoute } from "../../shell/routes";

export const homeRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "/",
  validateSearch: askedOf,
  loader: wordsOf("home"),
  component: lazyRouteComponent(() => import("./home-screen"), "HomeScreen"),
});
