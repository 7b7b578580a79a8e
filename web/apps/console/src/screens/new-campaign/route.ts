import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const newCampaignRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "new-campaign",
  loader: wordsOf("new-campaign"),
  component: lazyRouteComponent(() => import("./new-campaign-screen"), "NewCampaignScreen"),
});
