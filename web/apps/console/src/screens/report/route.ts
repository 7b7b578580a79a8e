import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { askedOf } from "../../reports/asked";
import { workspaceRoute } from "../../shell/routes";

export const reportRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "reports/$report",
  validateSearch: askedOf,
  loader: wordsOf("report"),
  component: lazyRouteComponent(() => import("./report-screen"), "ReportScreen"),
});
