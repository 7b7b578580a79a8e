"""Fixed price: chosen units cost a new price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from perennial.core.kinds.benefit import Benefit, Level
from perennial.core.kinds.picks import Pick, picked_units, take_each
from perennial.core.orders.cart import Cart
from perennial.core.terms.conditions import Condition
from perennial.core.terms.money import MoneyCap


class FixedPrice(Benefit, frozen=True, tag="fixed_price"):
    """Each of the chosen units costs ``price``, in minor units; one that costs less keeps its price.

    ``pick`` says which units of the chosen lines: the cheapest, every second, three at most.
    """

    price: MoneyCap
    lines: Condition | None = None
    pick: Pick | None = None

    example: ClassVar[str] = """\
type: fixed_price
price: 999
lines: {fact: line.categories, contains: outlet}
"""

    def level(self) -> Level:
        """Work on items."""
        return Level.ITEMS

    def by_units(self) -> bool:
        """Work on units."""
        return True

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Take off each unit what it costs more than the price."""
        take_each(cart, picked_units(cart, lines, self.pick), lambda one: one.price - self.price)
