import { draftGetOptions, versionListOptions } from "@perennial/api-admin/queries";
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { isAllowedNow } from "../../shell/is-allowed";
import { workspaceRoute } from "../../shell/routes";

export interface ProgramSearch {
  tab?: "versions";
  /** How the draft is shown: as forms, or as its text. */
  view?: "text";
  /** The section of the forms that is shown first. */
  section?: string;
}

const words = wordsOf("program", "editor");

export const programRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "programs/$program",
  validateSearch: (search: Record<string, unknown>): ProgramSearch => ({
    ...(search.tab === "versions" ? { tab: "versions" } : {}),
    ...(search.view === "text" ? { view: "text" } : {}),
    ...(typeof search.section === "string" ? { section: search.section } : {}),
  }),
  loader: async ({ context: { queryClient }, location, params: { program: id } }) => {
    void import("./draft");
    void import("../../editor/program-form");
    const asked = isAllowedNow(queryClient, location.pathname)
      ? [
          queryClient.prefetchQuery(draftGetOptions({ path: { id } })),
          queryClient.prefetchQuery(versionListOptions({ path: { id } })),
        ]
      : [];
    await Promise.all([words(), ...asked]);
  },
  component: lazyRouteComponent(() => import("./program-screen"), "ProgramScreen"),
});
