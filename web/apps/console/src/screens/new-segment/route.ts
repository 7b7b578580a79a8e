import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export interface NewSegmentSearch {
  /** The ready-made segment to begin with. */
  template?: string;
}

export const newSegmentRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "new-segment",
  validateSearch: ({ template }: Record<string, unknown>): NewSegmentSearch => (typeof template === "string" ? { template } : {}),
  loader: wordsOf("new-segment", "editor"),
  component: lazyRouteComponent(() => import("./new-segment-screen"), "NewSegmentScreen"),
});
