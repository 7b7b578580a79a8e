"""Limits of units that every product has by itself: under which number each is kept, and what is used.

A product is its sku. Its part of a limit is a limit or budget of its own with the cap of the whole; a
program that has no such limit pays nothing for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from perennial.core.member import Member
from perennial.core.orders.order import Order
from perennial.core.today import Today
from perennial.core.version import Bound, CompiledLimit, Version
from perennial.units import stable_hash


def product_number(limit: CompiledLimit, sku: str) -> int:
    """Return the number under which the part of a limit is kept that one product has."""
    return stable_hash("product", limit.number, sku)


def has_limits_by_product(version: Version) -> bool:
    """Whether a version has such a limit at all."""
    return bool(_of(version).bounds)


def parts_of_products(
    version: Version, today: Today, order: Order | None
) -> Iterator[tuple[Bound, CompiledLimit, int, str]]:
    """Yield the limits by product that an order may use: each with its period and one of the products.

    The products are those of the order, and those that rewards with such a limit add to it.
    """
    found = _of(version)
    if not found.bounds or order is None:
        return
    products = dict.fromkeys([*(line.sku for line in order.lines), *found.given])
    for bound in found.bounds:
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
        people = (member, *member.others) if limit.pooled else (member,)
        uses[number] = (
            spent.get((number, period), 0)
            if bound.total
            else sum([each.limits.get(number, {}).get(period, 0) for each in people])
        )
    return uses


class _ByProduct(msgspec.Struct, frozen=True):
    """The limits that every product has by itself, and the products that rewards add which have one."""

    bounds: tuple[Bound, ...]
    given: tuple[str, ...]


def _of(version: Version) -> _ByProduct:
    known: _ByProduct | None = version.by_product
    if known is None:
        known = version.by_product = _find(version)
    return known


def _find(version: Version) -> _ByProduct:
    bounds = tuple(
        Bound(total, index, limit)
        for total, limits in ((False, version.limits), (True, version.budgets))
        for index, limit in enumerate(limits)
        if limit.by_product
    )
    added = (
        given.benefit.adds()
        for one in (version.rewards.values() if bounds else ())
        if not set(bounds).isdisjoint(one.bounds)
        for gives in (one.gives, *one.gives_by_tier.values())
        for given in gives
    )
    return _ByProduct(bounds, tuple(dict.fromkeys(sku for sku in added if sku is not None)))
