import { useLingui } from "@lingui/react/macro";
import type { SideResult } from "@perennial/api-admin";

import { useFormat } from "../../i18n/format";

/** What a side is called. */
export function useSideName(): (side: SideResult) => string {
  const { t } = useLingui();
  const format = useFormat();
  return (side) => {
    if (side.version !== null) return t`Version ${format.number(side.version)}`;
    return side.name === "history" ? t`As it was` : t`Draft`;
  };
}
