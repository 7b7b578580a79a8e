import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export interface VouchersSearch {
  /** A code that is looked up. */
  code?: string;
}

export const vouchersRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "vouchers",
  validateSearch: (search: Record<string, unknown>): VouchersSearch =>
    search.code === undefined || search.code === "" ? {} : { code: String(search.code as string | number) },
  loader: wordsOf("vouchers"),
  component: lazyRouteComponent(() => import("./vouchers-screen"), "VouchersScreen"),
});
