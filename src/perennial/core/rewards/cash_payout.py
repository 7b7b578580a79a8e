"""Cash payout: money that is owed to the member, until somebody pays it to an account of theirs."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.entitlements import EntitlementState
from perennial.core.kinds.benefit import Benefit, HandedOut
from perennial.core.terms.money import MoneyGiven
from perennial.units import Minor


class CashPayout(Benefit, frozen=True, tag="cash_payout"):
    """``value`` is paid out, in minor units of the program's currency.

    The claim puts it on the list of what is to be paid, where it is ``open`` until it is ``paid`` with the
    reference of the payment, or ``canceled``.
    """

    value: MoneyGiven

    example: ClassVar[str] = """\
type: cash_payout
value: 1000
"""

    def level(self) -> None:
        """Do nothing to an order."""
        return

    def hands_out(self) -> HandedOut:
        """Owe the money."""
        return HandedOut(state=EntitlementState.OPEN, amount=self.value)

    def claim_value(self) -> Minor:
        """Return the money."""
        return self.value
