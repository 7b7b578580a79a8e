import { createRoute, lazyRouteComponent } from "@tanstack/react-router";

import { wordsOf } from "../../i18n/catalogs";
import { workspaceRoute } from "../../shell/routes";

const FIELDS = ["actor", "action", "object", "text", "since", "until"] as const;

/** What the log is searched by; each may be left out. */
export type AuditSearch = Partial<Record<(typeof FIELDS)[number], string>>;

export const auditRoute = createRoute({
  getParentRoute: () => workspaceRoute,
  path: "audit",
  validateSearch: (search: Record<string, unknown>): AuditSearch =>
    Object.fromEntries(
      FIELDS.flatMap((field) => (search[field] === undefined || search[field] === "" ? [] : [[field, String(search[field] as string | number)]])),
    ),
  loader: wordsOf("audit"),
  component: lazyRouteComponent(() => import("./audit-screen"), "AuditScreen"),
});
