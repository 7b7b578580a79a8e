"""The life of a referral, from the friend's side: what each event makes of it. Pure, and never twice.

A referral is ``pending`` until the friend has done what converts it, then ``waiting`` until nothing of
that can come back any more; then it is ``converted`` and both sides get what they get. It may be
``rejected`` on the way, with a reason, be in ``review`` until somebody looks at it, and be ``reversed``
when the order that converted it comes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from uuid import UUID

import msgspec

from perennial.core.conditions.scope import attributes_of
from perennial.core.currency import in_program_currency
from perennial.core.dates.periods import add_span
from perennial.core.dates.schedule import Span
from perennial.core.document.referral_terms import Counts, OnReturn, ReferralOffer
from perennial.core.events import CustomEvent, Event, MemberJoined, OrderPaid, OrderReturned
from perennial.core.kinds.fraud_signal import Action, Verdict
from perennial.core.member import Member
from perennial.core.orders.order import Order, net_amounts, value_of
from perennial.core.snapshot import Snapshot
from perennial.core.version import CompiledOffer, Test, Version
from perennial.core.wallets.dates import end_of_day_after
from perennial.units import Instant, Minor, Points


class ReferralState(IntEnum):
    """Where a referral is. The numbers are stored: never change or reuse one."""

    PENDING = 1
    WAITING = 2
    CONVERTED = 3
    REJECTED = 4
    REVIEW = 5
    REVERSED = 6

    @property
    def word(self) -> str:
        """The word for it in the API."""
        return "in_review" if self is ReferralState.REVIEW else self.name.lower()


TOO_SMALL = "order_too_small"
UNMET = "conditions_not_met"
RETURNED = "order_returned"
EXPIRED = "expired"
CHAIN = "chain"
CIRCLE = "circle"
HOUSEHOLD = "same_household"
SELF = "self_referral"
BY_STAFF = "rejected_by_staff"
ADVOCATE_GONE = "advocate_gone"


class Given(msgspec.Struct, frozen=True, array_like=True):
    """What one side got: when, by which operation, and everything that may be taken back of it.

    ``points`` are unit, number of the lot and points; ``source_id`` is the id of the voucher (or gift card),
    if one came, ``code_id`` that of the code of a pool; ``entitlements`` is how much else was handed out.
    """

    role: str
    at: Instant
    operation_id: UUID
    source_id: UUID
    reward: str | None
    counted: bool
    points: tuple[tuple[int, int, Points], ...] = ()
    has_voucher: bool = False
    entitlements: int = 0
    code_id: UUID | None = None


class Referral(msgspec.Struct, frozen=True, kw_only=True):
    """One referral of one friend in one program, judged by the ``version`` under which it began.

    ``progress`` are the ids of the orders or events that counted so far, ``source_id`` the one that
    converted it at ``reached_at``. ``due_at`` is when something is to be done without another event: it
    expires, it has waited long enough, or (``undo``) what was given is to be taken back.
    """

    referral_id: UUID
    program_id: int
    version: int
    offer: str
    attributed_at: Instant
    state: ReferralState = ReferralState.PENDING
    reason: str | None = None
    signals: tuple[str, ...] = ()
    approved: bool = False
    undo: bool = False
    deadline: Instant | None = None
    progress: tuple[UUID, ...] = ()
    reached_at: Instant | None = None
    source_id: UUID | None = None
    due_at: Instant | None = None
    converted_at: Instant | None = None
    given: tuple[Given, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it may still convert, without that anybody has to look at it."""
        return self.state in (ReferralState.PENDING, ReferralState.WAITING)

    def has_given(self, role: str) -> bool:
        """Return whether one side has got what it gets."""
        return any(given.role == role and given.reward is not None for given in self.given)


_change = msgspec.structs.replace


def fits(test: Test | None, at: Instant, snapshot: Snapshot) -> bool:
    """Return whether a test of a person or a schedule holds."""
    return test is None or test(at, None, [], {}, snapshot)


def choose_offer(version: Version, at: Instant, advocate: Snapshot, friend: Snapshot) -> CompiledOffer | None:
    """Return the first kind of referral that is offered at ``at``, and for both; None: there is none."""
    for compiled in version.offers.values():
        if (
            fits(compiled.offered, at, advocate)
            and fits(compiled.advocates, at, advocate)
            and fits(compiled.friends, at, friend)
        ):
            return compiled
    return None


