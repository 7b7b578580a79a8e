"""Free product: units of a product that cost nothing, in the cart already or added to it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from perennial.core.kinds.added_units import WHOLE, add_units
from perennial.core.kinds.benefit import Benefit, Level
from perennial.core.kinds.picks import By, Count, count_of, first, in_order, take_each, units_on
from perennial.core.orders.cart import Cart
from perennial.core.orders.order import Name
from perennial.core.problems import Problem
from perennial.core.terms.conditions import Condition
from perennial.core.terms.money import MoneyCap


class _Mode(StrEnum):
    ADD_MISSING = "add_missing"
    ALWAYS_ADD = "always_add"
    IN_CART = "in_cart"


class FreeProduct(Benefit, frozen=True, tag="free_product"):
    """``quantity`` units of the product ``sku`` are free.

    ``add_missing``: those in the cart become free, and what is missing is added to it; ``always_add``:
    all are added; ``in_cart``: only those in the cart become free, the cheapest first (or as ``by``
    says), out of the chosen ``lines`` if no ``sku`` is named. A unit that is added is worth
    ``unit_price``; without one, what it costs in the cart.
    """

    sku: Name | None = None
    quantity: Count = 1
    mode: _Mode = _Mode.ADD_MISSING
    unit_price: MoneyCap | None = None
    lines: Condition | None = None
    by: By = By.CHEAPEST

    example: ClassVar[str] = """\
type: free_product
sku: sample-tea
quantity: 2
unit_price: 250
"""

    def level(self) -> Level:
        """Work on items."""
        return Level.ITEMS

    def shrinks(self) -> bool:
        """Pick other units where some cost nothing any more."""
        return False

    def adds(self) -> str | None:
        """Add the product, unless only what is in the cart becomes free."""
        return None if self.mode is _Mode.IN_CART else self.sku

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Free what is in the cart, then add what is missing and free that."""
        free = []
        if self.mode is not _Mode.ALWAYS_ADD:
            product = [line for line in lines if self.sku is None or cart.lines[line].sku == self.sku]
            units = in_order(units_on(cart, product), self.by, lambda one: one.price)
            free = first(units, self.quantity)
        missing = self.quantity - count_of(free)
        # First what the order has: what is added brings room of its own below the caps of the order.
        take_each(cart, free, lambda one: one.price)
        if self.sku is not None and self.mode is not _Mode.IN_CART and missing > 0:
            added = add_units(cart, self.sku, missing, self.unit_price, WHOLE)
            take_each(cart, [added], lambda one: one.price)

    def problems(self) -> list[Problem]:
        """Return what does not go together."""
        problems = []
        if self.sku is None and self.mode is not _Mode.IN_CART:
            problems.append(Problem("sku", "missing", "name the product that is added"))
        if self.sku is None and self.mode is _Mode.IN_CART and self.lines is None:
            problems.append(Problem("lines", "missing", "name the product, or choose the lines"))
        if self.unit_price is not None and self.mode is _Mode.IN_CART:
            problems.append(Problem("unit_price", "not_used", "nothing is added to the cart"))
        return problems
