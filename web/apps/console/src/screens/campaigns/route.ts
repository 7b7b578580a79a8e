import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

export interface CampaignsSearch {
  /** The month that the calendar shows, as in 2026-12; the present one without it. */
  month?: string;
}

export const campaignsRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "campaigns",
  validateSearch: ({ month }: Record<string, unknown>): CampaignsSearch =>
    typeof month === "string" && MONTH.test(month) ? { month } : {},
  loader: wordsOf("campaigns"),
  component: lazyRouteComponent(() => import("./campaigns-screen"), "CampaignsScreen"),
});
