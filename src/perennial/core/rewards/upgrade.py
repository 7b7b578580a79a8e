"""Upgrade: a better product for the price of the one in the cart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from perennial.core.kinds.added_units import add_units
from perennial.core.kinds.benefit import Benefit, Level
from perennial.core.kinds.picks import Pick, count_of, picked_units, take_together
from perennial.core.orders.cart import Cart
from perennial.core.orders.order import Name
from perennial.core.terms.conditions import Condition
from perennial.core.terms.money import MoneyCap


class Upgrade(Benefit, frozen=True, tag="upgrade"):
    """Chosen units are replaced by units of the product ``sku``, which is worth ``unit_price`` each.

    A unit that is worth more than the one it replaces costs as much as that one; one that is worth less
    keeps its price. ``pick`` says which units of the chosen ``lines``. Lines that an earlier reward made
    cheaper are not replaced.
    """

    sku: Name
    unit_price: MoneyCap
    lines: Condition
    pick: Pick | None = None

    example: ClassVar[str] = """\
type: upgrade
lines: {fact: line.sku, is: coffee-small}
sku: coffee-large
unit_price: 450
"""

    def level(self) -> Level:
        """Work on items."""
        return Level.ITEMS

    def shrinks(self) -> bool:
        """Pick other units where some cost nothing any more."""
        return False

    def by_units(self) -> bool:
        """Work on units."""
        return True

    def adds(self) -> str:
        """Add the better product."""
        return self.sku

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Take the units out of the cart, add the better ones, and take off what they are worth more."""
        untouched = [line for line in lines if cart.left[line] == cart.initial[line]]
        given_up = picked_units(cart, untouched, self.pick)
        if given_up:
            for old in given_up:
                cart.give_up(old.line, old.price, old.count)
            new = add_units(cart, self.sku, count_of(given_up), self.unit_price, 0)
            take_together(cart, new, sum(max(self.unit_price - old.price, 0) * old.count for old in given_up))
