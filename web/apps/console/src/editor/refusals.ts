import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

/** Why somebody does not get a reward: what a case may expect, and what a shop may say in words of its own. */
export const REFUSALS: Record<string, MessageDescriptor> = {
  insufficient_points: msg`Too few points`,
  conditions_not_met: msg`Its conditions do not hold`,
  needs_tier: msg`Another tier is needed`,
  limit_reached: msg`A limit is reached`,
  out_of_stock: msg`Out of stock`,
  no_matching_price: msg`No price is for the member`,
  reward_not_available: msg`Not offered now`,
  not_a_member: msg`Not a member`,
};

/** Why a reward that was entered takes nothing off a cart. */
export const ON_CARTS: Record<string, MessageDescriptor> = {
  not_offered: msg`Not offered to this customer now`,
  not_started: msg`Not valid yet`,
  expired: msg`Expired`,
  used_up: msg`Used already`,
  voided: msg`Taken back`,
  other_holder: msg`Belongs to somebody else`,
  own_referral: msg`Only for friends`,
  customer_required: msg`The customer must be known`,
  customer_blocked: msg`The customer is blocked`,
  switched_off: msg`Switched off`,
  insufficient_balance: msg`Nothing is left on the gift card`,
  currency: msg`Another currency`,
  no_effect: msg`Nothing in the cart fits`,
  given_twice: msg`Entered twice`,
  too_many: msg`Too many together`,
  category_limit: msg`Too many of one category`,
  exclusive: msg`Does not go with another one`,
  not_the_best: msg`Another one is better`,
  order_cap: msg`The order has enough off`,
};
