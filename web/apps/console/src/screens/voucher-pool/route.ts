import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const voucherPoolRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "vouchers/$batch",
  loader: wordsOf("voucher-pool"),
  component: lazyRouteComponent(() => import("./voucher-pool-screen"), "VoucherPoolScreen"),
});
