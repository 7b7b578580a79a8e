"""Everything that may happen to a member, as the core sees it: a closed union.

``at`` is the instant in business time at which the event happened: conditions, versions, tiers and
dates are judged as of it. ``id`` is the internal id of the event; every posting names it. A
follow-up that another decision caused carries the same ``id`` as its cause.
"""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

import msgspec

from perennial.core.award import Award
from perennial.core.challenge_round import Contribution
from perennial.core.codes.codes import IssuedCode
from perennial.core.conversion import Carried, Terms
from perennial.core.given_reward import GivenReward
from perennial.core.orders.order import Order, Scalar
from perennial.ledger.lot import LotKey
from perennial.units import Instant, Points


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    id: UUID
    at: Instant


class OrderPaid(_Event, frozen=True, tag="order.paid"):
    """An order reached ``paid`` (or arrived in a later status without having been paid before)."""

    order: Order


class OrderFulfilled(_Event, frozen=True, tag="order.fulfilled"):
    """An order was fulfilled: points that wait for it become available. ``waits_for`` names them."""

    waits_for: str


class OrderReturned(_Event, frozen=True, tag="order.returned"):
    """Some units of lines of an order came back; a cancellation returns all that is left.

    ``paid_at`` and ``awards`` are when the order was judged and what the program being decided gave
    for it; ``before`` and ``after`` count the returned units of each line before and after this
    event. ``canceled`` says that the whole order is void, and not only that all of it came back;
    ``revised`` that it is judged anew right after, so that what is missing is netted from that.
    ``contributions`` are what the order counted for in challenges, ``given`` the rewards that its rules gave
    and that nobody used: they are taken back with the whole order. ``unused`` are the vouchers that
    challenges gave and nobody used, by the challenge, the latest first (None: nobody uses any).
    """

    order: Order
    paid_at: Instant
    awards: tuple[Award, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    canceled: bool = False
    revised: bool = False
    contributions: tuple[Contribution, ...] = ()
    given: tuple[GivenReward, ...] = ()
    unused: dict[str, tuple[UUID, ...]] | None = None


class CustomEvent(_Event, frozen=True, tag="event"):
    """Anything the business reports, such as ``review.posted``, with declared attributes."""

    name: str
    attributes: dict[str, Scalar] = {}


class MemberJoined(_Event, frozen=True, tag="member.joined"):
    """The customer became a member of the program now being decided."""

    source: str = "automatic"


class TierEntered(_Event, frozen=True, tag="tier.entered"):
    """A follow-up: the member moved from one tier to another (``None`` is: no tier)."""

    before: str | None
    after: str | None


class ChallengeStarted(_Event, frozen=True, tag="challenge.started"):
    """The member asks to take part in a challenge that begins on request."""

    challenge: str


class ChallengeCompleted(_Event, frozen=True, tag="challenge.completed"):
    """A follow-up: the member completed a challenge, in its ``round`` for the ``time``-th time.

    ``code`` is the voucher code to issue, made outside; None where it gives no voucher. ``drawn`` names the
    pools of which a code was set aside; None: whichever it needs.
    """

    challenge: str
    round: int
    time: int
    code: IssuedCode | None = None
    drawn: tuple[str, ...] | None = None


class ChallengeMissed(_Event, frozen=True, tag="challenge.missed"):
    """A follow-up: the time of a round is over, or a streak broke."""

    challenge: str
    round: int


class RewardEarned(_Event, frozen=True, tag="reward.earned"):
    """A follow-up: ``rule`` gives the member ``reward``, for an ``order`` or an event with ``attributes``.

    ``code`` is the voucher code to issue, made outside; None where it gives no voucher. ``kept`` is what the
    member has of it already, from the same order before it changed.
    """

    rule: str
    reward: str
    order: Order | None = None
    attributes: dict[str, Scalar] = {}
    code: IssuedCode | None = None
    kept: GivenReward | None = None


class ClaimRequested(_Event, frozen=True, tag="claim.requested"):
    """The member wants a reward for points. ``code`` is the voucher code to issue, made outside.

    ``drawn`` names the pools (by the id of their reward) of which a code was set aside for this claim,
    ``points`` says how many points pay for it, if not the whole price, and ``wallet`` out of which; None is
    that of the first price for the member. ``ahead`` is how many wait for it, who come first.
    """

    reward: str
    code: IssuedCode
    drawn: tuple[str, ...] = ()
    points: Points | None = None
    wallet: str | None = None
    ahead: int = 0


class EntitlementCanceled(_Event, frozen=True, tag="entitlement.canceled"):
    """What a claim handed out is canceled, and with it the whole claim: nothing else of it is left.

    ``claimed_at`` is when ``reward`` was claimed. ``paid`` are the points that come back, with the lots of
    the wallet of ``unit`` from which they were taken.
    """

    reward: str
    claimed_at: Instant
    unit: int
    paid: tuple[tuple[LotKey, Points], ...] = ()


class CartRedeemed(_Event, frozen=True, tag="cart.redeemed"):
    """Vouchers, rewards or points were used on an order; ``core/checkout/checkout.py`` decided what of it."""


class ReferralRewarded(_Event, frozen=True, tag="referral.rewarded"):
    """A side of a referral gets what the ``offer`` gives it. ``role`` is ``advocate`` or ``friend``.

    ``converts`` says that the referral converts with it (and not that a friend gets something at once),
    ``gives`` that something is given: a friend may have it already. ``code`` is the voucher code to issue,
    ``drawn`` names the pools of which a code was set aside.
    """

    offer: str
    role: str
    code: IssuedCode
    drawn: tuple[str, ...] = ()
    converts: bool = True
    gives: bool = True


class ReferralReversed(_Event, frozen=True, tag="referral.reversed"):
    """What a side of a referral got at ``given_at`` is taken back, but for vouchers and goods.

    ``points`` are the unit, the number of the lot and the points of every credit; ``reward`` is what was
    given (None: nothing), ``counted`` says that the conversion was counted.
    """

    offer: str
    role: str
    reward: str | None
    given_at: Instant
    points: tuple[tuple[int, int, Points], ...] = ()
    counted: bool = True


class PointsAdjusted(_Event, frozen=True, tag="points.adjusted"):
    """Staff or an import corrects a balance; a positive amount may bring its own dates.

    A negative one takes from points that can be spent, or with ``pending`` from those that wait.
    """

    wallet: str
    amount: Points
    reason: str
    actor: str
    available_at: Instant | None = None
    expires_at: Instant | None = None
    pending: bool = False


class TransferSent(_Event, frozen=True, tag="transfer.sent"):
    """The member sends points to another member."""

    wallet: str
    amount: Points


class TransferReceived(_Event, frozen=True, tag="transfer.received"):
    """The member receives lots that another member sent, with the dates they had there."""

    wallet: str
    lots: tuple[tuple[LotKey, Points], ...]


class BalanceConverted(_Event, frozen=True, tag="balance.converted"):
    """All that a wallet holds is carried over into another unit, by declared ``terms``."""

    terms: Terms


class ConversionReversed(_Event, frozen=True, tag="conversion.reversed"):
    """What was ``carried`` over comes back, as far as it is still there."""

    terms: Terms
    carried: Carried


class TierAssigned(_Event, frozen=True, tag="tier.assigned"):
    """Staff sets the member's tier floor by hand; ``None`` lifts it."""

    tier: str | None
    reason: str
    actor: str


class MembersMerged(_Event, frozen=True, tag="members.merged"):
    """Another customer was merged into the member, whose history is the sum of both by now.

    ``tier`` is what the other one had, ``since`` when that began, ``until`` when it is reviewed next (None:
    by events alone), ``floor`` the floor that was set by hand.
    """

    tier: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    floor: str | None = None


class WalletsChanged(_Event, frozen=True, tag="wallets.changed"):
    """The member entered a household, whose wallets are the member's from now on, or left one.

    ``parted`` says that the household went apart: less counts together than before, for who leaves it and
    for who stays.
    """

    parted: bool = False


class TimersDue(_Event, frozen=True, tag="timers.due"):
    """Time alone: everything of the member that is due at or before ``at``, in its order."""


Event: TypeAlias = (
    OrderPaid
    | OrderFulfilled
    | OrderReturned
    | CustomEvent
    | MemberJoined
    | TierEntered
    | ChallengeStarted
    | ChallengeCompleted
    | ChallengeMissed
    | RewardEarned
    | ClaimRequested
    | EntitlementCanceled
    | CartRedeemed
    | ReferralRewarded
    | ReferralReversed
    | PointsAdjusted
    | TransferSent
    | TransferReceived
    | BalanceConverted
    | ConversionReversed
    | TierAssigned
    | MembersMerged
    | WalletsChanged
    | TimersDue
)
