import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export interface FirstRunSearch {
  /** The template that is looked at. */
  template?: string;
}

export const firstRunRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "begin",
  validateSearch: ({ template }: Record<string, unknown>): FirstRunSearch => (typeof template === "string" ? { template } : {}),
  loader: wordsOf("first-run"),
  component: lazyRouteComponent(() => import("./first-run-screen"), "FirstRunScreen"),
});
