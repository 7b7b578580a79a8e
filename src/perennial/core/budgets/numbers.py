"""Under which number a budget is kept for an order or event: one row per budget, or per holder of it.

A budget in total has the limit's own number. One per location or attribute has a number for each value
that orders and events bring; a hash, so that nothing about a person stands in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from perennial.core.conditions.scope import attributes_of
from perennial.core.events import Event, OrderPaid, OrderReturned, RewardEarned
from perennial.core.orders.order import Order, Scalar
from perennial.core.terms.limits import Holder
from perennial.core.version import CompiledLimit, Version
from perennial.units import stable_hash

Numbers: TypeAlias = tuple[int | None, ...]
"""The number of each of a version's budgets, in their order; None where the holder is not known."""

_NOTHING: Mapping[str, Scalar] = {}


def budget_numbers(version: Version, event: Event) -> Numbers:
    """Return the numbers of the version's budgets for what ``event`` brings."""
    if not version.has_holders:
        return version.budget_numbers
    if isinstance(event, OrderPaid | OrderReturned):
        return numbers_of_order(version, event.order)
    if isinstance(event, RewardEarned):
        return _numbers(version, event.order, event.attributes)
    return _numbers(version, None, attributes_of(event))


def numbers_of_order(version: Version, order: Order | None) -> Numbers:
    """Return the numbers of the version's budgets for an order or cart; None is no order at all."""
    if not version.has_holders:
        return version.budget_numbers
    return _numbers(version, order, _NOTHING if order is None else order.attributes)


def holder_of(budget: CompiledLimit, order: Order | None, attributes: Mapping[str, Scalar]) -> str | None:
    """Return who holds a budget that is not a total: a location, or the text of an attribute."""
    if budget.holder is Holder.LOCATION:
        return None if order is None else order.location
    value = attributes.get(budget.attribute or "")
    return None if value is None or value == "" else str(value)


def number_of(budget: CompiledLimit, holder: str) -> int:
    """Return the number under which ``holder``'s part of a budget is kept."""
    return stable_hash("holder", budget.number, holder)


def _numbers(version: Version, order: Order | None, attributes: Mapping[str, Scalar]) -> Numbers:
    numbers: list[int | None] = []
    for budget in version.budgets:
        if budget.holder is Holder.TOTAL:
            numbers.append(budget.number)
            continue
        holder = holder_of(budget, order, attributes)
        numbers.append(None if holder is None else number_of(budget, holder))
    return tuple(numbers)
