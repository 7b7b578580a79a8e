"""Amount off: money off the order, off chosen lines or units together, or off each of them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from perennial.core.kinds.benefit import Benefit, Level
from perennial.core.kinds.percentage import within
from perennial.core.kinds.picks import Pick, Share, picked_lines, picked_units, spread_units, take_each
from perennial.core.orders.cart import Cart
from perennial.core.problems import Problem
from perennial.core.terms.conditions import Condition
from perennial.core.terms.money import MoneyCap, MoneyGiven
from perennial.units import Minor


class _Target(StrEnum):
    ORDER = "order"
    LINES = "lines"
    UNITS = "units"
    EACH_LINE = "each_line"
    EACH_UNIT = "each_unit"
    SHIPPING = "shipping"


_OF_LINES = (_Target.ORDER, _Target.LINES, _Target.EACH_LINE)
_TOGETHER = (_Target.ORDER, _Target.LINES, _Target.UNITS)


class AmountOff(Benefit, frozen=True, tag="amount_off"):
    """``value`` off, in minor units of the program's currency.

    ``target`` says off what: the whole ``order``, the chosen ``lines`` or ``units`` together, ``each_line``
    or ``each_unit`` of them, or the ``shipping`` cost. ``pick`` says which of the chosen lines or units:
    the cheapest, every second, three at most. An amount off several together is shared in proportion to
    what they cost, or ``share_by`` their quantity. ``most`` caps the discount, in minor units.
    """

    value: MoneyGiven
    target: _Target = _Target.ORDER
    lines: Condition | None = None
    pick: Pick | None = None
    share_by: Share = Share.AMOUNT
    most: MoneyCap | None = None

    example: ClassVar[str] = """\
type: amount_off
value: 500
"""

    def level(self) -> Level:
        """Work where ``target`` says."""
        if self.target is _Target.SHIPPING:
            return Level.SHIPPING
        return Level.ORDER if self.target is _Target.ORDER else Level.ITEMS

    def by_total(self) -> bool:
        """Look at the total only, where the amount is for the whole order or the shipping."""
        whole = self.lines is None and self.pick is None and self.share_by is Share.AMOUNT
        return self.target is _Target.SHIPPING or (self.target is _Target.ORDER and whole)

    def by_units(self) -> bool:
        """Work on units where ``target`` says so."""
        return self.target in (_Target.UNITS, _Target.EACH_UNIT)

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Take ``value`` once, from each line, or from each unit."""
        once = self.value if self.most is None else min(self.value, self.most)
        match self.target:
            case _Target.ORDER | _Target.LINES:
                chosen = picked_lines(cart, lines, self.pick)
                cart.spread(once, chosen, by_quantity=self.share_by is Share.QUANTITY)
            case _Target.UNITS:
                spread_units(cart, picked_units(cart, lines, self.pick), once, self.share_by)
            case _Target.EACH_LINE:
                chosen = picked_lines(cart, lines, self.pick)
                amounts = [max(min(self.value, cart.base[line]), 0) for line in chosen]
                for line, amount in zip(chosen, within(amounts, self.most), strict=True):
                    cart.take(line, amount)
            case _Target.EACH_UNIT:
                units = picked_units(cart, lines, self.pick)
                whole = sum(min(self.value, one.price) * one.count for one in units)
                if self.most is None or whole <= self.most:
                    take_each(cart, units, lambda _: self.value)
                else:
                    spread_units(cart, units, self.most, Share.QUANTITY)
            case _Target.SHIPPING:
                cart.take_shipping(once)

    def takes(self, cart: Cart, lines: Sequence[int]) -> bool | None:
        """Look for room for the amount, where it is for everything alike."""
        once = self.value if self.most is None else min(self.value, self.most)
        if self.target is _Target.SHIPPING:
            return min(once, cart.shipping_left, cart.may_take) > 0
        if self.target not in (_Target.ORDER, _Target.LINES):
            return None
        if self.pick is not None or self.share_by is not Share.AMOUNT:
            return None
        return cart.can_spread(once, lines)

    def problems(self) -> list[Problem]:
        """Return what does not go together."""
        problems = []
        if self.target is _Target.SHIPPING and self.pick is not None:
            problems.append(Problem("pick", "not_used", "the shipping cost has no lines and no units"))
        if self.share_by is not Share.AMOUNT and self.target not in _TOGETHER:
            words = "an amount is shared only off the order, lines or units together"
            problems.append(Problem("share_by", "not_used", words))
        if self.pick is not None and self.pick.most_per_line is not None and self.target in _OF_LINES:
            words = "this counts units of a line: use it with target: units or each_unit"
            problems.append(Problem("pick.most_per_line", "not_used", words))
        return problems

    def claim_value(self) -> Minor:
        """Return the amount, which is certain unless it is given by line or unit."""
        return 0 if self.target in (_Target.EACH_LINE, _Target.EACH_UNIT) else self.value
