"""Amount off: a fixed amount of money off the order, off chosen lines together, or off each unit."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from perennial.core.benefit import Benefit, Level
from perennial.core.cart import Cart
from perennial.core.conditions import Condition
from perennial.units import MAX_AMOUNT, Minor


class _Off(StrEnum):
    ORDER = "order"
    LINES = "lines"
    EACH_LINE = "each_line"
    EACH_UNIT = "each_unit"
    SHIPPING = "shipping"


class AmountOff(Benefit, frozen=True, tag="amount_off"):
    """``value`` off, in minor units of the program's currency.

    ``off`` says off what: the whole ``order``, the chosen ``lines`` together, ``each_line``,
    ``each_unit`` of them, or the ``shipping`` cost. An amount off several lines is shared in proportion
    to what they cost.
    """

    value: Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]
    off: _Off = _Off.ORDER
    lines: Condition | None = None

    example: ClassVar[str] = """\
type: amount_off
value: 500
"""

    def level(self) -> Level:
        """Work where ``off`` says."""
        if self.off is _Off.SHIPPING:
            return Level.SHIPPING
        return Level.ORDER if self.off is _Off.ORDER else Level.ITEMS

    def by_total(self) -> bool:
        """Look at the total only, where the amount is for the whole order or the shipping."""
        return self.off is _Off.SHIPPING or (self.off is _Off.ORDER and self.lines is None)

    def take(self, cart: Cart, lines: Sequence[int]) -> None:
        """Take ``value`` once, from each line, or from each unit."""
        match self.off:
            case _Off.ORDER | _Off.LINES:
                cart.spread(self.value, lines)
            case _Off.EACH_LINE:
                for line in lines:
                    cart.take(line, self.value)
            case _Off.EACH_UNIT:
                for line in lines:
                    for unit in range(len(cart.units_of(line))):
                        cart.take_unit(line, unit, self.value)
            case _Off.SHIPPING:
                cart.take_shipping(self.value)

    def claim_value(self) -> Minor:
        """Return the amount, which is certain unless it is given by line or unit."""
        return 0 if self.off in (_Off.EACH_LINE, _Off.EACH_UNIT) else self.value
