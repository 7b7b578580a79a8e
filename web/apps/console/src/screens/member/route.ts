import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

const MEMBER_TABS = ["overview", "ledger", "timeline", "vouchers"] as const;
export type MemberTab = (typeof MEMBER_TABS)[number];

export interface MemberSearch {
  tab?: MemberTab;
  /** An order or event whose explanation is open. */
  why?: string;
  of?: "order" | "event";
  /** The program for which a test case is made of that order. */
  make?: string;
}

export const memberRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "members/$customer",
  validateSearch: (search: Record<string, unknown>): MemberSearch => ({
    tab: MEMBER_TABS.find((tab) => tab === search.tab && tab !== "overview"),
    why: typeof search.why === "string" ? search.why : undefined,
    of: search.of === "order" || search.of === "event" ? search.of : undefined,
    make: typeof search.make === "string" ? search.make : undefined,
  }),
  loader: wordsOf("member"),
  component: lazyRouteComponent(() => import("./member-screen"), "MemberScreen"),
});
