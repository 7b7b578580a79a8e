"""A cart while it is priced: what each line still costs, and which reward took what off it.

All amounts are minor units of the program's currency. Nothing ever costs less than its floor, the lines
together never less than nothing, and a discount that does not fit on one line moves to the others as far
as they have room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from perennial.core.orders.order import Line, Order, line_ids, net_amounts
from perennial.core.orders.unit_prices import Runs, rebased, remove, split, take_evenly, take_off
from perennial.units import Minor, allocate

SHIPPING = -1
"""The place of the shipping cost, where others are positions of lines."""

_Part = TypeVar("_Part")


class Take(msgspec.Struct, frozen=True, gc=False):
    """The reward at place ``taker`` took ``amount`` off the line at ``line`` (or off the shipping)."""

    taker: int
    line: int
    amount: Minor


class UnitsRoom(msgspec.Struct):
    """How many units the reward at work may still make cheaper, where limits count them.

    ``left`` is how many of all; ``of_product`` returns how many of a product, before the reward began, and
    the words of the limit that says so. ``hit`` counts those that it has made cheaper by product, ``cut``
    those that it would have besides, and ``cut_by`` are the words of the limit that leaves fewest.
    """

    left: int
    cut_by: str = ""
    of_product: Callable[[str], tuple[int, str]] | None = None
    hit: dict[str, int] = msgspec.field(default_factory=dict)
    cut: int = 0

    def take(self, sku: str, count: int) -> int:
        """Count up to ``count`` units of a product as cheaper; return how many fit."""
        fits = min(count, self.left)
        if self.of_product is not None:
            there, words = self.of_product(sku)
            room = max(there - self.hit.get(sku, 0), 0)
            if room < fits:
                fits, self.cut_by = room, words
        self.left -= fits
        self.hit[sku] = self.hit.get(sku, 0) + fits
        self.cut += count - fits
        return fits

    def miss(self, count: int, cut_by: str) -> None:
        """Note that ``count`` more units would be cheaper, and the words of the limit that keeps them out."""
        if count:
            self.cut += count
            self.cut_by = cut_by

    def copy(self) -> UnitsRoom:
        """Return the same room, to try out what fits."""
        return UnitsRoom(self.left, self.cut_by, self.of_product, self.hit.copy())


class Cart(msgspec.Struct):
    """The working state of a price calculation.

    ``initial`` is what each line costs before any reward, ``left`` what is left of it, ``least`` what
    it costs at least; ``base`` is what the reward at work looks at. ``goods_room`` is how much may still
    be taken off all lines together, ``may_take`` off lines and shipping together. ``units`` splits the
    lines that were looked at unit by unit. ``taker`` is the place of the reward at work, ``added`` the
    lines that rewards added, with the place of the reward. Where limits count units, ``units_room`` counts
    what the reward at work makes cheaper.

    Copies share everything but ``left``, ``takes`` and ``units``: the others are replaced, and never changed
    in place.
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
    goods_room: Minor
    may_take: Minor
    units: dict[int, Runs]
    takes: list[Take]
    added: dict[int, int]
    taker: int = 0
    units_room: UnitsRoom | None = None

    def copy(self) -> Cart:
        """Return a cart that can be changed without changing this one."""
        return Cart(
            self.lines,
            self.ids,
            self.initial,
            self.left[:],
            self.least,
            self.base,
            self.shipping,
            self.shipping_left,
            self.shipping_base,
            self.goods_room,
            self.may_take,
            self.units.copy(),
            self.takes[:],
            self.added,
            self.taker,
        )

    def begin(self, taker: int, *, on_initial: bool) -> None:
        """Let the reward at place ``taker`` work, on the initial amounts or on what is left of them."""
        self.taker = taker
        self.base = self.initial if on_initial else self.left[:]
        self.shipping_base = self.shipping if on_initial else self.shipping_left
        for line, runs in self.units.items():
            self.units[line] = rebased(runs, self.initial[line] if on_initial else None)

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
        return max(min(self.left[line] - self.least[line], self.goods_room, self.may_take), 0)

    def floor(self, line: int) -> Minor:
        """Return what one unit of a line costs at least."""
        return self.least[line] // max(self.lines[line].quantity, 1)

    def take(self, line: int, amount: Minor) -> Minor:
        """Take up to ``amount`` off a line; return how much that was."""
        taken = min(amount, self.room(line))
        if taken <= 0:
            return 0
        self._take(line, taken)
        return taken

    def take_units(self, line: int, base: Minor, offs: Iterable[tuple[int, Minor]]) -> Minor:
        """Take amounts off the first units of a line whose base is ``base``; return how much that was.

        ``offs`` says off how many units how much each.
        """
        runs, taken = take_off(self.units_of(line), base, offs, self.floor(line), self.room(line))
        if taken > 0:
            self.units[line] = runs
            self._note(line, taken)
        return taken

    def units_of(self, line: int) -> Runs:
        """Return the units of a line; none if it has no quantity, or costs less than nothing."""
        runs = self.units.get(line)
        if runs is None:
            runs = split(self.base[line], self.left[line], self.lines[line].quantity)
            self.units[line] = runs
        return runs

    def spread(self, amount: Minor, lines: Sequence[int], *, by_quantity: bool = False) -> Minor:
        """Take ``amount`` off the lines together, in proportion to what they still cost (or to quantity).

        Largest remainder, ties to the earlier line. What a line has no room for moves to the others;
        what fits nowhere is dropped. Returns how much was taken.
        """
        amount = min(amount, self.goods_room, self.may_take)
        if self._spread_at_once(amount, lines, by_quantity=by_quantity):
            return amount

        def weight(line: int) -> int:
            return self.lines[line].quantity if by_quantity else self.left[line]

        return spread_over(lines, amount, self.room, weight, self.take)

    def can_spread(self, amount: Minor, lines: Sequence[int]) -> bool:
        """Whether :meth:`spread`, by what the lines still cost, would take anything."""
        left, least = self.left, self.least
        return min(amount, self.goods_room, self.may_take) > 0 and any(
            left[line] > least[line] for line in lines
        )

    def _spread_at_once(self, amount: Minor, lines: Sequence[int], *, by_quantity: bool) -> bool:
        """Take the shares of an amount that fits off all lines, if each has room for its own."""
        left, least = self.left, self.least
        open_lines = [line for line in lines if left[line] > least[line]]
        if amount <= 0 or not open_lines:
            return False
        if by_quantity:
            weights = [self.lines[line].quantity for line in open_lines]
        else:
            weights = [left[line] for line in open_lines]
        shares = allocate(amount, weights)
        for line, share in zip(open_lines, shares, strict=True):
            if share > left[line] - least[line]:
                return False
        if self.units:
            for line, share in zip(open_lines, shares, strict=True):
                if share:
                    self._take(line, share)
            return True
        taker, note = self.taker, self.takes.append
        for line, share in zip(open_lines, shares, strict=True):
            if share:
                left[line] -= share
                note(Take(taker, line, share))
        self.goods_room -= amount
        self.may_take -= amount
        return True

    def take_shipping(self, amount: Minor) -> Minor:
        """Take up to ``amount`` off the shipping cost; return how much that was."""
        taken = min(amount, self.shipping_left, self.may_take)
        if taken <= 0:
            return 0
        self.shipping_left -= taken
        self.may_take -= taken
        self.takes.append(Take(self.taker, SHIPPING, taken))
        return taken

    def add(self, line: Line, gift: Minor) -> int:
        """Add a line to the cart on behalf of the reward at work; return its position.

        ``gift`` is what the reward is about to take off it: that counts against no cap of the order.
        """
        position, net = len(self.lines), line.net
        self.lines = [*self.lines, line]
        self.ids = [*self.ids, line.id or self._free_id()]
        self.initial, self.base = [*self.initial, net], [*self.base, net]
        self.left.append(net)
        self.least = [*self.least, 0]
        self.goods_room += net
        self.may_take += gift
        self.added = {**self.added, position: self.taker}
        return position

    def give_up(self, line: int, price: Minor, count: int) -> None:
        """Take ``count`` units that cost ``price`` each out of a line that no reward has made cheaper."""
        old = self.lines[line]
        given_up = price * count
        self.units[line] = remove(self.units_of(line), price, count)
        self.initial, self.base = self.initial[:], self.base[:]
        for amounts in (self.initial, self.left, self.base):
            amounts[line] -= given_up
        own_discount = old.amount - given_up - self.initial[line]
        own_discount -= own_discount * count // old.quantity
        self.least = self.least[:]
        self.least[line] -= self.least[line] * count // old.quantity
        self.goods_room -= given_up
        self.lines = self.lines[:]
        self.lines[line] = msgspec.structs.replace(
            old,
            quantity=old.quantity - count,
            amount=self.initial[line] + own_discount,
            discount=max(own_discount, 0),
            cost=None if old.cost is None else old.cost - old.cost * count // old.quantity,
        )

    def judged(self, order: Order) -> Order:
        """Return ``order`` with the lines as they are now."""
        if not self.added:
            return order
        return msgspec.structs.replace(order, lines=tuple(self.lines))

    def _free_id(self) -> str:
        number = len(self.added) + 1
        while f"added-{number}" in self.ids:
            number += 1
        return f"added-{number}"

    def _take(self, line: int, amount: Minor) -> None:
        """Take an amount off a line that has room for it."""
        runs = self.units.get(line)
        if runs:
            self.units[line] = take_evenly(runs, amount, self.floor(line))
        self._note(line, amount)

    def _note(self, line: int, taken: Minor) -> None:
        self.left[line] -= taken
        self.goods_room -= taken
        self.may_take -= taken
        self.takes.append(Take(self.taker, line, taken))


