"""Percentages off the order, lines, units and shipping: what they give, how it is rounded and shared."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from perennial.core.kinds.benefit import Level
from perennial.core.kinds.picks import (
    Pick,
    Share,
    Units,
    picked_lines,
    picked_units,
    spread_units,
    take_together,
    worth_of,
)
from perennial.core.kinds.rule import ONE
from perennial.core.orders.cart import Cart
from perennial.core.problems import Problem
from perennial.core.terms.money import Cap
from perennial.units import Minor, allocate


class Target(StrEnum):
    """What a percentage is taken off."""

    ORDER = "order"
    LINES = "lines"
    UNITS = "units"
    SHIPPING = "shipping"

    @property
    def level(self) -> Level:
        """The level at which that is."""
        if self is Target.SHIPPING:
            return Level.SHIPPING
        return Level.ORDER if self is Target.ORDER else Level.ITEMS


_WHOLE = 100 * ONE
_HALF = _WHOLE // 2


def part_of(amount: Minor, percent: int) -> Minor:
    """Return a percentage (in ten-thousandths of it) of an amount: rounded half up, never below 0."""
    return (amount * percent + _HALF) // _WHOLE if amount > 0 else 0


def within(amounts: Sequence[Minor], most: Minor | None) -> Sequence[Minor]:
    """Return the amounts, or, if they are more than ``most`` together, their shares of it."""
    if most is None or sum(amounts) <= most:
        return amounts
    return allocate(most, amounts)


def take_percentage(
    cart: Cart,
    lines: Sequence[int],
    percent: int,
    target: Target,
    *,
    pick: Pick | None,
    share_by: Share | None,
    most: Cap | None,
) -> Minor:
    """Take a percentage (in ten-thousandths of it) of what ``cart.base`` says; return how much was taken.

    Off the order, or if it is shared, it is rounded once; else line by line. It gives at most ``most``.
    """
    if target is Target.SHIPPING:
        return cart.take_shipping(_at_most(part_of(cart.shipping_base, percent), most))
    if target is Target.UNITS:
        units = picked_units(cart, lines, pick)
        if share_by is None:
            return take_percent(cart, units, percent, most)
        return spread_units(cart, units, _at_most(part_of(worth_of(units), percent), most), share_by)
    chosen = picked_lines(cart, lines, pick)
    if target is Target.ORDER or share_by is not None:
        base = cart.base
        amount = _at_most(part_of(sum([base[line] for line in chosen]), percent), most)
        return cart.spread(amount, chosen, by_quantity=share_by is Share.QUANTITY)
    shares = within([part_of(cart.base[line], percent) for line in chosen], most)
    return sum([cart.take(line, share) for line, share in zip(chosen, shares, strict=True)])


def takes_percentage(
    cart: Cart,
    lines: Sequence[int],
    percent: int,
    target: Target,
    *,
    pick: Pick | None,
    share_by: Share | None,
    most: Cap | None,
) -> bool | None:
    """Whether :func:`take_percentage` would take anything; None where only trying tells."""
    if target is Target.SHIPPING:
        amount = _at_most(part_of(cart.shipping_base, percent), most)
        return min(amount, cart.shipping_left, cart.may_take) > 0
    if pick is not None or share_by is not None:
        return None
    base = cart.base
    if target is Target.ORDER:
        amount = _at_most(part_of(sum([base[line] for line in lines]), percent), most)
        return cart.can_spread(amount, lines)
    if target is Target.LINES and most is None:
        return any(part_of(base[line], percent) > 0 and cart.room(line) > 0 for line in lines)
    return None


def take_percent(cart: Cart, units: Sequence[Units], percent: int, most: Minor | None = None) -> Minor:
    """Take a percentage (in ten-thousandths of it) off the units; return how much was taken.

    It is rounded once for the units of a line together. It gives at most ``most`` in all.
    """
    by_line: dict[int, list[Units]] = {}
    for one in units:
        by_line.setdefault(one.line, []).append(one)
    shares = within([part_of(worth_of(of_line), percent) for of_line in by_line.values()], most)
    taken = 0
    for of_line, share in zip(by_line.values(), shares, strict=True):
        parts = allocate(share, [worth_of([one]) for one in of_line])
        taken += sum([take_together(cart, one, part) for one, part in zip(of_line, parts, strict=True)])
    return taken


def check_percentage(target: Target, pick: Pick | None, share_by: Share | None) -> list[Problem]:
    """Return what does not go together."""
    problems = []
    if target is Target.SHIPPING:
        for name, given in (("pick", pick), ("share_by", share_by)):
            if given is not None:
                problems.append(Problem(name, "not_used", "the shipping cost has no lines and no units"))
    if pick is not None and pick.most_per_line is not None and target in (Target.ORDER, Target.LINES):
        words = "this counts units of a line: use it with target: units"
        problems.append(Problem("pick.most_per_line", "not_used", words))
    return problems


def _at_most(amount: Minor, most: Minor | None) -> Minor:
    return amount if most is None else min(amount, most)
