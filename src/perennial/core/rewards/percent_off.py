"""Percent off: a share of the order's, of chosen lines' or of the shipping's price."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from perennial.core.benefit import Benefit, Level
from perennial.core.cart import Cart
from perennial.core.conditions import Condition
from perennial.core.limits import Cap
from perennial.core.rule import ONE, Percent, ten_thousandths
from perennial.units import Minor, Rounding, divide


class _Off(StrEnum):
    ORDER = "order"
    LINES = "lines"
    SHIPPING = "shipping"


class PercentOff(Benefit, frozen=True, tag="percent_off"):
    """``percent`` off the ``order``, off each of the chosen ``lines``, or off the ``shipping`` cost.

    Off the order it is rounded half up once and shared over the lines; off lines it is rounded line by
    line. ``most`` caps the discount, in minor units.
    """

    percent: Percent
    off: _Off = _Off.ORDER
    lines: Condition | None = None
    most: Cap | None = None

    example: ClassVar[str] = """\
type: percent_off
percent: "10"
most: 2000
"""

    def level(self) -> Level:
        """Work where ``off`` says."""
        return {_Off.ORDER: Level.ORDER, _Off.LINES: Level.ITEMS, _Off.SHIPPING: Level.SHIPPING}[self.off]

    def by_total(self) -> bool:
        """Look at the total only, where the share is of the whole order or the shipping."""
        return self.off is _Off.SHIPPING or (self.off is _Off.ORDER and self.lines is None)

    def take(self, cart: Cart, lines: Sequence[int]) -> None:
        """Take the percentage of what ``cart.base`` says, up to ``most``."""
        if self.off is _Off.SHIPPING:
            cart.take_shipping(self._at_most(self._of(cart.shipping_base)))
            return
        if self.off is _Off.ORDER:
            cart.spread(self._at_most(self._of(sum(cart.base[line] for line in lines))), lines)
            return
        room = self.most
        for line in lines:
            amount = self._of(cart.base[line])
            taken = cart.take(line, amount if room is None else min(amount, room))
            room = None if room is None else room - taken

    def _of(self, amount: Minor) -> Minor:
        return divide(max(amount, 0) * ten_thousandths(self.percent), 100 * ONE, Rounding.HALF_UP)

    def _at_most(self, amount: Minor) -> Minor:
        return amount if self.most is None else min(amount, self.most)
