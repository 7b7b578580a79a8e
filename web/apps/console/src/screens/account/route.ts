import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const accountRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "account",
  loader: wordsOf("account"),
  component: lazyRouteComponent(() => import("./account-screen"), "AccountScreen"),
});
