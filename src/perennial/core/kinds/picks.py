"""Which of the chosen lines, or of their units, a reward is for: the cheapest, every second, three at most.

Units that cost nothing (a sample, what another reward made free) are never picked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from perennial.core.orders.cart import Cart, spread_over
from perennial.units import MAX_AMOUNT, Minor

_Priced = TypeVar("_Priced")

Count = Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]


class By(StrEnum):
    """In which order units or lines are picked; of equal prices the earlier line comes first."""

    LINE = "line"
    CHEAPEST = "cheapest"
    DEAREST = "dearest"


class Share(StrEnum):
    """By what an amount off several lines or units is shared: by what they cost, or by their number."""

    AMOUNT = "amount"
    QUANTITY = "quantity"


class Pick(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Which units are meant (or lines, where the reward works on lines).

    In the order ``by``, after ``skip`` of them, the first of each ``every``; at most ``most_per_line`` of a
    line and ``most`` in all; and of these only complete ``groups_of`` so many.
    """

    by: By = By.LINE
    skip: Annotated[int, Meta(ge=0, le=MAX_AMOUNT)] = 0
    every: Count = 1
    most_per_line: Count | None = None
    most: Count | None = None
    groups_of: Count = 1


ALL = Pick()
"""The pick of everything."""


class Units(msgspec.Struct, frozen=True, gc=False):
    """``count`` units of a line that count ``price`` each."""

    line: int
    price: Minor
    count: int


def units_on(cart: Cart, lines: Iterable[int]) -> list[Units]:
    """Return the units of these lines that cost something, in the order of the lines."""
    return [Units(line, run.base, run.count) for line in lines for run in cart.units_of(line) if run.base > 0]


def in_order(units: Iterable[_Priced], by: By, price: Callable[[_Priced], Minor | Fraction]) -> list[_Priced]:
    """Return units (or lines) in the order in which they are picked."""
    if by is By.LINE:
        return list(units)
    sign = 1 if by is By.CHEAPEST else -1
    return sorted(units, key=lambda one: sign * price(one))


def first(units: Iterable[Units], count: int) -> list[Units]:
    """Return the first ``count`` of the units."""
    found = []
    for one in units:
        chosen = min(one.count, count)
        count -= chosen
        if chosen > 0:
            found.append(Units(one.line, one.price, chosen))
    return found


def allowed(cart: Cart, units: list[Units], most: int | None = None, groups_of: int = 1) -> list[Units]:
    """Return the first ``most`` of the units for which limits have room, in whole groups, and count them.

    What a limit keeps out makes room for the units behind it.
    """
    whole = count_of(units)
    wanted = whole if most is None else min(whole, most)
    wanted -= wanted % groups_of
    room = cart.units_room
    if room is None:
        return units if wanted == whole else first(units, wanted)
    found = []
    trial, count = room.copy(), wanted
    for one in units:
        fits = trial.take(cart.lines[one.line].sku, min(one.count, count))
        count -= fits
        if fits:
            found.append(Units(one.line, one.price, fits))
    count = count_of(found)
    found = first(found, count - count % groups_of)
    for one in found:
        room.take(cart.lines[one.line].sku, one.count)
    room.miss(wanted - count_of(found), trial.cut_by)
    return found


def without(units: Iterable[Units], taken: Iterable[Units]) -> list[Units]:
    """Return the units that are left when ``taken`` are gone; the order stays."""
    gone: dict[tuple[int, Minor], int] = {}
    for one in taken:
        gone[one.line, one.price] = gone.get((one.line, one.price), 0) + one.count
    found = []
    for one in units:
        lost = min(one.count, gone.get((one.line, one.price), 0))
        if lost:
            gone[one.line, one.price] -= lost
        if one.count > lost:
            found.append(Units(one.line, one.price, one.count - lost))
    return found


def count_of(units: Iterable[Units]) -> int:
    """Return how many units there are."""
    return sum(one.count for one in units)


def picked_units(cart: Cart, lines: Iterable[int], pick: Pick | None) -> list[Units]:
    """Return the units of the lines that ``pick`` names, in the order of the lines."""
    units = units_on(cart, lines)
    if pick is None:
        return allowed(cart, units)
    kept: list[Units] = []
    of_line: dict[int, int] = {}
    place = -pick.skip
    for one in in_order(units, pick.by, lambda one: one.price):
        hits = _hits(place, one.count, pick.every)
        place += one.count
        if pick.most_per_line is not None:
            hits = min(hits, pick.most_per_line - of_line.get(one.line, 0))
            of_line[one.line] = of_line.get(one.line, 0) + hits
        if hits > 0:
            kept.append(Units(one.line, one.price, hits))
    return sorted(allowed(cart, kept, pick.most, pick.groups_of), key=lambda one: one.line)


def picked_lines(cart: Cart, lines: Iterable[int], pick: Pick | None) -> Sequence[int]:
    """Return which of the lines ``pick`` names, ascending; they are ordered by the price of one unit."""
    if pick is None:
        return list(lines)

    def unit_price(line: int) -> Fraction:
        return Fraction(cart.base[line], cart.lines[line].quantity)

    eligible = [line for line in lines if cart.base[line] > 0 and cart.lines[line].quantity > 0]
    kept = in_order(eligible, pick.by, unit_price)[pick.skip :: pick.every][: pick.most]
    return sorted(kept[: len(kept) - len(kept) % pick.groups_of])


def take_each(cart: Cart, units: Iterable[Units], amount: Callable[[Units], Minor]) -> Minor:
    """Take an amount off each of the units, not more than it costs; return how much was taken."""
    return sum([cart.take_units(one.line, one.price, [(one.count, amount(one))]) for one in units])


def take_together(cart: Cart, units: Units, amount: Minor) -> Minor:
    """Take ``amount`` off equal units, the same off each as far as that is possible; return how much."""
    each, more = divmod(amount, units.count)
    return cart.take_units(units.line, units.price, [(more, each + 1), (units.count - more, each)])


def spread_units(cart: Cart, units: Sequence[Units], amount: Minor, share_by: Share) -> Minor:
    """Take ``amount`` off the units together; return how much was taken.

    Largest remainder, ties to the earlier line; what some have no room for moves to the others.
    """

    def room(one: Units) -> Minor:
        left = sum(
            max(run.left - cart.floor(one.line), 0) * run.count
            for run in cart.units_of(one.line)
            if run.base == one.price
        )
        return min(left, cart.room(one.line))

    def weight(one: Units) -> int:
        return one.count if share_by is Share.QUANTITY else one.count * one.price

    def take(one: Units, share: Minor) -> Minor:
        return take_together(cart, one, share)

    amount = min(amount, cart.goods_room, cart.may_take)
    return spread_over(units, amount, room, weight, take)


def worth_of(units: Iterable[Units]) -> Minor:
    """Return what the units count together."""
    return sum(one.price * one.count for one in units)


def _hits(place: int, count: int, every: int) -> int:
    """Return how many of ``count`` places from ``place`` on are not negative and multiples of ``every``."""
    start = max(place, 0)
    end = place + count
    return max(-(-end // every) - -(-start // every), 0)