def begin(referral_id: UUID, version: Version, offer: ReferralOffer, at: Instant) -> Referral:
    """Return a referral as it begins, before its signals were looked at."""
    deadline = None if offer.deadline is None else end_of_day_after(version, at, offer.deadline)
    return Referral(
        referral_id=referral_id,
        program_id=version.program_id,
        version=version.number,
        offer=offer.id,
        attributed_at=at,
        deadline=deadline,
        due_at=deadline,
    )


def judged(referral: Referral, verdict: Verdict) -> Referral:
    """Return the referral after its signals were looked at: what was approved stays so."""
    noted = _change(referral, signals=verdict.signals)
    if verdict.action is Action.IGNORE or referral.approved:
        return noted
    if verdict.action is Action.REJECT:
        return rejected(noted, verdict.signals[0])
    return _change(noted, state=ReferralState.REVIEW, reason=verdict.signals[0], due_at=referral.deadline)


def housed(referral: Referral, offer: ReferralOffer, advocate: Member, friend: Member) -> Referral:
    """Return the referral after it was asked whether both live in one household; what was approved stays."""
    if advocate.owner != friend.owner or offer.same_household or referral.approved:
        return referral
    return rejected(referral, HOUSEHOLD)


def rejected(referral: Referral, reason: str) -> Referral:
    """Return the referral as it is rejected."""
    return _change(referral, state=ReferralState.REJECTED, reason=reason, due_at=None)


def converted(referral: Referral, at: Instant) -> Referral:
    """Return the referral once both sides got what they get."""
    return _change(referral, state=ReferralState.CONVERTED, reason=None, converted_at=at, due_at=None)


def taken_back(referral: Referral) -> Referral:
    """Return the referral once everything that was given was taken back."""
    return _change(referral, state=ReferralState.REVERSED, undo=False, due_at=None)


def advance(
    referral: Referral, compiled: CompiledOffer, version: Version, event: Event, snapshot: Snapshot
) -> Referral:
    """Return what the friend's event makes of the referral: a step further, converted, or refused.

    ``snapshot`` is that of the friend. What happened before the friend was referred, or too late, is
    nothing to it, and nothing counts twice.
    """
    if not _is_counted(compiled.offer, event) or event.at < referral.attributed_at:
        return referral
    failed = _why_unmet(compiled, version, event, snapshot)
    if referral.state is ReferralState.CONVERTED:
        changed_for_worse = event.id in referral.progress and failed is not None
        return undone(referral, compiled.offer, event.at, failed) if changed_for_worse else referral
    if referral.state not in (ReferralState.PENDING, ReferralState.REVIEW) or referral.reached_at is not None:
        return referral
    if event.id in referral.progress or (referral.deadline is not None and event.at >= referral.deadline):
        return referral
    terms = compiled.offer.converts
    if failed is not None and terms.counts is Counts.QUALIFYING:
        return referral
    referral = _change(referral, progress=(*referral.progress, event.id))
    if len(referral.progress) < terms.number:
        return referral
    if failed is not None:
        return rejected(referral, failed)
    return _reached(referral, compiled.offer, version, event)


def withdraw(referral: Referral, compiled: CompiledOffer, version: Version, event: OrderReturned) -> Referral:
    """Return what it makes of the referral that an order comes back, in part or whole, or is canceled.

    An order that is void was none, so that another may convert the referral. An order of which so much
    came back that it is too small now has come back.
    """
    if event.id not in referral.progress or not _is_gone(compiled.offer, version, event):
        return referral
    void = event.canceled or event.revised
    state, offer = referral.state, compiled.offer
    if state is ReferralState.CONVERTED:
        return referral if event.revised else undone(referral, offer, event.at, RETURNED)
    if state is ReferralState.REJECTED:
        again = void and referral.reason in (TOO_SMALL, UNMET)
        return _reopened(referral, event.id, ReferralState.PENDING) if again else referral
    if state is ReferralState.REVERSED:
        return referral
    if referral.reached_at is None or void:
        still = state if state is ReferralState.REVIEW else ReferralState.PENDING
        return _reopened(referral, event.id, still)
    return referral if offer.on_return is OnReturn.KEEP else rejected(referral, RETURNED)


