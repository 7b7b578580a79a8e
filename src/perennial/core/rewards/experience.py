"""Experience: a seat at an event, a table, early access to a sale: something at a time of its own."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.entitlements import EntitlementState
from perennial.core.kinds.benefit import Benefit, HandedOut
from perennial.core.orders.order import Name
from perennial.core.terms.money import Cap


class Experience(Benefit, frozen=True, tag="experience"):
    """A seat at ``event``, which has ``capacity`` of them (left out: without end).

    ``starts`` and ``ends`` are local dates (whole days) or instants: when it takes place, or from when to
    when early access is given. Once it is over, nobody can claim it any more. Who holds a seat is answered
    under its name like a perk; at the door it is marked as used.
    """

    event: Name
    starts: str | None = None
    ends: str | None = None
    capacity: Cap | None = None

    example: ClassVar[str] = """\
type: experience
event: wine-tasting
starts: "2027-05-08T19:00"
ends: "2027-05-08T23:00"
capacity: 12
"""

    def level(self) -> None:
        """Do nothing to an order."""
        return

    def hands_out(self) -> HandedOut:
        """Hold a seat."""
        return HandedOut(state=EntitlementState.HELD, name=self.event, starts=self.starts, ends=self.ends)

    def room(self) -> int | None:
        """Return how many seats there are."""
        return self.capacity
