"""Physical goods: something that is sent or handed over, as long as there is some left."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from perennial.core.entitlements import EntitlementState
from perennial.core.kinds.benefit import Benefit, HandedOut
from perennial.core.orders.order import Name
from perennial.core.terms.money import Cap


class Physical(Benefit, frozen=True, tag="physical"):
    """``quantity`` pieces of ``sku``, of which ``stock`` are there in all (left out: without end).

    The claim orders them. From there they are ``shipped`` and ``delivered``, with a reference for
    tracking, or ``canceled``, which gives the stock back.
    """

    sku: Name
    quantity: Annotated[int, Meta(ge=1, le=1_000)] = 1
    stock: Cap | None = None

    example: ClassVar[str] = """\
type: physical
sku: mug-white
stock: 200
"""

    def level(self) -> None:
        """Do nothing to an order."""
        return

    def hands_out(self) -> HandedOut:
        """Order the goods."""
        return HandedOut(state=EntitlementState.ORDERED, name=self.sku, quantity=self.quantity)

    def room(self) -> int | None:
        """Return for how many claims the stock is enough."""
        return None if self.stock is None else self.stock // self.quantity
