import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const apiKeysRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "api-keys",
  loader: wordsOf("api-keys"),
  component: lazyRouteComponent(() => import("./api-keys-screen"), "ApiKeysScreen"),
});
