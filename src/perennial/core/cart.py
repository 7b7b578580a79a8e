"""A cart while it is priced: what each line still costs, and which reward took what off it.

All amounts are minor units of the program's currency. Nothing ever costs less than its floor, and a
discount that does not fit on one line moves to the others as far as they have room.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from perennial.core.order import Line, Order, line_ids, net_amounts
from perennial.units import Minor, allocate

SHIPPING = -1
"""The place of the shipping cost, where others are positions of lines."""

MAX_UNITS = 10_000
"""The most units of a line that are looked at one by one."""


class Take(msgspec.Struct, frozen=True, gc=False):
    """The reward at place ``taker`` took ``amount`` off the line at ``line`` (or off the shipping)."""

    taker: int
    line: int
    amount: Minor


class Cart(msgspec.Struct):
    """The working state of a price calculation.

    ``initial`` is what each line costs before any reward, ``left`` what is left of it, ``least`` what
    it costs at least; ``base`` is what percents look at. ``may_take`` is how much may still be taken
    off lines and shipping together. ``units`` splits the lines that were looked at unit by unit.
    ``taker`` is the place of the reward at work, ``added`` the lines that rewards added, with the
    place of the reward.
    """

    lines: list[Line]
    ids: list[str]
    initial: list[Minor]
    left: list[Minor]
    least: list[Minor]
    base: list[Minor]
    shipping: Minor
    shipping_left: Minor
    shipping_base: Minor
    may_take: Minor
    units: dict[int, list[Minor]]
    takes: list[Take]
    added: dict[int, int]
    taker: int = 0

    def copy(self) -> Cart:
        """Return a cart that can be changed without changing this one."""
        return Cart(
            self.lines[:],
            self.ids[:],
            self.initial[:],
            self.left[:],
            self.least[:],
            self.base[:],
            self.shipping,
            self.shipping_left,
            self.shipping_base,
            self.may_take,
            {line: units[:] for line, units in self.units.items()},
            self.takes[:],
            dict(self.added),
            self.taker,
        )

    def total(self) -> Minor:
        """Return what all lines together still cost, without shipping."""
        return sum(self.left)

    def taken(self) -> Minor:
        """Return everything that rewards took off lines and shipping."""
        return sum([take.amount for take in self.takes])

    def taken_by(self, taker: int) -> Minor:
        """Return what one reward took off lines and shipping."""
        return sum([take.amount for take in self.takes if take.taker == taker])

    def room(self, line: int) -> Minor:
        """Return how much may still be taken off a line."""
        return min(max(self.left[line] - self.least[line], 0), self.may_take)

    def take(self, line: int, amount: Minor) -> Minor:
        """Take up to ``amount`` off a line; return how much that was."""
        taken = min(amount, self.room(line))
        if taken <= 0:
            return 0
        units = self.units.get(line)
        if units is not None:
            shares = allocate(taken, units)
            self.units[line] = [unit - share for unit, share in zip(units, shares, strict=True)]
        self._note(line, taken)
        return taken

    def take_unit(self, line: int, unit: int, amount: Minor) -> Minor:
        """Take up to ``amount`` off one unit of a line; return how much that was."""
        units = self.units_of(line)
        floor = self.least[line] // max(len(units), 1)
        taken = min(amount, max(units[unit] - floor, 0), self.room(line))
        if taken <= 0:
            return 0
        units[unit] -= taken
        self._note(line, taken)
        return taken

    def units_of(self, line: int) -> list[Minor]:
        """Return what each unit of a line still costs, the earlier ones no less than the later.

        A line of more than :data:`MAX_UNITS` units, or without a positive price, has none.
        """
        units = self.units.get(line)
        if units is None:
            quantity = self.lines[line].quantity
            countable = 0 < quantity <= MAX_UNITS and self.left[line] >= 0
            units = allocate(self.left[line], [1] * quantity) if countable else []
            self.units[line] = units
        return units

    def spread(self, amount: Minor, lines: Iterable[int]) -> Minor:
        """Take ``amount`` off the lines together, in proportion to what they still cost.

        Largest remainder, ties to the earlier line. What a line has no room for moves to the others;
        what fits nowhere is dropped. Returns how much was taken.
        """
        remaining = min(amount, self.may_take)
        placed = 0
        open_lines = [line for line in lines if self.room(line) > 0]
        while remaining > 0 and open_lines:
            shares = allocate(remaining, [self.left[line] for line in open_lines])
            for line, share in zip(open_lines, shares, strict=True):
                taken = self.take(line, share)
                placed += taken
                remaining -= taken
            open_lines = [line for line in open_lines if self.room(line) > 0]
        return placed

    def take_shipping(self, amount: Minor) -> Minor:
        """Take up to ``amount`` off the shipping cost; return how much that was."""
        taken = min(amount, self.shipping_left, self.may_take)
        if taken <= 0:
            return 0
        self.shipping_left -= taken
        self.may_take -= taken
        self.takes.append(Take(self.taker, SHIPPING, taken))
        return taken

    def add(self, line: Line) -> int:
        """Add a line to the cart on behalf of the reward at work; return its position."""
        position = len(self.lines)
        self.lines.append(line)
        self.ids.append(line.id or str(position + 1))
        for amounts in (self.initial, self.left, self.base):
            amounts.append(line.net)
        self.least.append(0)
        self.added[position] = self.taker
        return position

    def judged(self, order: Order) -> Order:
        """Return ``order`` with the lines that were added."""
        if not self.added:
            return order
        return msgspec.structs.replace(order, lines=tuple(self.lines))

    def _note(self, line: int, taken: Minor) -> None:
        self.left[line] -= taken
        self.may_take -= taken
        self.takes.append(Take(self.taker, line, taken))


def cart_of(order: Order, *, covers_cost: bool = False) -> Cart:
    """Return the cart of an order whose amounts are in the program's currency.

    With ``covers_cost`` no line that has a cost is sold below it.
    """
    nets = net_amounts(order)
    return Cart(
        lines=list(order.lines),
        ids=line_ids(order),
        initial=nets[:],
        left=nets[:],
        least=[_least(line, covers_cost=covers_cost) for line in order.lines],
        base=nets[:],
        shipping=order.shipping,
        shipping_left=order.shipping,
        shipping_base=order.shipping,
        may_take=sum(max(net, 0) for net in nets) + order.shipping,
        units={},
        takes=[],
        added={},
    )


def _least(line: Line, *, covers_cost: bool) -> Minor:
    cost = line.cost or 0 if covers_cost else 0
    return max((line.floor or 0) * line.quantity, cost)


def cheapest_first(prices: Sequence[Minor]) -> list[int]:
    """Return the positions of ``prices`` from the smallest to the largest; ties to the earlier one."""
    return sorted(range(len(prices)), key=prices.__getitem__)
