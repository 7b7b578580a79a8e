"""Baskets: the part of an event that an earning rule looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perennial.core.kinds.rule import Basis, Basket
from perennial.core.orders.order import Order, Scalar
from perennial.units import Minor


def basis_amounts(basis: Basis, order: Order, nets: list[Minor]) -> list[Minor]:
    """Return what each line of the order counts by ``basis``; ``nets`` are its net amounts."""
    if basis is Basis.NET:
        return nets
    if basis is Basis.LINE_NET:
        return [line.amount - line.discount for line in order.lines]
    return [line.amount for line in order.lines]


def basket_of_all(amounts: Sequence[Minor], units: Sequence[int]) -> Basket:
    """Return the basket of all lines of an order, with these amounts and quantities."""
    shares = [max(amount, 0) for amount in amounts] if amounts and min(amounts) < 0 else amounts
    return Basket(range(len(amounts)), amounts, units, sum(amounts), shares)


def basket_of_lines(indexes: Sequence[int], amounts: Sequence[Minor], units: Sequence[int]) -> Basket:
    """Return the basket of the lines at ``indexes``."""
    shares = [0] * len(amounts)
    total = 0
    for index in indexes:
        amount = amounts[index]
        total += amount
        if amount > 0:
            shares[index] = amount
    return Basket(indexes, amounts, units, total, shares)


def basket_of_event(attributes: Mapping[str, Scalar]) -> Basket:
    """Return the basket of an event that is no order."""
    return Basket(attributes=attributes)


NOTHING = Basket()
"""The basket of a rule that looks at nothing: a fixed number of points."""
