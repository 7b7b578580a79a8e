import { reportGetOptions } from "@perennial/api-admin/queries";
import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { type Asked, queryOf } from "./asked";

const REFRESH_MS = 60_000;

/** A report that is read anew every minute while somebody looks; the old figures stay until the new ones are there. */
export function liveReport(name: string, asked: Asked, parameters: readonly string[]) {
  const query = queryOf(asked, parameters);
  return queryOptions({ ...reportGetOptions({ path: { name }, query }), refetchInterval: REFRESH_MS, placeholderData: keepPreviousData });
}
