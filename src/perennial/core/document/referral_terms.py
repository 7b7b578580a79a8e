"""The referrals of a program: who may refer whom, when a referral converts, and what both get for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.codes.codes import Codes
from perennial.core.dates.schedule import Schedule, Span
from perennial.core.document.reward import Reward, Title
from perennial.core.fraud import Signals, usual_signals
from perennial.core.kinds.fraud_signal import Signal
from perennial.core.kinds.rule import Identifier
from perennial.core.rewards import Benefits
from perennial.core.terms.conditions import Condition
from perennial.core.terms.limits import Limit
from perennial.core.terms.money import MoneyCap

LINK_CODE = "{code}"
"""What stands in a link for the code."""

Link = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        pattern="^https?://",
        description='where friends are sent: {code} becomes the code, as in "https://shop.example/?ref={code}"',
    ),
]
Count = Annotated[int, Meta(ge=1, le=1_000)]


class Role(StrEnum):
    """The two sides of a referral. The words are stored."""

    ADVOCATE = "advocate"
    FRIEND = "friend"


class ConvertsOn(StrEnum):
    """What a friend has to do: become a member, pay orders, or cause an event."""

    JOINING = "joining"
    ORDER = "order"
    EVENT = "event"


class Counts(StrEnum):
    """Which orders (or events) are counted: every one, or those alone that meet what is asked of them."""

    EVERY = "every"
    QUALIFYING = "qualifying"


class OnReturn(StrEnum):
    """What becomes of a referral when the order that converted it comes back.

    ``reverse``: what both got is taken back. ``while_waiting``: only a referral that still waits is
    rejected. ``keep``: nothing.
    """

    REVERSE = "reverse"
    WHILE_WAITING = "while_waiting"
    KEEP = "keep"


class FriendGets(StrEnum):
    """When a friend gets something: at once when being referred, or with the conversion."""

    AT_ONCE = "at_once"
    CONVERSION = "conversion"


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    pass


class Conversion(_Part, frozen=True):
    """When a referral converts: with the friend's ``number``-th order, or event, or when the friend joins.

    ``event`` names the custom event. An order (or event) meets what is asked of it if ``when`` holds, and if
    it comes to ``min_order`` minor units after discounts. Where ``every`` one is counted, the
    ``number``-th decides: if it does not meet that, the referral is rejected.
    """

    on: ConvertsOn = ConvertsOn.ORDER
    event: str | None = None
    number: Count = 1
    counts: Counts = Counts.EVERY
    min_order: MoneyCap = 0
    when: Condition | None = None

    @property
    def trigger(self) -> str:
        """The name under which rules know what counts."""
        if self.on is ConvertsOn.EVENT:
            return self.event or ""
        return "order.paid" if self.on is ConvertsOn.ORDER else "member.joined"


class Incentive(_Part, frozen=True):
    """What somebody gets: benefits as a reward gives them, points, a voucher for an order, a perk.

    What works on orders comes as a voucher, which is used on orders for which ``usable_when`` holds, stacks
    as its ``category`` says, and expires ``expires_after`` it was given, at the end of that local day.
    """

    gives: tuple[Benefits, ...]
    name: Title | None = None
    expires_after: Span | None = None
    usable_when: Condition | None = None
    category: Identifier | None = None


class CountTier(Incentive, frozen=True, kw_only=True):
    """What an advocate gets instead ``after`` so many referrals have converted."""

    after: Count


class Advocate(_Part, frozen=True):
    """Who may refer (members for whom ``when`` holds), and what they get for each friend.

    ``tiers`` replace what they get once they have referred so many; ``limits`` count the referrals for
    which an advocate (or all of them together) gets something: what does not fit is rejected.
    """

    when: Condition | None = None
    gets: Incentive | None = None
    tiers: tuple[CountTier, ...] = ()
    limits: tuple[Limit, ...] = ()
    shared_limits: tuple[Identifier, ...] = ()


class Friend(_Part, frozen=True):
    """Who may be referred (customers for whom ``when`` holds), what they get, and ``at`` which moment."""

    when: Condition | None = None
    gets: Incentive | None = None
    at: FriendGets = FriendGets.CONVERSION


class ReferralOffer(_Part, frozen=True):
    """One kind of referral. Where a program has several, the first that is for both of a pair applies.

    It is offered while ``schedule`` applies. After the conversion it ``waits`` (until nothing can be
    returned any more, say) to the end of that local day. A friend has ``deadline`` to convert. Without
    ``chain`` who was referred cannot refer others; without ``same_household`` nobody refers those with whom
    the wallets are pooled. ``checks`` are the signals of fraud that are looked at; without the field all
    are, each with its usual action.
    """

    id: Identifier
    name: Title
    schedule: Schedule | None = None
    advocate: Advocate = Advocate()
    friend: Friend = Friend()
    converts: Conversion = Conversion()
    waits: Span | None = None
    deadline: Span | None = None
    chain: bool = True
    same_household: bool = False
    on_return: OnReturn = OnReturn.REVERSE
    checks: tuple[Signals, ...] | None = None

    def signals(self) -> tuple[Signal, ...]:
        """Return the signals of fraud that are looked at."""
        return usual_signals() if self.checks is None else self.checks

    def windows(self) -> set[int]:
        """Return within how many days referrals from one place are counted."""
        return {days for signal in self.signals() if (days := signal.looks_back())}

    def reward_id(self, role: Role, converted: int = 0) -> str | None:
        """Return the id of what somebody gets whose friends have ``converted`` so often before; or None."""
        if role is Role.FRIEND:
            return None if self.friend.gets is None else f"{self.id}.friend"
        reached = [tier.after for tier in self.advocate.tiers if tier.after <= converted]
        if reached:
            return f"{self.id}.advocate.{max(reached)}"
        return None if self.advocate.gets is None else f"{self.id}.advocate"

    def incentives(self) -> list[tuple[str, str, Incentive]]:
        """Return everything that somebody may get: where it stands in the offer, its id, and what it is."""
        found: list[tuple[str, str, Incentive]] = []
        if self.advocate.gets is not None:
            found.append(("advocate.gets", f"{self.id}.advocate", self.advocate.gets))
        for place, tier in enumerate(self.advocate.tiers):
            found.append((f"advocate.tiers[{place}]", f"{self.id}.advocate.{tier.after}", tier))
        if self.friend.gets is not None:
            found.append(("friend.gets", f"{self.id}.friend", self.friend.gets))
        return found


class Referrals(_Part, frozen=True):
    """The referrals of a program: how the codes of members look, where their links lead, and the offers.

    ``link`` holds ``{code}`` where the code stands; without it a member has a code alone.
    """

    offers: tuple[ReferralOffer, ...]
    codes: Codes = Codes()
    link: Link | None = None


def incentive_rewards(referrals: Referrals | None) -> list[tuple[str, Reward]]:
    """Return what the offers give, as rewards with the path of each; their ids have dots, unlike all others.

    So that what is given by a referral is handed out, used, stacked and explained as any reward is.
    """
    if referrals is None:
        return []
    return [
        (
            f"referrals.offers[{index}].{path}",
            Reward(
                id=reward_id,
                name=incentive.name or offer.name,
                gives=incentive.gives,
                usable_when=incentive.usable_when,
                expires_after=incentive.expires_after,
                category=incentive.category,
                codes=Codes(bound=True),
            ),
        )
        for index, offer in enumerate(referrals.offers)
        for path, reward_id, incentive in offer.incentives()
    ]
