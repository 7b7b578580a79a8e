import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

export const importCodesRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "import-codes",
  loader: wordsOf("import-codes"),
  component: lazyRouteComponent(() => import("./import-codes-screen"), "ImportCodesScreen"),
});
