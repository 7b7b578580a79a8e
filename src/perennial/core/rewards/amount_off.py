"""Amount off: a voucher that takes a fixed amount of money off one order."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from perennial.core.reward import Reward
from perennial.units import MAX_AMOUNT, Minor


class AmountOff(Reward, frozen=True, tag="amount_off"):
    """``value`` off one order, in minor units of the program's currency."""

    value: Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]

    example: ClassVar[str] = """\
id: five-off
type: amount_off
name: 5.00 off
price: 500
value: 500
expires_after: {days: 90}
"""

    def claim_value(self) -> Minor:
        """Return the amount that the voucher takes off."""
        return self.value
