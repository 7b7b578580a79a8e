import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export interface MembersSearch {
  /** What is looked for: a name, an id, an identifier such as an e-mail address, a code. */
  find?: string;
}

export const membersRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "members",
  validateSearch: (search: Record<string, unknown>): MembersSearch =>
    typeof search.find === "string" && search.find !== "" ? { find: search.find } : {},
  loader: wordsOf("members"),
  component: lazyRouteComponent(() => import("./members-screen"), "MembersScreen"),
});