def undone(referral: Referral, offer: ReferralOffer, at: Instant, reason: str | None) -> Referral:
    """Return a converted referral of which what was given is to be taken back, where the offer says so."""
    if offer.on_return is not OnReturn.REVERSE or referral.undo:
        return referral
    return _change(referral, undo=True, reason=reason, due_at=at)


def approved(referral: Referral, now: Instant, compiled: CompiledOffer, version: Version) -> Referral:
    """Return a referral that was in review as it goes on: it waits, or is pending as before."""
    state, due_at = ReferralState.PENDING, referral.deadline
    if referral.reached_at is not None:
        state = ReferralState.WAITING
        due_at = max(now, _end_of_waiting(compiled.offer, version, referral.reached_at))
    return _change(referral, state=state, approved=True, reason=None, due_at=due_at)


def expired(referral: Referral, now: Instant) -> Referral:
    """Return a referral whose time is over, and any other as it is; what was reached in time stays."""
    late = referral.deadline is not None and referral.deadline <= now and referral.reached_at is None
    if late and referral.state in (ReferralState.PENDING, ReferralState.REVIEW):
        return rejected(referral, EXPIRED)
    return referral


def makes_room(referral: Referral, now: Instant) -> bool:
    """Return whether the friend may be referred anew: the time was over, and nothing had come of it.

    Whatever else a referral was rejected for stays with the friend: they have bought by then, or somebody
    would try until it works.
    """
    late = expired(referral, now)
    over = late.state is ReferralState.REJECTED and late.reason == EXPIRED
    return over and not late.progress and not late.given


def most_together(instants: Iterable[Instant], at: Instant, span: Instant) -> int:
    """Return how many of ``instants`` lie in one time of length ``span`` with ``at``, at the most."""
    near = sorted(each for each in instants if at - span < each < at + span)
    ends = [each for each in near if each >= at]
    return max((sum(1 for each in near if end - span < each <= end) for end in ends), default=0)


def _reached(referral: Referral, offer: ReferralOffer, version: Version, event: Event) -> Referral:
    reached = _change(referral, reached_at=event.at, source_id=event.id)
    if referral.state is ReferralState.REVIEW:
        return _change(reached, due_at=None)
    until = _end_of_waiting(offer, version, event.at)
    return _change(reached, state=ReferralState.WAITING, due_at=until)


def _end_of_waiting(offer: ReferralOffer, version: Version, reached_at: Instant) -> Instant:
    span = offer.waits
    if span is None or span == Span():
        return reached_at
    if span.years or span.months or span.weeks or span.days:
        return end_of_day_after(version, reached_at, span)
    return add_span(reached_at, span, version.zone)


def _reopened(referral: Referral, source_id: UUID, state: ReferralState) -> Referral:
    progress = tuple(each for each in referral.progress if each != source_id)
    return _change(
        referral,
        state=state,
        progress=progress,
        reached_at=None,
        source_id=None,
        due_at=referral.deadline,
        reason=referral.reason if state is ReferralState.REVIEW else None,
    )


def _is_counted(offer: ReferralOffer, event: Event) -> bool:
    name = event.name if isinstance(event, CustomEvent) else str(event.__struct_config__.tag)
    return name == offer.converts.trigger


def _why_unmet(compiled: CompiledOffer, version: Version, event: Event, snapshot: Snapshot) -> str | None:
    """Return why an event is not what converts a referral, or None if it is."""
    order: Order | None = None
    nets: list[Minor] = []
    if isinstance(event, OrderPaid):
        order = in_program_currency(event.order, version.program)
        if order is None:
            return UNMET
        nets = net_amounts(order)
        if value_of(nets) < compiled.offer.converts.min_order:
            return TOO_SMALL
    elif not isinstance(event, CustomEvent | MemberJoined):
        return UNMET
    met = compiled.meets is None or compiled.meets(event.at, order, nets, attributes_of(event), snapshot)
    return None if met else UNMET


def _is_gone(offer: ReferralOffer, version: Version, event: OrderReturned) -> bool:
    """Whether an order is void, came back whole, or is too small with what is left of it."""
    if event.canceled or event.revised:
        return True
    order = in_program_currency(event.order, version.program)
    if order is None:
        return True
    left = sum(
        net * (line.quantity - units) // line.quantity
        for net, line, units in zip(net_amounts(order), order.lines, event.after, strict=True)
        if units < line.quantity
    )
    everything = all(units >= line.quantity for units, line in zip(event.after, order.lines, strict=True))
    return everything or left < offer.converts.min_order
