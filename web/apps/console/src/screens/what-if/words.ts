import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

/** What happened and cannot be played again. */
export const LEFT_OUT: Partial<Record<string, MessageDescriptor>> = {
  transfer: msg`Points sent to other members`,
  pooled: msg`Points moved to a household`,
  parted: msg`Households that were left`,
  erasure: msg`Balances of those who were erased`,
  redemption: msg`Vouchers and points used on orders`,
  hold: msg`Vouchers and points held for orders`,
  rollback: msg`What was held or used and came back`,
  challenge: msg`Challenges that were started by hand`,
  voucher: msg`Codes given to members`,
  card: msg`Gift cards`,
  entitlement: msg`Rewards paid, sent, used or canceled`,
  referral: msg`What referrals gave`,
  segments: msg`What entering or leaving segments gave`,
  conversion: msg`Balances carried over into another unit`,
  conversion_back: msg`Balances that were carried back`,
};
