import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const staffRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "staff",
  loader: wordsOf("staff"),
  component: lazyRouteComponent(() => import("./staff-screen"), "StaffScreen"),
});
