import { createRouter } from "@tanstack/react-router";

import { accountRoute } from "./screens/account/route";
import { apiKeysRoute } from "./screens/api-keys/route";
import { approvalsRoute } from "./screens/approvals/route";
import { auditRoute } from "./screens/audit/route";
import { brandRoute } from "./screens/brand/route";
import { campaignRoute } from "./screens/campaign/route";
import { campaignsRoute } from "./screens/campaigns/route";
import { experimentRoute } from "./screens/experiment/route";
import { experimentsRoute } from "./screens/experiments/route";
import { firstRunRoute } from "./screens/first-run/route";
import { homeRoute } from "./screens/home/route";
import { importCodesRoute } from "./screens/import-codes/route";
import { launchRoute } from "./screens/launch/route";
import { invitationRoute } from "./screens/invitation/route";
import { memberRoute } from "./screens/member/route";
import { membersRoute } from "./screens/members/route";
import { newCampaignRoute } from "./screens/new-campaign/route";
import { newCodesRoute } from "./screens/new-codes/route";
import { newExperimentRoute } from "./screens/new-experiment/route";
import { newSegmentRoute } from "./screens/new-segment/route";
import { programRoute } from "./screens/program/route";
import { programsRoute } from "./screens/programs/route";
import { reportRoute } from "./screens/report/route";
import { reportsRoute } from "./screens/reports/route";
import { referralsRoute } from "./screens/referrals/route";
import { segmentRoute } from "./screens/segment/route";
import { segmentsRoute } from "./screens/segments/route";
import { setupRoute, signInRoute } from "./screens/sign-in/route";
import { staffRoute } from "./screens/staff/route";
import { switchesRoute } from "./screens/switches/route";
import { voucherPoolRoute } from "./screens/voucher-pool/route";
import { vouchersRoute } from "./screens/vouchers/route";
import { whatIfRoute } from "./screens/what-if/route";
import { Broken } from "./shell/broken";
import { queryClient } from "./shell/query";
import { Lost } from "./shell/root";
import { entryRoute, rootRoute, workspaceRoute } from "./shell/routes";

/** The route table: every screen has one line here and its own folder in `screens/`. */
const routeTree = rootRoute.addChildren([
  entryRoute,
  signInRoute,
  setupRoute,
  invitationRoute,
  workspaceRoute.addChildren([
    homeRoute,
    firstRunRoute,
    launchRoute,
    membersRoute,
    memberRoute,
    programsRoute,
    programRoute,
    whatIfRoute,
    campaignsRoute,
    campaignRoute,
    newCampaignRoute,
    experimentsRoute,
    experimentRoute,
    newExperimentRoute,
    segmentsRoute,
    segmentRoute,
    newSegmentRoute,
    importCodesRoute,
    newCodesRoute,
    voucherPoolRoute,
    vouchersRoute,
    reportsRoute,
    reportRoute,
    accountRoute,
    brandRoute,
    staffRoute,
    apiKeysRoute,
    approvalsRoute,
    auditRoute,
    referralsRoute,
    switchesRoute,
  ]),
]);

export const router = createRouter({
  routeTree,
  basepath: "/console",
  context: { queryClient },
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: Lost,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
