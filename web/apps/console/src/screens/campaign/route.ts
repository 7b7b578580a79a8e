import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const campaignRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "campaigns/$program/$campaign",
  loader: wordsOf("campaign", "campaigns", "editor"),
  component: lazyRouteComponent(() => import("./campaign-screen"), "CampaignScreen"),
});
