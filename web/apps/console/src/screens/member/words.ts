import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

/** Why points moved, by the account on the other side. */
const BECAUSE: Record<string, MessageDescriptor> = {
  issued: msg`Earned`,
  redeemed: msg`Spent`,
  expired: msg`Expired`,
  adjusted: msg`Corrected by hand`,
  debt: msg`Debt`,
  in_transit: msg`Transferred`,
  closed: msg`Program closed`,
};

/** What happened to a member; the events of a program keep their own names. */
const HAPPENED: Record<string, MessageDescriptor> = {
  order: msg`Order`,
  return: msg`Return`,
  claim: msg`Reward claimed`,
  adjustment: msg`Correction by hand`,
  transfer: msg`Transfer`,
  redemption: msg`Redemption`,
  merge: msg`Another account merged into this one`,
};

export type Say = (message: MessageDescriptor) => string;

export function becauseOf(say: Say, because: string): string {
  const words = BECAUSE[because];
  return words === undefined ? because : say(words);
}

export function happened(say: Say, type: string): string {
  const words = HAPPENED[type];
  return words === undefined ? type : say(words);
}
