import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const reportsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "reports",
  loader: wordsOf("reports"),
  component: lazyRouteComponent(() => import("./reports-screen"), "ReportsScreen"),
});
