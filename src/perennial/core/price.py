"""One reward applied to a cart: whether it may, and what it takes off.

Everything that a price calculation changes is in an :class:`Attempt`, which can be copied, so that
several choices and orders of rewards can be tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from perennial.core.allowances import Allowances, together
from perennial.core.benefit import Base, Level
from perennial.core.cart import Cart
from perennial.core.condition_walk import refusing
from perennial.core.limits import Use
from perennial.core.order import Order, Scalar, value_of
from perennial.core.redeemables import Reason, Source, Standing, Status, Wanted
from perennial.core.snapshot import Snapshot
from perennial.core.stacking import NoEffect, Products, Stacking
from perennial.core.version import CompiledBenefit, CompiledReward, Version
from perennial.core.version_scope import scope_of
from perennial.units import Instant


class Offer(msgspec.Struct, frozen=True):
    """What one program offers to the customer of a cart; a guest has the snapshot of nobody."""

    version: Version
    snapshot: Snapshot
    customer: UUID | None


class Candidate(msgspec.Struct, frozen=True):
    """A reward that may be applied, at its ``place`` among all of them.

    ``gives`` are its benefits, those of an issued voucher by the version that issued it. ``counts``
    says that using it counts as a time, and its customer as one; a claim was counted so before, and only
    what it takes off counts now. ``entered`` is its place among what was asked for.
    """

    place: int
    offer: Offer
    compiled: CompiledReward
    gives: tuple[CompiledBenefit, ...]
    source: Source
    entered: int
    wanted: Wanted | None = None

    @property
    def key(self) -> str:
        """Return the reward's id."""
        return self.compiled.reward.id

    @property
    def counts(self) -> bool:
        """Whether using it counts as a time against the limits of the reward."""
        return self.source is not Source.CLAIMED

    @property
    def level(self) -> Level | None:
        """Return the first level at which it works, or None if it does nothing to an order."""
        levels = [level for given in self.gives if (level := given.benefit.level()) is not None]
        return min(levels, default=None)


class Bill(msgspec.Struct, frozen=True):
    """What does not change while a cart is priced: the order as it came, when, and the rules.

    The order's amounts are in the program's currency.
    """

    order: Order
    at: Instant
    stacking: Stacking


class Attempt(msgspec.Struct):
    """The state of one try: the cart, what was used of the limits, and what became of each reward."""

    cart: Cart
    limited: Mapping[int, Allowances]
    standings: dict[int, Standing] = {}
    applied: tuple[Candidate, ...] = ()

    def copy(self) -> Attempt:
        """Return an attempt that can go another way."""
        return Attempt(self.cart.copy(), together(self.limited), dict(self.standings), self.applied)


def apply(attempt: Attempt, candidate: Candidate, bill: Bill) -> Standing:
    """Apply a candidate to the attempt, if it may be used on the cart as it is now.

    Otherwise nothing is changed but the note of why.
    """
    standing = _apply(attempt, candidate, bill)
    attempt.standings[candidate.place] = standing
    if standing.status is Status.APPLICABLE:
        attempt.applied = (*attempt.applied, candidate)
    return standing


def _apply(attempt: Attempt, candidate: Candidate, bill: Bill) -> Standing:
    refused = why_not_usable(attempt.cart, candidate, bill) or _why_not_for_guests(attempt, candidate)
    if refused is not None:
        return refused
    limited, bounds = attempt.limited[candidate.offer.version.program_id], candidate.compiled.bounds
    cart = attempt.cart.copy()
    before = cart.taken()
    worth = value_of(cart.left)
    cut_to, cut_by = limited.discount_left(bounds)
    if cut_to == 0:
        return no(Reason.LIMIT_REACHED, f"{candidate.key} cannot be used now: {cut_by}", limit=cut_by)
    kept = 0 if cut_to is None else max(cart.may_take - cut_to, 0)
    cart.may_take -= kept
    work(cart, candidate, bill)
    cart.may_take += kept
    discount = cart.taken() - before
    if discount == 0 and not cart.added.keys() - attempt.cart.added.keys():
        no_effect = candidate.compiled.category.no_effect or bill.stacking.no_effect
        if no_effect is NoEffect.SKIP:
            words = f"{candidate.key} would take nothing off this order"
            return Standing(status=Status.SKIPPED, reason=Reason.NO_EFFECT, words=words)
    use = Use(times=1 if candidate.counts else 0, discount=discount, order_value=worth)
    full = limited.use(bounds, use)
    if full is not None:
        return no(Reason.LIMIT_REACHED, f"{candidate.key} cannot be used now: {full}", limit=full)
    attempt.cart = cart
    words = f"no more is left: {cut_by}" if discount == cut_to else ""
    return Standing(status=Status.APPLICABLE, discount=discount, words=words)


