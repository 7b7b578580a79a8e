"""Many referrals come from one place."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from perennial.core.counting import counted
from perennial.core.kinds.fraud_signal import Action, Evidence, Signal


class ManyFromIp(Signal, frozen=True, tag="many_from_ip"):
    """``most`` or more referrals came from one IP address within ``days``, whoever the advocates are.

    Those that came first are looked at again with those that came after them, before anything is given.
    """

    action: Action = Action.REVIEW
    most: Annotated[int, Meta(ge=2, le=10_000)] = 10
    days: Annotated[int, Meta(ge=1, le=366)] = 7

    example: ClassVar[str] = """\
type: many_from_ip
most: 10
days: 7
action: review
"""

    def is_there(self, evidence: Evidence) -> bool:
        """Return whether there are so many."""
        return evidence.from_ip.get(self.days, 0) >= self.most

    def does(self) -> Action:
        """Return what happens then."""
        return self.action

    def words(self, evidence: Evidence) -> str:
        """Say how many there are."""
        count = evidence.from_ip.get(self.days, 0)
        return (
            f"{count} referrals came from one address within {counted(self.days, 'days')}, this one included."
        )

    def looks_back(self) -> int:
        """Return within how many days they are counted."""
        return self.days
