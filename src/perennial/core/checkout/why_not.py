"""Why a reward that was asked for cannot be used by this customer at this moment, whatever the cart."""

from __future__ import annotations

import msgspec

from perennial.core.conditions.scope import date_or_none
from perennial.core.conditions.walk import refusing
from perennial.core.dates.periods import minute_words
from perennial.core.dates.schedule import Schedule, life_of, schedule_applies
from perennial.core.facts import BIRTHDAY
from perennial.core.pricing.price import Offer, no
from perennial.core.pricing.redeemables import Reason, Standing, Voucher, Wanted
from perennial.core.switches import off_of
from perennial.core.version import CompiledReward
from perennial.core.version_scope import scope_of
from perennial.units import Instant, Minor, format_instant


def why_not_offered(want: Wanted, compiled: CompiledReward, offer: Offer, at: Instant) -> Standing | None:
    """Return why what was asked for is not to be had, or None if it is."""
    version = offer.version
    if version.starts is not None and at < version.starts:
        return no(Reason.NOT_STARTED, "the program has not started")
    if version.ends is not None and at >= version.ends:
        return no(Reason.EXPIRED, "the program has ended")
    by_code = want.voucher is not None and not want.voucher.claimed
    off = off_of(version, offer.snapshot)
    if off.blocked is not None:
        return no(Reason.CUSTOMER_BLOCKED, f"{compiled.reward.id} cannot be used: {off.blocked}")
    stopped = off.why_reward(compiled.reward.id, by_code=by_code)
    if stopped is not None:
        return no(Reason.SWITCHED_OFF, stopped)
    withheld = off.withheld.get(compiled.reward.id)
    if withheld is not None and not _in_hand(want.voucher):
        return no(Reason.NOT_OFFERED, f"{compiled.reward.id} is not offered: {withheld}")
    if want.voucher is not None:
        refused = _of_voucher(want, want.voucher, offer, at)
        if refused is not None or want.voucher.claimed:
            return refused
    return _of_terms(compiled, offer, at)


def _in_hand(voucher: Voucher | None) -> bool:
    """Whether the customer has a voucher of their own, and not just a code."""
    return voucher is not None and (voucher.claimed or voucher.holder is not None)


def why_foreign(name: str, offer: Offer, currency: str) -> Standing | None:
    """Return why what a program gives cannot be used on a cart that is priced in ``currency``, if so."""
    own = offer.version.program.currency
    if own == currency:
        return None
    return no(Reason.CURRENCY, f"{name} is in {own}, and the cart in {currency}", own=own, cart=currency)


def why_card_refused(want: Wanted, offer: Offer, at: Instant) -> Standing | None:
    """Return why a gift card does not pay, or None if it does.

    It is money: neither the terms of its reward nor the life of the program matter any more.
    """
    voucher = want.voucher
    if voucher is None:
        return no(Reason.UNKNOWN, f"{want.name} is not known")
    off = off_of(offer.version, offer.snapshot)
    if off.blocked is not None:
        return no(Reason.CUSTOMER_BLOCKED, f"{want.name} does not pay: {off.blocked}")
    stopped = off.why_reward(want.reward, by_code=not voucher.claimed)
    if stopped is not None:
        return no(Reason.SWITCHED_OFF, stopped)
    return _of_voucher(want, msgspec.structs.replace(voucher, uses_left=None), offer, at)


def why_empty(want: Wanted, balance: Minor) -> Standing | None:
    """Return that nothing is on a gift card that no other cart holds, or None if there is something."""
    return None if balance > 0 else no(Reason.INSUFFICIENT_BALANCE, f"nothing is left on {want.name}")


def _of_voucher(want: Wanted, voucher: Voucher, offer: Offer, at: Instant) -> Standing | None:
    """Return what the voucher itself says: whose it is, from when to when, and how often it was used."""
    if voucher.voided:
        return no(Reason.VOIDED, f"{want.name} is void")
    if (voucher.holder or voucher.referrer) is not None and offer.customer is None:
        return no(Reason.CUSTOMER_REQUIRED, f"{want.name} belongs to a customer")
    if voucher.holder is not None and voucher.holder != offer.customer:
        return no(Reason.OTHER_HOLDER, f"{want.name} belongs to another customer")
    if voucher.referrer is not None and voucher.referrer == offer.customer:
        return no(Reason.OWN_REFERRAL, f"{want.name} is the customer's own")
    if voucher.starts_at is not None and at < voucher.starts_at:
        starts = format_instant(voucher.starts_at)
        words = f"{want.name} is not valid before {minute_words(voucher.starts_at, offer.version.zone)}"
        return no(Reason.NOT_STARTED, words, starts_at=starts)
    if voucher.expires_at is not None and at >= voucher.expires_at:
        expired = format_instant(voucher.expires_at)
        return no(Reason.EXPIRED, f"{want.name} has expired", expired_at=expired)
    if voucher.uses_left is not None and voucher.uses_left <= 0:
        return no(Reason.USED_UP, f"{want.name} has been used")
    return None


def _of_terms(compiled: CompiledReward, offer: Offer, at: Instant) -> Standing | None:
    """Return what the reward and its campaign say: for whom, and when."""
    reward, version, snapshot = compiled.reward, offer.version, offer.snapshot
    campaign = None if compiled.campaign is None else version.program.campaigns[compiled.campaign]
    for schedule, what in (
        (reward.schedule, reward.id),
        (campaign.schedule if campaign else None, f"campaign {campaign.id}" if campaign else ""),
    ):
        if schedule is not None:
            refused = _of_schedule(schedule, what, offer, at)
            if refused is not None:
                return refused
    if reward.tiers and snapshot.tier not in reward.tiers:
        needed = " or ".join(reward.tiers)
        if offer.customer is None:
            return no(Reason.CUSTOMER_REQUIRED, f"{reward.id} needs tier {needed}", needs_tier=needed)
        words = f"{reward.id} needs tier {needed}"
        return no(Reason.NEEDS_TIER, words, needs_tier=needed, tier=snapshot.tier)
    for condition in (reward.when, campaign.when if campaign else None):
        seen = refusing(condition, scope_of(version, snapshot, at)) if condition is not None else []
        if seen:
            reason = Reason.CUSTOMER_REQUIRED if offer.customer is None else Reason.NOT_OFFERED
            value = seen[0].value if not isinstance(seen[0].value, tuple) else ", ".join(seen[0].value)
            words = f"{reward.id} is offered only if {seen[0].words}"
            return no(reason, words, condition=seen[0].words, value=value)
    return None


def _of_schedule(schedule: Schedule, what: str, offer: Offer, at: Instant) -> Standing | None:
    zone = offer.version.zone
    starts, ends = life_of(schedule, zone)
    if starts is not None and at < starts:
        words = f"{what} has not started: {minute_words(starts, zone)}"
        return no(Reason.NOT_STARTED, words, starts_at=format_instant(starts))
    if ends is not None and at >= ends:
        words = f"{what} has ended: {minute_words(ends, zone)}"
        return no(Reason.EXPIRED, words, expired_at=format_instant(ends))
    attributes = dict(zip(offer.version.attributes, offer.snapshot.attributes, strict=True))
    born = date_or_none(attributes.get(BIRTHDAY))
    if not schedule_applies(schedule, zone)(at, born, offer.snapshot.joined_at):
        return no(Reason.NOT_OFFERED, f"{what} is not offered at this time")
    return None
