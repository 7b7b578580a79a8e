"""Badge: a sign of what somebody has done, to be shown; it is worth nothing and never used up."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.entitlements import EntitlementState
from perennial.core.kinds.benefit import Benefit, HandedOut
from perennial.core.kinds.rule import Identifier


class Badge(Benefit, frozen=True, tag="badge"):
    """The badge called ``name``, which the member keeps: for a completed challenge, most of all."""

    name: Identifier

    example: ClassVar[str] = """\
type: badge
name: early-bird
"""

    def level(self) -> None:
        """Do nothing to an order."""
        return

    def hands_out(self) -> HandedOut:
        """Give the badge."""
        return HandedOut(state=EntitlementState.GIVEN, name=self.name)
