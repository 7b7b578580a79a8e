"""Cashback: money that goes back to where the member's orders were paid from."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.entitlements import EntitlementState
from perennial.core.kinds.benefit import Benefit, HandedOut
from perennial.core.orders.order import Name
from perennial.core.terms.money import MoneyGiven
from perennial.units import Minor


class Cashback(Benefit, frozen=True, tag="cashback"):
    """``value`` goes back, in minor units of the program's currency: ``to`` a card, a shop account.

    The claim puts it on the list of what is to be paid, where it is ``open`` until it is ``paid`` with the
    reference of the payment, or ``canceled``. (Cashback that is saved up order by order is a wallet with
    a rule of the kind ``percent_back``.)
    """

    value: MoneyGiven
    to: Name = "means of payment"

    example: ClassVar[str] = """\
type: cashback
value: 500
to: card
"""

    def level(self) -> None:
        """Do nothing to an order."""
        return

    def hands_out(self) -> HandedOut:
        """Owe the money."""
        return HandedOut(state=EntitlementState.OPEN, name=self.to, amount=self.value)

    def claim_value(self) -> Minor:
        """Return the money."""
        return self.value
