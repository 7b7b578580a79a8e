import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const brandRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "brand",
  loader: wordsOf("brand"),
  component: lazyRouteComponent(() => import("./brand-screen"), "BrandScreen"),
});
