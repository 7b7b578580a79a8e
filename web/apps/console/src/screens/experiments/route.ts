import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const experimentsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "experiments",
  loader: wordsOf("experiments"),
  component: lazyRouteComponent(() => import("./experiments-screen"), "ExperimentsScreen"),
});
