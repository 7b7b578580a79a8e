import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";
import { client } from "@perennial/api-admin";

import { preferredLocale } from "../i18n/locales";
import { isProblem } from "../shell/problem";

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

/** What a browser says of a call that never arrived, or a machine between us and the server, helps nobody: it is told in our words. */
client.interceptors.error.use((error, response: Response | undefined) => {
  if (error instanceof TypeError) return new TypeError(t`The server cannot be reached. Check the connection, and try again.`, { cause: error });
  if (response === undefined || response.ok || isProblem(error)) return error;
  const status = response.status;
  return new Error(t`The server could not answer (${status}). Try again in a moment.`, { cause: error });
});
