"""Gift card: a code that holds money, spent in any number of parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from perennial.core.kinds.benefit import Benefit
from perennial.core.orders.cart import Cart
from perennial.core.terms.money import MoneyCap, MoneyGiven
from perennial.units import Minor


class GiftCard(Benefit, frozen=True, tag="gift_card"):
    """A gift card that holds ``value``, in minor units of the program's currency.

    It pays for orders after all discounts, shipping included. ``extra`` is put on top.
    """

    value: MoneyGiven
    extra: MoneyCap = 0

    example: ClassVar[str] = """\
type: gift_card
value: 5000
"""

    def level(self) -> None:
        """Do nothing to an order: a gift card is a means of payment."""

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Take nothing off."""

    def claim_value(self) -> Minor:
        """Return what the card holds."""
        return self.value + self.extra

    def card_value(self) -> Minor:
        """Return what the card holds when it is issued."""
        return self.value + self.extra
