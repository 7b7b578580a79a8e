import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { Tone } from "@perennial/ui";

import type { ReferralState } from "./route";

export const STATES: Record<ReferralState, { words: MessageDescriptor; tone: Tone }> = {
  in_review: { words: msg`To review`, tone: "warn" },
  pending: { words: msg`Not there yet`, tone: "info" },
  waiting: { words: msg`Waiting period`, tone: "info" },
  converted: { words: msg`Rewarded`, tone: "good" },
  rejected: { words: msg`Rejected`, tone: "plain" },
  reversed: { words: msg`Taken back`, tone: "bad" },
};

/** The signals of fraud that we know; another one is shown by its own name. */
export const SIGNALS: Partial<Record<string, MessageDescriptor>> = {
  disposable_email: msg`Throw-away e-mail address`,
  many_from_ip: msg`Many from one network address`,
  not_first_order: msg`Not the first order`,
  same_address: msg`Same postal address`,
  same_device: msg`Same device`,
  same_email: msg`Nearly the same e-mail address`,
  same_payment: msg`Same means of payment`,
};
