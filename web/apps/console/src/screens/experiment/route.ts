import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const experimentRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "experiments/$program/$trial",
  loader: wordsOf("experiment", "experiments"),
  component: lazyRouteComponent(() => import("./experiment-screen"), "ExperimentScreen"),
});
