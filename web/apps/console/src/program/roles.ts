import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";

export const OWNER = "owner";

/** The roles that every workspace has. */
const BUILT_IN: Partial<Record<string, MessageDescriptor>> = {
  [OWNER]: msg`Owner`,
  admin: msg`Admin`,
  marketer: msg`Marketer`,
  analyst: msg`Analyst`,
  support: msg`Support`,
  cashier: msg`Cashier`,
  developer: msg`Developer`,
};

/** What a role is called: those of the workspace's own as somebody called them, else their id. */
export function useRoleName(): (role: string, name?: string) => string {
  const { t } = useLingui();
  return (role, name = role) => {
    const words = BUILT_IN[role];
    return words === undefined ? name : t(words);
  };
}
