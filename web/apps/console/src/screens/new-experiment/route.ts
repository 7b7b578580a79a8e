import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const newExperimentRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "new-experiment",
  loader: wordsOf("new-experiment", "experiments", "editor"),
  component: lazyRouteComponent(() => import("./new-experiment-screen"), "NewExperimentScreen"),
});
