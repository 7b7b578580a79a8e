import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const approvalsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "approvals",
  loader: wordsOf("approvals"),
  component: lazyRouteComponent(() => import("./approvals-screen"), "ApprovalsScreen"),
});
