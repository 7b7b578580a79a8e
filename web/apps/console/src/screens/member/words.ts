import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { IdentifierType } from "@perennial/api-admin";

/** Why points moved, by the account on the other side. */
const BECAUSE: Record<string, MessageDescriptor> = {
  issued: msg`Earned`,
  redeemed: msg`Spent`,
  expired: msg`Expired`,
  adjusted: msg`Corrected by hand`,
  debt: msg`Debt`,
  in_transit: msg`Transferred`,
  closed: msg`Program closed`,
  held: msg`Reserved for a cart`,
  converted: msg`Carried over into another unit`,
  wallet: msg`Moved within the wallet`,
};

/** What happened to a member. */
const HAPPENED: Record<string, MessageDescriptor> = {
  order: msg`Order`,
  order_revision: msg`Order changed`,
  return: msg`Return`,
  event: msg`Event`,
  claim: msg`Reward claimed`,
  adjustment: msg`Correction by hand`,
  transfer: msg`Transfer`,
  transfer_received: msg`Transfer received`,
  assignment: msg`Tier set by hand`,
  timers: msg`Time passed`,
  join: msg`Joined a program`,
  leave: msg`Left a program`,
  pooled: msg`Points moved to the household`,
  parted: msg`Left the household`,
  tier_shared: msg`Tier moved with the household`,
  erasure: msg`Balance closed by an erasure`,
  redemption: msg`Redemption`,
  hold: msg`Reserved for a cart`,
  rollback: msg`What was used came back`,
  challenge: msg`Challenge started`,
  voucher: msg`Code given`,
  card: msg`Gift card`,
  card_closed: msg`Gift card taken back`,
  entitlement: msg`Reward handed out`,
  referral: msg`Referral`,
  segments: msg`Came of a segment`,
  segment_entered: msg`Entered a segment`,
  segment_left: msg`Left a segment`,
  message_waiting: msg`Message waits to be sent`,
  message_sending: msg`Message is being sent`,
  message_sent: msg`Message sent`,
  message_suppressed: msg`Message held back`,
  message_failed: msg`Message could not be sent`,
  message_expired: msg`Message came too late to be sent`,
  conversion: msg`Balance carried over into another unit`,
  conversion_back: msg`Balance carried back`,
  merge: msg`Another account merged into this one`,
  merged: msg`Merged into another account`,
};

/** Why a message is where it is. */
const REASONS: Record<string, MessageDescriptor> = {
  delayed: msg`the mail server did not take it yet`,
  no_consent: msg`no consent to its purpose`,
  no_address: msg`no e-mail address`,
  blocked: msg`the member is blocked`,
  left: msg`the member has left the program`,
  switched_off: msg`it is switched off`,
  not_configured: msg`no mail server is set up`,
  sandbox: msg`nothing leaves a sandbox`,
  refused: msg`the mail server refused it`,
  undeliverable: msg`the mail server never took it`,
  template: msg`its text could not be written`,
};

/** Why somebody whose turn it was could not have the reward. */
const PASSED_OVER: Record<string, MessageDescriptor> = {
  insufficient_points: msg`Too few points`,
  conditions_not_met: msg`Its conditions do not hold`,
  needs_tier: msg`Another tier is needed`,
  limit_reached: msg`A limit is reached`,
  no_matching_price: msg`No price is for the member`,
  reward_not_available: msg`Not offered now`,
  reward_unknown: msg`Not offered now`,
  not_a_member: msg`Not a member`,
  program_ended: msg`The program has ended`,
  program_not_started: msg`The program has not begun`,
  switched_off: msg`Switched off`,
  customer_blocked: msg`The customer is blocked`,
};

/** By what else a customer is known. */
export const IDENTIFIERS: Record<IdentifierType, MessageDescriptor> = {
  email: msg`E-mail`,
  phone: msg`Phone`,
  card: msg`Card`,
  alias: msg`Other id`,
};

export type Say = (message: MessageDescriptor) => string;

export function becauseOf(say: Say, because: string): string {
  const words = BECAUSE[because];
  return words === undefined ? because : say(words);
}

/** Why the reward went to the next one in line, in words. */
export function passedOver(say: Say, reason: string): string {
  const words = PASSED_OVER[reason];
  return words === undefined ? reason : say(words);
}

export function happened(say: Say, type: string): string {
  const words = HAPPENED[type];
  return words === undefined ? type : say(words);
}

/** Why a message is where it is, in words; nothing where its state says all. */
export function reasonOf(say: Say, reason: string | undefined): string | undefined {
  if (reason === undefined || reason === "too_late") return undefined;
  const words = REASONS[reason];
  return words === undefined ? reason : say(words);
}
