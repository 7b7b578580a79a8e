"""What an order just misses: rewards that it would have if it were a little larger."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import islice

import msgspec

from perennial.core.document.stacking import Combines
from perennial.core.kinds.benefit import Base, Level
from perennial.core.orders.cart import SHIPPING
from perennial.core.pricing.combining import all_combine, combines_with_all, kept_out
from perennial.core.pricing.price import (
    Attempt,
    Bill,
    Candidate,
    Offer,
    candidate_of,
    judged_amounts,
    work,
    would_take,
)
from perennial.core.pricing.stack import Turn, turn
from perennial.core.terms.limits import Use
from perennial.core.version import CompiledReward
from perennial.units import Minor

MOST = 5
"""So many hints a quote has at most."""

LOOKED_AT = 20
"""So many of the nearest rewards are looked at; what is still further away is no hint to anybody."""

_WHOLE = 10_000


class Hint(msgspec.Struct, frozen=True):
    """A reward that the order would have with so much more: ``amount`` of its total, ``quantity`` units.

    The amount is what is missing of the total that the reward looks at.
    """

    program: int
    reward: str
    name: str
    amount: Minor | None = None
    quantity: int | None = None


class Near(msgspec.Struct, frozen=True):
    """A reward that only lacks its thresholds; ``home`` is its program's place among the offers."""

    home: int
    compiled: CompiledReward
    candidate: Candidate | None = None


def hints_of(near: Sequence[Near], offers: Sequence[Offer], attempt: Attempt, bill: Bill) -> tuple[Hint, ...]:
    """Return what the order misses least, in parts of what is needed, the nearest first."""
    if not near:
        return ()
    quantity = sum([line.quantity for line in bill.order.lines])
    totals = _Totals(attempt, bill)
    hints: list[Hint] = []
    ships = attempt.cart.shipping_left > 0
    applied, stacking = attempt.applied, bill.stacking
    open_to_all = len(applied) < stacking.at_most and all_combine(applied, stacking)
    for candidate, total in islice(_nearest_first(near, offers, totals, quantity, ships=ships), LOOKED_AT):
        free = open_to_all and combines_with_all(candidate)
        if (free or _goes_together(candidate, attempt, bill)) and _would_help(candidate, attempt, bill):
            hints.append(_hint(candidate, total, quantity))
            if len(hints) == MOST:
                break
    return tuple(hints)


def _nearest_first(
    near: Sequence[Near], offers: Sequence[Offer], totals: _Totals, quantity: int, *, ships: bool
) -> Iterator[tuple[Candidate, Minor]]:
    """Yield the candidates that miss something with the total that each looks at, the nearest first.

    None sees more than what the order costs at first, which tells at once how near it is at best; what
    it sees is found out only when it comes to the front. Where nothing is left of the shipping cost (it
    does not ship), what only works on that is no hint.
    """
    known: dict[int, tuple[Candidate, Minor]] = {}
    heap: list[tuple[int, int]] = []
    for place, one in enumerate(near):
        compiled, initial = one.compiled, totals.initial
        if ships or compiled.level is not Level.SHIPPING or compiled.gives_by_tier:
            needed = compiled.from_total
            if needed is not None and needed > initial >= 0 and compiled.from_quantity is None:
                heap.append((-((initial - needed) * _WHOLE // needed), place))
            else:
                heap.append((_distance(compiled, initial, quantity), place))
    heapify(heap)
    while heap:
        least, place = heappop(heap)
        if place in known:
            yield known[place]
            continue
        one = near[place]
        candidate = one.candidate or candidate_of(-1 - place, offers, one.home, one.compiled)
        total = totals.seen_by(candidate)
        distance = least if total == totals.initial else _distance(one.compiled, total, quantity)
        if distance > 0:
            known[place] = candidate, total
            heappush(heap, (distance, place))


class _Totals:
    """What the lines of the order cost when it is a reward's turn."""

    def __init__(self, attempt: Attempt, bill: Bill) -> None:
        self._turn = turn(bill)
        lines = len(bill.order.lines)
        self.initial = total = sum(attempt.cart.initial[:lines])
        off: dict[int, Minor] = {}
        for take in attempt.cart.takes:
            if take.line != SHIPPING and take.line < lines:
                off[take.taker] = off.get(take.taker, 0) + take.amount
        self._turns: list[Turn] = []
        self._totals = [total]
        # Where the best choice decides, one more reward would come last.
        applied = attempt.applied if self._turn is None else sorted(attempt.applied, key=self._turn)
        for one in applied:
            total -= off.get(one.place, 0)
            self._turns.append(() if self._turn is None else self._turn(one))
            self._totals.append(total)

    def seen_by(self, candidate: Candidate) -> Minor:
        """Return the total that a candidate looks at."""
        if candidate.compiled.reward.judged_on is Base.INITIAL:
            return self.initial
        if self._turn is None:
            return self._totals[-1]
        return self._totals[bisect_left(self._turns, self._turn(candidate))]


def _distance(compiled: CompiledReward, total: Minor, quantity: int) -> int:
    """Return how much is missing, in ten-thousandths of what is needed, rounded up; 0 if nothing is."""
    most = 0
    for needed, there in ((compiled.from_total, total), (compiled.from_quantity, quantity)):
        if needed is not None and needed > there:
            most = max(most, -((there - needed) * _WHOLE // max(needed, 1)))
    return most


def _hint(candidate: Candidate, total: Minor, quantity: int) -> Hint:
    compiled = candidate.compiled
    amount = 0 if compiled.from_total is None else max(compiled.from_total - total, 0)
    units = 0 if compiled.from_quantity is None else max(compiled.from_quantity - quantity, 0)
    program = candidate.offer.version.program_id
    return Hint(program, candidate.key, compiled.reward.name, amount or None, units or None)


def _goes_together(candidate: Candidate, attempt: Attempt, bill: Bill) -> bool:
    """Whether a reward goes with those that apply, or is exclusive and would keep them out."""
    exclusive = any(one.compiled.combines is Combines.EXCLUSIVE for one in attempt.applied)
    takes_over = candidate.compiled.combines is Combines.EXCLUSIVE and not exclusive
    return takes_over or kept_out(candidate, attempt.applied, bill.stacking) is None


def _would_help(candidate: Candidate, attempt: Attempt, bill: Bill) -> bool:
    """Whether nothing but its thresholds keeps a reward from taking something off."""
    compiled, cart = candidate.compiled, attempt.cart
    nets = judged_amounts(cart, candidate, bill)
    snapshot = candidate.offer.snapshot
    if compiled.besides is not None and not compiled.besides(bill.at, bill.order, nets, {}, snapshot):
        return False
    cart = cart.copy()
    counted = candidate.counts and bool(compiled.bounds)
    takes = None if counted else would_take(cart, candidate, bill)
    if takes is not None:
        return takes
    work(cart, candidate, bill)
    discount = sum([take.amount for take in cart.takes[len(attempt.cart.takes) :]])
    if not discount and len(cart.added) == len(attempt.cart.added):
        return False
    if not counted:
        return True
    limited = attempt.limited[candidate.offer.version.program_id].copy()
    return limited.use(compiled.bounds, Use(times=1, discount=discount, order_value=sum(nets))) is None
