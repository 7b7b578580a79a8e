import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const launchRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "launch",
  loader: wordsOf("launch"),
  component: lazyRouteComponent(() => import("./launch-screen"), "LaunchScreen"),
});
