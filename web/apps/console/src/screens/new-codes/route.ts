import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const newCodesRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "new-codes",
  loader: wordsOf("new-codes"),
  component: lazyRouteComponent(() => import("./new-codes-screen"), "NewCodesScreen"),
});
