"""Limits at work: what an award or a reward may still give, and what it uses up.

One :class:`Allowances` lives for one decision. Awards pass it in the order of the document, so that
two rules which share a limit see each other's use. An award meets its rule's own limits first, then
the shared ones, its campaign's, then the caps of its wallet; each may cut it further. What a limit counts
is what was given in the end; an award of nothing uses nothing. The value of an order counts once for a
limit, however many rules or rewards took part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from perennial.core.budgets.numbers import Numbers
from perennial.core.budgets.product_limits import product_number
from perennial.core.currency import decimals
from perennial.core.effects import UseBudget, UseLimit
from perennial.core.orders.cart import UnitsRoom
from perennial.core.orders.order import value_of
from perennial.core.snapshot import Snapshot
from perennial.core.terms.limits import MONEY, AtCap, Counted, Holder, Use
from perennial.core.today import Today
from perennial.core.version import Bound, CompiledLimit, Version
from perennial.units import MAX_AMOUNT, Minor, Points, format_units

_POINTS, _ORDER_VALUE, _CUSTOMERS = Counted.POINTS, Counted.ORDER_VALUE, Counted.CUSTOMERS
_ONCE = Use()


class Allowances:
    """The room that the limits of a version leave for the member of ``snapshot``.

    ``numbers`` are those of the version's budgets for the order or event that is decided, ``products`` what
    is used of the parts that its products have of limits by product, by their numbers.
    """

    __slots__ = ("_numbers", "_products", "_snapshot", "_version", "common", "parts_used", "used")

    def __init__(
        self,
        version: Version,
        snapshot: Snapshot,
        numbers: Numbers,
        products: Mapping[int, int] = MappingProxyType({}),
    ) -> None:
        self._version = version
        self._snapshot = snapshot
        self._numbers = numbers
        self._products = products
        self.used: dict[Bound, int] = {}
        """What the decision has used of each limit so far."""
        self.common: dict[int, int] | None = None
        """What several programs used of each limit, by its number, where they decide together."""
        self.parts_used: dict[tuple[Bound, str], int] = {}
        """What the decision has used of the part of a limit that a product has."""

    def grant(
        self, bounds: tuple[Bound, ...], points: Points, nets: Sequence[Minor]
    ) -> tuple[Points, str | None]:
        """Return what ``bounds`` leave of an award of ``points``, and the words of what cut it.

        ``nets`` are the net amounts of the order's lines. Where several cut it, the words name the one that
        cut last, which decided the result.
        """
        granted, cut_by = points, None
        use = _ONCE
        for bound in bounds:
            limit = bound.limit
            room = self._room(bound, limit)
            if limit.counts is _POINTS and room is not None:
                if room >= granted:
                    continue
                granted = 0 if limit.at_cap is AtCap.REJECT else room
            else:
                if use is _ONCE:
                    use = Use(points=points, order_value=value_of(nets))
                if room is not None and room >= self._needs(bound, limit, use):
                    continue
                granted = 0
            cut_by = self._words(limit, room)
            if not granted:
                return 0, cut_by
        self._take(bounds, use, granted)
        return granted, cut_by

    def use(self, bounds: tuple[Bound, ...], use: Use) -> str | None:
        """Use up what ``use`` counts of every bound, or nothing; return the words of one without room."""
        for bound in bounds:
            limit = bound.limit
            if limit.by_product:
                if any(self._room_of_product(bound, limit, sku) < use.products[sku] for sku in use.products):
                    return self._words(limit, 0)
                continue
            room = self._room(bound, limit)
            if room is None or room < self._needs(bound, limit, use):
                return self._words(limit, room)
        self._take(bounds, use, use.points)
        return None

    def points_left(self, bounds: tuple[Bound, ...], points: Points) -> tuple[Points, str]:
        """Return how many of ``points`` may be spent, and the words of the limit that decides it; or none."""
        left, words = points, ""
        for bound in bounds:
            limit = bound.limit
            room = self._room(bound, limit) or 0
            if room >= (left if limit.counts is _POINTS else 1):
                continue
            cuts = limit.counts is _POINTS and limit.at_cap is AtCap.CUT
            left, words = room if cuts else 0, self._words(limit, room)
        return left, words

    def discount_left(self, bounds: tuple[Bound, ...]) -> tuple[Minor | None, str]:
        """Return to how much a discount is cut, and the words of the limit; None and no words: it is not."""
        left: Minor | None = None
        words = ""
        for bound in bounds:
            limit = bound.limit
            if limit.counts is Counted.DISCOUNT and limit.at_cap is AtCap.CUT:
                room = self._room(bound, limit)
                if left is None or (room or 0) < left:
                    left, words = room or 0, self._words(limit, room)
        return left, words

    def units_left(self, bounds: tuple[Bound, ...]) -> UnitsRoom | None:
        """Return how many units may be made cheaper; None: nobody counts them."""
        counting = [bound for bound in bounds if bound.limit.counts is Counted.UNITS]
        if not counting:
            return None
        left, cut_by = MAX_AMOUNT, ""
        parts: list[tuple[Bound, CompiledLimit]] = []
        for bound in counting:
            limit = bound.limit
            if limit.at_cap is not AtCap.CUT:
                continue
            if limit.by_product:
                parts.append((bound, limit))
                continue
            room = self._room(bound, limit) or 0
            if room < left:
                left, cut_by = room, self._words(limit, room)

        def of_product(sku: str) -> tuple[int, str]:
            rooms = [(self._room_of_product(bound, limit, sku), limit) for bound, limit in parts]
            room, limit = min(rooms, key=lambda each: each[0])
            return room, self._words(limit, 0)

        return UnitsRoom(left, cut_by, of_product if parts else None)

    def per_customer(self, bounds: tuple[Bound, ...]) -> str | None:
        """Return the name of a limit that only a known customer can keep, or None if there is none."""
        for bound in bounds:
            limit = bound.limit
            if limit.holder is Holder.MEMBER or limit.counts is _CUSTOMERS:
                return limit.name
        return None

    def copy(self) -> Allowances:
        """Return allowances that can be used otherwise from here on."""
        other = Allowances(self._version, self._snapshot, self._numbers, self._products)
        other.used, other.parts_used = dict(self.used), dict(self.parts_used)
        return other

    def snapshot_after(self) -> Snapshot:
        """Return the snapshot as it would be after the decision: with what was used of limits."""
        if not any(self.used.values()):
            return self._snapshot
        used, spent = list(self._snapshot.used), list(self._snapshot.spent)
        for bound, amount in self.used.items():
            (spent if bound.total else used)[bound.index] += amount
        return msgspec.structs.replace(self._snapshot, used=tuple(used), spent=tuple(spent))

    def effects(self, today: Today) -> list[UseLimit | UseBudget]:
        """Return what the decision used of each limit and budget in the periods of ``today``."""
        effects: list[UseLimit | UseBudget] = []
        for bound, amount in self.used.items():
            limit = bound.limit
            if not amount:
                continue
            if not bound.total:
                effects.append(UseLimit(limit.number, today.limits[bound.index], amount, limit.cap))
                continue
            number = self._number(bound, limit)
            day = today.day if limit.holder is Holder.TOTAL else 0
            effects.append(UseBudget(number, today.budgets[bound.index], amount, limit.cap, day))
        for (bound, sku), amount in self.parts_used.items():
            limit = bound.limit
            number = product_number(limit, sku)
            if bound.total:
                effects.append(UseBudget(number, today.budgets[bound.index], amount, limit.cap))
            else:
                effects.append(UseLimit(number, today.limits[bound.index], amount, limit.cap))
        return effects

    def _room(self, bound: Bound, limit: CompiledLimit) -> int | None:
        """Return what is left below a cap; None if it is not known whose room is asked for."""
        if bound.total and self._numbers[bound.index] is None:
            return None
        seen = (self._snapshot.spent if bound.total else self._snapshot.used)[bound.index]
        used = self.used.get(bound, 0) if self.common is None else self._used(bound, limit)
        room = limit.cap - seen - used
        return max(0, room)

    def _room_of_product(self, bound: Bound, limit: CompiledLimit, sku: str) -> int:
        """Return what is left of the part that a product has; of one that was not looked up, nothing."""
        number = product_number(limit, sku)
        seen = self._products.get(number, limit.cap)
        if self.common is not None:
            return max(limit.cap - seen - self.common.get(number, 0), 0)
        return max(limit.cap - seen - self.parts_used.get((bound, sku), 0), 0)

    def _needs(self, bound: Bound, limit: CompiledLimit, use: Use) -> int:
        """Return how much ``use`` takes of a limit."""
        if limit.counts is _ORDER_VALUE:
            return max(use.order_value - self._used(bound, limit), 0)
        if limit.counts is _CUSTOMERS and limit.marker is not None:
            marker = self._marker(limit.marker)
            took_part = self._snapshot.used[limit.marker] + self._used(marker, marker.limit)
            return 0 if took_part > 0 else use.of(_CUSTOMERS)
        return use.of(limit.counts)

    def _used(self, bound: Bound, limit: CompiledLimit) -> int:
        """Return what this decision has used of a limit, with other programs if they decide together."""
        if self.common is None:
            return self.used.get(bound, 0)
        return self.common.get(self._number(bound, limit), 0)

    def _number(self, bound: Bound, limit: CompiledLimit) -> int:
        number = self._numbers[bound.index] if bound.total else limit.number
        assert number is not None, "what has no holder has no room"
        return number

    def _marker(self, index: int) -> Bound:
        return Bound(False, index, self._version.limits[index])

    def _take(self, bounds: tuple[Bound, ...], use: Use, points: Points) -> None:
        for bound in bounds:
            limit = bound.limit
            if limit.by_product:
                self._take_parts(bound, limit, use.products)
                continue
            amount = points if limit.counts is _POINTS else self._needs(bound, limit, use)
            if self.common is None:
                self.used[bound] = self.used.get(bound, 0) + amount
            else:
                self._add(bound, limit, amount)
            if limit.marker is not None:
                marker = self._marker(limit.marker)
                self._add(marker, marker.limit, use.times)

    def _take_parts(self, bound: Bound, limit: CompiledLimit, products: Mapping[str, int]) -> None:
        for sku, units in products.items():
            if not units:
                continue
            self.parts_used[bound, sku] = self.parts_used.get((bound, sku), 0) + units
            if self.common is not None:
                number = product_number(limit, sku)
                self.common[number] = self.common.get(number, 0) + units

    def _add(self, bound: Bound, limit: CompiledLimit, amount: int) -> None:
        self.used[bound] = self.used.get(bound, 0) + amount
        if self.common is not None:
            number = self._number(bound, limit)
            self.common[number] = self.common.get(number, 0) + amount

    def _words(self, limit: CompiledLimit, room: int | None) -> str:
        """Say which limit cut something, and what room it had left."""
        if room is None:
            missing = "location" if limit.holder is Holder.LOCATION else limit.attribute
            return f"{limit.name}: no {missing} is given"
        if room == 0 or limit.counts in (Counted.TIMES, Counted.CUSTOMERS):
            return f"{limit.name}: used up"
        places = decimals(self._version.program.currency) if limit.counts in MONEY else limit.decimals
        left = format_units(room, places)
        if limit.at_cap is AtCap.CUT:
            return f"{limit.name}: {left} left"
        whole = "whole awards only" if limit.counts is _POINTS else "whole only"
        return f"{limit.name}: {left} left, {whole}"


def together(limited: Mapping[int, Allowances]) -> dict[int, Allowances]:
    """Let several programs decide together: each sees what the others use of a limit that all share.

    Returns copies; it is also how allowances that decide together are copied.
    """
    copies = {program: allowances.copy() for program, allowances in limited.items()}
    if len(copies) > 1:
        seen: dict[int, int] = {}
        for allowances in limited.values():
            seen.update(allowances.common or {})
        for copied in copies.values():
            copied.common = seen
    return copies
