import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const homeRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "/",
  loader: wordsOf("home"),
  component: lazyRouteComponent(() => import("./home-screen"), "HomeScreen"),
});
