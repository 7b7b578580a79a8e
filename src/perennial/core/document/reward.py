"""A reward: what somebody gets (its benefits), and on which terms.

A reward is come by in up to three ways: members claim it for points (``price``), somebody enters a
code (``codes``), or it applies by itself (``automatic``).
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.codes.codes import Codes
from perennial.core.dates.schedule import Schedule, Span
from perennial.core.document.stacking import Combines
from perennial.core.document.waiting_list import WaitingList
from perennial.core.kinds.benefit import Base
from perennial.core.kinds.rule import Identifier
from perennial.core.rewards import Benefits
from perennial.core.terms.conditions import Condition
from perennial.core.terms.in_part import InPart
from perennial.core.terms.limits import Limit
from perennial.core.terms.money import Cap, PointsCap
from perennial.core.terms.refusal_text import RefusalText
from perennial.units import Minor

Title = Annotated[str, Meta(min_length=1, max_length=200, description="a name for people")]


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a reward costs those members of ``tiers`` (everybody if none is named) for whom ``when`` holds.

    ``points`` leave ``wallet``, which may be left out where the reward or the program has one only.
    """

    points: PointsCap
    wallet: Identifier | None = None
    tiers: tuple[Identifier, ...] = ()
    when: Condition | None = None


class TierTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is different for the members of one tier; what is left out is as for everybody."""

    gives: tuple[Benefits, ...] = ()
    expires_after: Span | None = None


class Reward(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is given, to whom, on which orders, how often, and how it is come by.

    ``gives`` lists the benefits, which are given together and do not see each other's effect. A claim
    takes ``price`` points out of ``wallet`` (which may be left out where the program has one wallet
    only); before that, the first of ``prices`` that is for the member is taken. Whoever claims may name
    the wallet that pays: then only prices in points of that wallet count. There are ``stock`` of them in
    all, if a number is given. ``by_tier`` gives the members of a tier other benefits or a longer expiry,
    by their tier at the claim; by that at the order where it applies by itself, by a shared code or by
    one of a pool. The reward is offered to members of ``tiers`` (everybody if none is named) for
    whom ``when`` holds, while ``schedule`` applies; it is used on orders for which ``usable_when`` holds,
    judged by the amounts that ``judged_on`` says. With ``full_price_only`` it leaves out lines that are
    cheaper already, by a discount of their own or an earlier reward. ``limits`` and ``shared_limits``
    count claims and uses; what does not fit is refused whole. What was claimed expires ``expires_after``
    the claim, at the end of that local day, and never if nothing is given. Of what is ``refundable`` the
    points come back when it is rolled back.

    With ``in_part`` members may pay any part of the price with points, and the rest with money. With a
    ``waiting_list`` they may wait for what is all taken. ``refusals`` are the shop's own words for why it is
    refused, beside the code of the reason.

    ``category`` and ``priority`` (smaller first) say how it stacks with others, see
    :class:`~perennial.core.document.stacking.Stacking`; ``combines`` replaces what the category says, so
    that a single reward is exclusive (or joint) without a category of its own.
    """

    id: Identifier
    name: Title
    gives: tuple[Benefits, ...]
    price: PointsCap | None = None
    prices: tuple[Price, ...] = ()
    stock: Cap | None = None
    by_tier: dict[Identifier, TierTerms] = {}
    automatic: bool = False
    codes: Codes | None = None
    description: str | None = None
    wallet: Identifier | None = None
    tiers: tuple[Identifier, ...] = ()
    when: Condition | None = None
    usable_when: Condition | None = None
    judged_on: Base = Base.REDUCED
    full_price_only: bool = False
    schedule: Schedule | None = None
    limits: tuple[Limit, ...] = ()
    shared_limits: tuple[Identifier, ...] = ()
    expires_after: Span | None = None
    refundable: bool = True
    in_part: InPart | None = None
    waiting_list: WaitingList | None = None
    refusals: tuple[RefusalText, ...] = ()
    category: Identifier | None = None
    combines: Combines | None = None
    priority: Annotated[int, Meta(ge=0, le=1_000_000)] = 1_000

    def gives_to(self, tier: str | None) -> tuple[Benefits, ...]:
        """Return the benefits for a member of ``tier``."""
        terms = None if tier is None else self.by_tier.get(tier)
        return terms.gives if terms is not None and terms.gives else self.gives

    def claim_value(self, tier: str | None = None) -> Minor:
        """Return what the voucher of a claim is worth as far as that is certain, in minor units."""
        return sum(benefit.claim_value() for benefit in self.gives_to(tier) if benefit.needs_voucher())

    def worth(self, tier: str | None) -> Minor:
        """Return what everything that a member of ``tier`` gets is worth as far as that is certain."""
        return sum(benefit.claim_value() for benefit in self.gives_to(tier))

    def expires_after_for(self, tier: str | None) -> Span | None:
        """Return after which span the claim of a member of ``tier`` expires; None is never."""
        terms = None if tier is None else self.by_tier.get(tier)
        if terms is not None and terms.expires_after is not None:
            return terms.expires_after
        return self.expires_after

    def all_gives(self) -> tuple[tuple[str, tuple[Benefits, ...]], ...]:
        """Return everything that it may give to somebody, each with where that stands in the reward."""
        by_tier = ((f"by_tier.{tier}.gives", terms.gives) for tier, terms in self.by_tier.items())
        return (("gives", self.gives), *by_tier)

    def room(self) -> int | None:
        """Return how many there are in all, by its stock and by that of its benefits; None: without end."""
        rooms = [self.stock, *(benefit.room() for benefit in self.gives)]
        return min((room for room in rooms if room is not None), default=None)

    @property
    def has_price(self) -> bool:
        """Whether it can be claimed for points at all."""
        return self.price is not None or bool(self.prices)
