import { reportGetOptions } from "@perennial/api-admin/queries";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { useSpoken } from "../i18n/spoken";
import { type Asked, queryOf } from "./asked";

const REFRESH_MS = 60_000;

/** How a report is asked for in a language, by whoever shows it and whoever asks for it ahead. */
export function reportAskedFor(name: string, asked: Asked, parameters: readonly string[], spoken: { language: string }) {
  return reportGetOptions({ path: { name }, query: { ...queryOf(asked, parameters), ...spoken } });
}

/** A report that is read anew every minute while somebody looks; the old figures stay until the new ones are there. */
export function useLiveReport(name: string, asked: Asked, parameters: readonly string[]) {
  const options = reportAskedFor(name, asked, parameters, useSpoken());
  return useQuery({ ...options, refetchInterval: REFRESH_MS, placeholderData: keepPreviousData });
}
