"""What may lower the price of a cart: rewards that apply by themselves, and what somebody asks for."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec

from perennial.core.orders.order import Scalar
from perennial.core.version import CompiledBenefit, CompiledReward
from perennial.units import Instant, Minor, Points


class Source(StrEnum):
    """How a reward came to the cart."""

    AUTOMATIC = "automatic"
    CODE = "code"
    CLAIMED = "claimed"
    CLAIM = "claim"


class Status(StrEnum):
    """What became of it. ``skipped``: it is valid, but some rule of stacking kept it out."""

    APPLICABLE = "applicable"
    INAPPLICABLE = "inapplicable"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why a reward takes nothing off: a closed list, stable and part of the API. Never rename one."""

    UNKNOWN = "unknown"
    SWITCHED_OFF = "switched_off"
    CUSTOMER_BLOCKED = "customer_blocked"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    USED_UP = "used_up"
    VOIDED = "voided"
    OTHER_HOLDER = "other_holder"
    OWN_REFERRAL = "own_referral"
    CUSTOMER_REQUIRED = "customer_required"
    NOT_OFFERED = "not_offered"
    NEEDS_TIER = "needs_tier"
    CONDITIONS_NOT_MET = "conditions_not_met"
    LIMIT_REACHED = "limit_reached"
    INSUFFICIENT_POINTS = "insufficient_points"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    CURRENCY = "currency"
    NO_EFFECT = "no_effect"
    GIVEN_TWICE = "given_twice"
    TOO_MANY = "too_many"
    CATEGORY_LIMIT = "category_limit"
    EXCLUSIVE = "exclusive"
    NOT_THE_BEST = "not_the_best"
    ORDER_CAP = "order_cap"
    NOT_ALL = "not_all"
    NOT_FOR_ORDERS = "not_for_orders"
    NOT_IN_PART = "not_in_part"


class Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """What a price calculation must know of a voucher.

    ``gives`` are the benefits by the version that issued it, ``by_tier`` those for members of some tiers,
    where the tier at the order decides. ``holder`` is the customer for whom alone it is; ``referrer`` the one
    who passes it on and may not use it, as guests may not. ``uses_left`` is None where there is no end.
    ``claimed`` says that it was paid for with points, ``shared`` that it stands for a code that everybody
    shares. ``balance`` is what a gift card holds.
    """

    voucher_id: UUID
    gives: tuple[CompiledBenefit, ...]
    by_tier: dict[str, tuple[CompiledBenefit, ...]] = {}
    uses_left: int | None = 1
    starts_at: Instant | None = None
    expires_at: Instant | None = None
    holder: UUID | None = None
    referrer: UUID | None = None
    claimed: bool = False
    voided: bool = False
    shared: bool = False
    balance: Minor | None = None

    def gives_to(self, tier: str | None) -> tuple[CompiledBenefit, ...]:
        """Return the benefits for an order of a member of ``tier``."""
        return self.gives if tier is None else self.by_tier.get(tier, self.gives)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was asked for: a ``voucher`` by its code, or a reward to be claimed in the cart.

    ``name`` is how the caller named it. ``terms`` are those of a reward that its program no longer has,
    without its limits. ``refused`` is why it was found to be no use before its
    program was asked, ``points`` how many pay for a claim, if not its whole price, and ``wallet`` out of
    which, if not that of the first price for the member.
    """

    name: str
    program: int = 0
    reward: str = ""
    terms: CompiledReward | None = None
    voucher: Voucher | None = None
    refused: Standing | None = None
    points: Points | None = None
    wallet: str | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one reward in a price calculation, with the numbers behind it.

    ``by`` names the reward or rule that kept it out. One that is applicable has a reason only where a
    cap on the whole order cut it.
    """

    status: Status
    reason: Reason | None = None
    words: str = ""
    details: dict[str, Scalar] = {}
    by: str | None = None
    discount: Minor = 0
