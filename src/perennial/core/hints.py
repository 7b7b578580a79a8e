"""What an order just misses: rewards that it would have if it were a little larger."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from perennial.core.benefit import Base
from perennial.core.cart import SHIPPING
from perennial.core.combining import kept_out
from perennial.core.limits import Use
from perennial.core.price import Attempt, Bill, Candidate, Offer, candidate_of, judged_amounts, work
from perennial.core.stack import turn
from perennial.core.stacking import Combines
from perennial.core.version import CompiledReward
from perennial.units import Minor

MOST = 5
"""So many hints a quote has at most."""

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
    """Return what the order misses least, in parts of what is needed; at most :data:`MOST`."""
    if not near:
        return ()
    initial = sum(attempt.cart.initial[: len(bill.order.lines)])
    quantity = sum([line.quantity for line in bill.order.lines])
    # No reward can look at more than the initial total, so no hint is nearer than it seems by that.
    by_distance = sorted(
        [(_distance(one.compiled, initial, quantity), place) for place, one in enumerate(near)]
    )
    found: list[tuple[int, int, Hint]] = []
    for distance, place in by_distance:
        if len(found) == MOST and distance >= found[-1][0]:
            break
        one = near[place]
        candidate = one.candidate or candidate_of(-1, offers, one.home, one.compiled)
        total = (
            initial if one.compiled.reward.judged_on is Base.INITIAL else _total_at(candidate, attempt, bill)
        )
        hint = _hint(candidate, total, quantity)
        if hint is not None and _would_help(candidate, attempt, bill):
            found.append((_distance(one.compiled, total, quantity), place, hint))
            found = sorted(found, key=lambda one: one[:2])[:MOST]
    return tuple([hint for _, _, hint in found])


def _distance(compiled: CompiledReward, total: Minor, quantity: int) -> int:
    """Return how much is missing, in ten-thousandths of what is needed."""
    return max(
        [
            (needed - there) * _WHOLE // max(needed, 1)
            for needed, there in ((compiled.from_total, total), (compiled.from_quantity, quantity))
            if needed is not None
        ],
        default=0,
    )


def _hint(candidate: Candidate, total: Minor, quantity: int) -> Hint | None:
    compiled = candidate.compiled
    amount = max((compiled.from_total or 0) - total, 0) if compiled.from_total is not None else 0
    units = max((compiled.from_quantity or 0) - quantity, 0)
    if not amount and not units:
        return None
    program = candidate.offer.version.program_id
    return Hint(program, candidate.key, compiled.reward.name, amount or None, units or None)


def _total_at(candidate: Candidate, attempt: Attempt, bill: Bill) -> Minor:
    """Return what the lines of the order cost when it is the candidate's turn."""
    lines = len(bill.order.lines)
    key = turn(bill)
    before = {one.place for one in attempt.applied if key is None or key(one) < key(candidate)}
    total = sum(attempt.cart.initial[:lines])
    return total - sum(
        [
            take.amount
            for take in attempt.cart.takes
            if take.taker in before and take.line != SHIPPING and take.line < lines
        ]
    )


def _would_help(candidate: Candidate, attempt: Attempt, bill: Bill) -> bool:
    """Whether nothing but its thresholds keeps a reward from taking something off."""
    compiled, cart = candidate.compiled, attempt.cart
    nets = judged_amounts(cart, candidate, bill)
    snapshot = candidate.offer.snapshot
    if compiled.besides is not None and not compiled.besides(bill.at, bill.order, nets, {}, snapshot):
        return False
    exclusive = any(one.combines is Combines.EXCLUSIVE for one in attempt.applied)
    takes_over = candidate.combines is Combines.EXCLUSIVE and not exclusive
    if not takes_over and kept_out(candidate, attempt.applied, bill.stacking) is not None:
        return False
    cart = cart.copy()
    work(cart, candidate, bill)
    discount = cart.taken() - attempt.cart.taken()
    if not discount and len(cart.added) == len(attempt.cart.added):
        return False
    if not candidate.counts or not compiled.bounds:
        return True
    limited = attempt.limited[candidate.offer.version.program_id].copy()
    return limited.use(compiled.bounds, Use(times=1, discount=discount, order_value=sum(nets))) is None
