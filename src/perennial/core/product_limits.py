"""Limits of units that every product has by itself: under which number each is kept, and what is used.

A product is its sku. Its part of a limit is a limit or budget of its own with the cap of the whole; a
program that has no such limit pays nothing for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from perennial.core.member import Member
from perennial.core.order import Order
from perennial.core.today import Today
from perennial.core.version import Bound, CompiledLimit, Version
from perennial.units import stable_hash


def product_number(limit: CompiledLimit, sku: str) -> int:
    """Return the number under which the part of a limit is kept that one product has."""
    return stable_hash("product", limit.number, sku)


def products_of(version: Version, order: Order | None) -> tuple[str, ...]:
    """Return the products whose parts of limits an order may use: its own, and those that rewards add."""
    if not version.limits_by_product or order is None:
        return ()
    return tuple(dict.fromkeys([*(line.sku for line in order.lines), *version.products_given]))


def parts_of_products(
    version: Version, today: Today, order: Order | None
) -> Iterator[tuple[Bound, CompiledLimit, int, str]]:
    """Yield the limits by product that an order may use: each with its period and one of the products."""
    products = products_of(version, order)
    for bound in version.limits_by_product if products else ():
        limits, periods = (version.budgets, today.budgets) if bound.total else (version.limits, today.limits)
        for sku in products:
            yield bound, limits[bound.index], periods[bound.index], sku


def product_uses(
    version: Version,
    member: Member,
    spent: Mapping[tuple[int, int], int],
    today: Today,
    order: Order | None,
) -> dict[int, int]:
    """Return what is used of the part of every product that the order may use, by the number of the part.

    ``spent`` maps (number of a budget, period) to what all members used.
    """
    uses: dict[int, int] = {}
    for bound, limit, period, sku in parts_of_products(version, today, order):
        number = product_number(limit, sku)
        uses[number] = (
            spent.get((number, period), 0) if bound.total else member.limits.get(number, {}).get(period, 0)
        )
    return uses
