"""A referral told as a story: who referred whom, what counted, who got what, and why it is as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

from perennial.core.dates.periods import minute_words
from perennial.core.document.referral_terms import Role
from perennial.core.explaining.retelling import retell
from perennial.core.language import Language
from perennial.core.referrals.referrals import (
    ADVOCATE_GONE,
    BY_STAFF,
    CHAIN,
    CIRCLE,
    EXPIRED,
    HOUSEHOLD,
    RETURNED,
    SELF,
    TOO_SMALL,
    UNMET,
    ReferralState,
)
from perennial.flows.referral_views import ReferralView
from perennial.units import Points, parse_instant

REASONS: Final = {
    TOO_SMALL: "the order was too small",
    UNMET: "what the offer asks for was not met",
    RETURNED: "the order came back",
    EXPIRED: "its time was over",
    CHAIN: "the advocate had been referred too",
    CIRCLE: "the friend had referred the advocate before",
    HOUSEHOLD: "both are of one household",
    SELF: "both are one person",
    BY_STAFF: "somebody decided so",
    ADVOCATE_GONE: "the advocate is gone",
    "limit_reached": "a limit was reached",
    "out_of_stock": "nothing was left to give",
    "disposable_email": "the friend has a throw-away address",
    "many_from_ip": "many came from one network address",
    "not_first_order": "the friend had ordered before",
    "same_address": "both gave one postal address",
    "same_device": "both were seen with one device",
    "same_email": "both have one mailbox",
    "same_payment": "both paid with one card or account",
}
"""Why a referral is rejected, in review or reversed, by the code of the reason."""


def tell_beginning(view: ReferralView, zone: ZoneInfo, language: Language) -> str:
    """Say who referred whom, and when, as a clock in the zone of the program showed it."""
    advocate, friend = view.advocate or retell("somebody", language), _friend(view, language)
    at = minute_words(parse_instant(view.attributed_at), zone)
    return retell(f"{friend} was referred by {advocate} at {at} (offer {view.offer}).", language)


def tell_counted(
    view: ReferralView, what: str, name: str | None, at: str, zone: ZoneInfo, language: Language
) -> str:
    """Say what the friend did last that counted: an order or event by its ``name``, or joining without.

    It was done ``at`` an instant, which is said as a clock in the zone of the program showed it.
    """
    at = minute_words(parse_instant(at), zone)
    if name is None:
        return retell(f"{_friend(view, language)} joined at {at}.", language)
    return retell(f"What counted was {what} {name} at {at}.", language)


def tell_gift(
    role: str, reward: str | None, points: Mapping[str, Points], places: Mapping[str, int], language: Language
) -> str:
    """Say what one side got: the name of a reward, and points by their wallet, with its ``places``."""
    what = retell("nothing more", language) if reward is None else reward
    said = (f"{language.number(n, places.get(wallet, 0))} {wallet}" for wallet, n in points.items())
    amounts = language.separator.join(said)
    opened, closed = language.brackets
    got = f"{what} {opened}{amounts}{closed}" if amounts else what
    return retell(f"The {Role(role).value} got {got}.", language)


def tell_state(view: ReferralView, language: Language, *, gave: bool) -> Iterable[str]:
    """Yield why it is not converted, or no longer; ``gave`` tells that somebody had got something."""
    if view.state == ReferralState.CONVERTED.word:
        return
    said = view.state.replace("_", " ")
    if view.reason:
        yield retell(f"It is {said}: {REASONS.get(view.reason, view.reason)}.", language)
    else:
        yield retell(f"It is {said}.", language)
    if view.state == ReferralState.REVERSED.word and gave:
        yield retell("What both got was taken back.", language)


def _friend(view: ReferralView, language: Language) -> str:
    return view.customer or retell("Somebody", language)
