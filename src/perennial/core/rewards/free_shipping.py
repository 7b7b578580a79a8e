"""Free shipping: the shipping cost is taken off, up to an amount if one is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from perennial.core.kinds.benefit import Benefit, Level
from perennial.core.orders.cart import Cart
from perennial.core.terms.money import MoneyCap


class FreeShipping(Benefit, frozen=True, tag="free_shipping"):
    """The shipping cost is free; with ``most`` only up to that amount, in minor units."""

    most: MoneyCap | None = None

    example: ClassVar[str] = """\
type: free_shipping
"""

    def level(self) -> Level:
        """Work on the shipping cost."""
        return Level.SHIPPING

    def by_total(self) -> bool:
        """Look at no line at all."""
        return True

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Take off what is left of the shipping cost."""
        left = cart.shipping_left
        cart.take_shipping(left if self.most is None else min(left, self.most))

    def takes(self, cart: Cart, lines: Sequence[int]) -> bool | None:
        """Look for some shipping cost that is left."""
        left = cart.shipping_left
        return min(left if self.most is None else min(left, self.most), cart.may_take) > 0
