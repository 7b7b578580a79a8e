import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const REFERRAL_STATES = ["in_review", "pending", "waiting", "converted", "rejected", "reversed"] as const;
export type ReferralState = (typeof REFERRAL_STATES)[number];

export interface ReferralsSearch {
  /** Which referrals are listed; those that wait for a review without it. */
  show?: ReferralState;
}

export const referralsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "referrals",
  validateSearch: (search: Record<string, unknown>): ReferralsSearch => {
    const show = REFERRAL_STATES.find((state) => state === search.show && state !== "in_review");
    return show === undefined ? {} : { show };
  },
  loader: wordsOf("referrals"),
  component: lazyRouteComponent(() => import("./referrals-screen"), "ReferralsScreen"),
});
