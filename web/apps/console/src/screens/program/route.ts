import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export interface ProgramSearch {
  tab?: "versions";
}

export const programRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "programs/$program",
  validateSearch: (search: Record<string, unknown>): ProgramSearch =>
    search.tab === "versions" ? { tab: "versions" } : {},
  loader: wordsOf("program"),
  component: lazyRouteComponent(() => import("./program-screen"), "ProgramScreen"),
});