def spread_over(
    parts: Iterable[_Part],
    amount: Minor,
    room: Callable[[_Part], Minor],
    weight: Callable[[_Part], int],
    take: Callable[[_Part, Minor], Minor],
) -> Minor:
    """Let ``take`` take ``amount`` off the parts together, by weight; return how much was taken.

    Largest remainder, ties to the earlier part. What a part has no room for moves to the others; what
    fits nowhere is dropped.
    """
    placed = 0
    open_parts = [part for part in parts if room(part) > 0]
    while placed < amount and open_parts:
        shares = allocate(amount - placed, [weight(part) for part in open_parts])
        taken = [take(part, share) for part, share in zip(open_parts, shares, strict=True)]
        placed += sum(taken)
        if not any(taken):
            break
        open_parts = [part for part in open_parts if room(part) > 0]
    return placed


def cart_of(order: Order, *, covers_cost: bool = False) -> Cart:
    """Return the cart of an order whose amounts are in the program's currency.

    With ``covers_cost`` no line that has a cost is sold below it.
    """
    nets = net_amounts(order)
    goods_room = max(sum(nets), 0)
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
        goods_room=goods_room,
        may_take=goods_room + order.shipping,
        units={},
        takes=[],
        added={},
    )


def _least(line: Line, *, covers_cost: bool) -> Minor:
    cost = line.cost or 0 if covers_cost else 0
    return max((line.floor or 0) * line.quantity, cost)
