import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";
import { client } from "@perennial/api-admin";

import { preferredLocale } from "../i18n/locales";

let workspace: string | undefined;

/** Every call from now on is for this workspace; two tabs may work in two of them. */
export function workIn(code: string): void {
  workspace = code;
}

client.setConfig({ baseUrl: "", credentials: "same-origin" });

client.interceptors.request.use((request) => {
  request.headers.set("X-Perennial-CSRF", "1");
  request.headers.set("Accept-Language", i18n.locale || preferredLocale().code);
  if (workspace !== undefined) request.headers.set("X-Perennial-Workspace", workspace);
  return request;
});

/** What a browser says of a call that never arrived is English, and helps nobody: it stays a type error, in our words. */
client.interceptors.error.use((error) =>
  error instanceof TypeError ? new TypeError(t`The server cannot be reached. Check the connection, and try again.`, { cause: error }) : error,
);
