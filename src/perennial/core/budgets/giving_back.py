"""What a canceled order, a full return, or a rollback gives back to limits and budgets.

What was used is given back in the period, and on the day, in which it was used, and never more than is
noted as used there: a limit may have been changed or renamed since. A customer who took part several
times keeps the place among the first so many until the last of these is given back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from perennial.core.budgets.numbers import Numbers
from perennial.core.effects import UseBudget, UseLimit
from perennial.core.member import Member
from perennial.core.terms.limits import Counted, Holder, Use
from perennial.core.today import today_of
from perennial.core.version import Bound, Version
from perennial.units import Instant


def give_back(
    version: Version,
    member: Member | None,
    spent: Mapping[tuple[int, int], int],
    at: Instant,
    numbers: Numbers,
    uses: Iterable[tuple[tuple[Bound, ...], Use]],
) -> list[UseLimit | UseBudget]:
    """Return the effects that give ``uses`` of one decision at ``at`` back, each with the bounds it met.

    ``numbers`` are those of the budgets for the order or event that was decided, ``spent`` maps (number
    of a budget, period) to what all members used; the member is None for a guest.
    """
    today = today_of(version, at)
    used = {} if member is None else member.limits
    effects: list[UseLimit | UseBudget] = []

    def of_member(index: int, amount: int) -> int | None:
        """Give back to a limit of the member; return what is left of its use, or None if nothing was used."""
        limit, period = version.limits[index], today.limits[index]
        noted = used.get(limit.number, {}).get(period, 0)
        back = min(amount, noted)
        if back <= 0:
            return None
        effects.append(UseLimit(limit.number, period, -back, limit.cap))
        return noted - back

    def of_all(index: int, amount: int) -> None:
        """Give back to a budget."""
        budget, period, number = version.budgets[index], today.budgets[index], numbers[index]
        if number is None:
            return
        back = min(amount, spent.get((number, period), 0))
        if back > 0:
            day = today.day if budget.holder is Holder.TOTAL else 0
            effects.append(UseBudget(number, period, -back, budget.cap, day))

    for bound, amount in _amounts(version, uses).items():
        if not bound.total:
            of_member(bound.index, amount)
            continue
        marker = version.budgets[bound.index].marker
        if marker is None:
            of_all(bound.index, amount)
        elif of_member(marker, amount) == 0:
            of_all(bound.index, 1)
    return effects


def _amounts(version: Version, uses: Iterable[tuple[tuple[Bound, ...], Use]]) -> dict[Bound, int]:
    """Return what the uses took of each bound; of a limit of customers, how often they took part."""
    amounts: dict[Bound, int] = {}
    for bounds, use in uses:
        for bound in bounds:
            limit = (version.budgets if bound.total else version.limits)[bound.index]
            if not limit.comes_back:
                continue
            before = amounts.get(bound, 0)
            if limit.counts is Counted.ORDER_VALUE:
                amounts[bound] = max(before, use.order_value)
            elif limit.counts is Counted.CUSTOMERS:
                amounts[bound] = before + use.times
            else:
                amounts[bound] = before + use.of(limit.counts)
    return amounts
