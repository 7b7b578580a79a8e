import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const switchesRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "switches",
  loader: wordsOf("switches"),
  component: lazyRouteComponent(() => import("./switches-screen"), "SwitchesScreen"),
});