def _why_not_for_guests(attempt: Attempt, candidate: Candidate) -> Standing | None:
    """Return that nobody is known whose use a limit could count."""
    if candidate.offer.customer is not None:
        return None
    limited = attempt.limited[candidate.offer.version.program_id]
    name = limited.per_customer(candidate.compiled.bounds)
    if name is None:
        return None
    words = f"{candidate.key} is limited for each customer, and none is known: {name}"
    return no(Reason.CUSTOMER_REQUIRED, words, limit=name)


def work(cart: Cart, candidate: Candidate, bill: Bill) -> None:
    """Let every benefit of a candidate take off the cart what it gives."""
    stacking, reward = bill.stacking, candidate.compiled.reward
    percents_look_at = candidate.compiled.category.percent_base or stacking.percent_base
    cart.begin(candidate.place, on_initial=percents_look_at is Base.INITIAL)
    places: Sequence[int] = range(len(cart.lines))
    if reward.full_price_only:
        places = [line for line in places if cart.left[line] == cart.lines[line].amount]
    if stacking.products is Products.ONCE:
        places = [line for line in places if cart.left[line] == cart.initial[line]]
    order = cart.judged(bill.order)
    for given in candidate.gives:
        if given.benefit.level() is None:
            continue
        lines, *others = [
            places
            if where is None
            else _both(where(bill.at, order, cart.initial, {}, candidate.offer.snapshot), places)
            for where in (given.lines, *given.others)
        ]
        given.benefit.take(cart, lines, others)


def _both(chosen: Sequence[int], places: Sequence[int]) -> Sequence[int]:
    """Return the positions that are in both."""
    allowed = places if isinstance(places, range) else frozenset(places)
    return [line for line in chosen if line in allowed]


def why_not_usable(cart: Cart, candidate: Candidate, bill: Bill) -> Standing | None:
    """Return why the conditions of a candidate do not let it be used on the cart as it is now."""
    usable, reward = candidate.compiled.usable, candidate.compiled.reward
    if candidate.level is None:
        return no(Reason.NOT_FOR_ORDERS, f"{reward.id} is not used on an order")
    if usable is None:
        return None
    order = cart.judged(bill.order)
    nets = cart.initial if reward.judged_on is Base.INITIAL else cart.left
    if usable(bill.at, order, nets, {}, candidate.offer.snapshot):
        return None
    if candidate.source is Source.AUTOMATIC or reward.usable_when is None:
        return no(Reason.CONDITIONS_NOT_MET, f"{reward.id} is not for this order")
    offer = candidate.offer
    scope = scope_of(offer.version, offer.snapshot, bill.at, order=order, nets=nets)
    seen = refusing(reward.usable_when, scope)[0]
    value = seen.value if not isinstance(seen.value, tuple) else ", ".join(seen.value)
    words = f"{reward.id} can be used only if {seen.words}"
    return no(Reason.CONDITIONS_NOT_MET, words, condition=seen.words, value=value)


def no(reason: Reason, words: str, **details: Scalar) -> Standing:
    """Return that something cannot be used, and why."""
    return Standing(status=Status.INAPPLICABLE, reason=reason, words=words, details=details)
