import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

/** A sentence below a field whose name does not say enough. */
export const FIELD_HELP: Record<string, MessageDescriptor> = {
  id: msg`Lower case, without spaces. Members never see it; keep it once it is published.`,
  "PerAmount.per": msg`The points are given for every such amount.`,
  "MultiplierSpec.rules": msg`None: all that multipliers count for.`,
  starts: msg`A day, or a day with a time, in the program's zone.`,
  ends: msg`A day counts whole, in the program's zone.`,
  multiplied: msg`Whether tiers and campaigns multiply it.`,
  priority: msg`The lower number goes first.`,
  cooldown: msg`How long it gives nothing after it has given something.`,
  "Email.cooldown": msg`How long it is not sent again after it was sent.`,
  "Email.valid_for": msg`What could not be sent by then is not sent any more.`,
  subject: msg`One line. What stands in double braces, such as customer.first_name, is filled in (Liquid).`,
  body: msg`Plain text, in Liquid. Everybody can read it.`,
  html: msg`Whoever can read HTML sees this instead.`,
  purpose: msg`Such as marketing. None: it is part of the service, and needs no consent.`,
  reach: msg`The figure from which a member is in this tier.`,
  decimals: msg`Only moves the point where amounts are shown.`,
  share: msg`In thousandths of all members: 50 is 5 percent.`,
  weight: msg`In thousandths of all members: 500 is half of them.`,
};
