import type { MessageDescriptor } from "@lingui/core";
import { useLingui } from "@lingui/react/macro";

/** The words that a table has for a key; where it has none, the key or what is given instead. */
export function useSaid(): (table: Record<string, MessageDescriptor>, key: string, other?: string) => string {
  const { t } = useLingui();
  return (table, key, other = key) => (table[key] === undefined ? other : t(table[key]));
}
