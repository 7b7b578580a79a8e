import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const segmentRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "segments/$segment",
  loader: wordsOf("segment"),
  component: lazyRouteComponent(() => import("./segment-screen"), "SegmentScreen"),
});
