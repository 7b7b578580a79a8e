import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const segmentsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "segments",
  loader: wordsOf("segments"),
  component: lazyRouteComponent(() => import("./segments-screen"), "SegmentsScreen"),
});
