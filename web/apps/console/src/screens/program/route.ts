import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export interface ProgramSearch {
  tab?: "versions";
  /** How the draft is shown: as forms, or as its text. */
  view?: "text";
  /** The section of the forms that is shown first. */
  section?: string;
}

export const programRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "programs/$program",
  validateSearch: (search: Record<string, unknown>): ProgramSearch => ({
    ...(search.tab === "versions" ? { tab: "versions" } : {}),
    ...(search.view === "text" ? { view: "text" } : {}),
    ...(typeof search.section === "string" ? { section: search.section } : {}),
  }),
  loader: wordsOf("program", "editor"),
  component: lazyRouteComponent(() => import("./program-screen"), "ProgramScreen"),
});
