import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { rootRoute } from "../../shell/routes";

/** The link of an invitation, with its token behind the `#`. */
export const invitationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "invitation",
  loader: wordsOf("invitation", "sign-in"),
  component: lazyRouteComponent(() => import("./invitation-screen"), "InvitationScreen"),
});
