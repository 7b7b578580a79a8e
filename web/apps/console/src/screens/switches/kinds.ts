import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { SwitchKind } from "@perennial/api-admin";

/** What each kind of switch is called. */
export const KINDS: Record<SwitchKind, MessageDescriptor> = {
  everything: msg`Everything`,
  program: msg`Program`,
  campaign: msg`Campaign`,
  rule: msg`Earning rule`,
  reward: msg`Reward`,
  voucher_batch: msg`Codes`,
  message: msg`Message`,
  channel: msg`Channel`,
};
