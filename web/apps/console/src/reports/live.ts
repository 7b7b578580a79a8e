import { reportGetOptions } from "@perennial/api-admin/queries";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { useSpoken } from "../i18n/spoken";
import { type Asked, queryOf } from "./asked";

const REFRESH_MS = 60_000;

/** A report that is read anew every minute while somebody looks; the old figures stay until the new ones are there. */
export function useLiveReport(name: string, asked: Asked, parameters: readonly string[]) {
  const query = { ...queryOf(asked, parameters), ...useSpoken() };
  return useQuery({ ...reportGetOptions({ path: { name }, query }), refetchInterval: REFRESH_MS, placeholderData: keepPreviousData });
}
