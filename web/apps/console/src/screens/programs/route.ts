import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const programsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "programs",
  loader: wordsOf("programs"),
  component: lazyRouteComponent(() => import("./programs-screen"), "ProgramsScreen"),
});
