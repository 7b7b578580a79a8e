"""Points: of this wallet or of another one of the program, credited by the claim."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.entitlements import EntitlementState
from perennial.core.kinds.benefit import Benefit, HandedOut
from perennial.core.kinds.rule import Identifier
from perennial.core.terms.money import PointsAsked


class PointsGiven(Benefit, frozen=True, tag="points"):
    """``points`` enter ``wallet`` (which may be left out where the program has one) with its dates.

    They become available and expire as if they had been earned at the moment of the claim. Debts of that
    wallet are paid off first.
    """

    points: PointsAsked
    wallet: Identifier | None = None

    example: ClassVar[str] = """\
type: points
points: 500
"""

    def level(self) -> None:
        """Do nothing to an order."""
        return

    def hands_out(self) -> HandedOut:
        """Hand out the points."""
        return HandedOut(state=EntitlementState.GIVEN, points=self.points, wallet=self.wallet)
