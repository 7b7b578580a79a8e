"""A fixed number of points, whatever the event brings."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.kinds.rule import Basket, Earned, EarningRule, Identifier, Rate, Writing
from perennial.units import Points


class Fixed(EarningRule, frozen=True, tag="fixed"):
    """``points`` each time the rule fires; ``tiers`` holds the points of tiers that have their own.

    With a filter of lines the points belong to the chosen lines and go back with them; without one
    they go back with the whole order, in proportion to what is returned.
    """

    points: Rate
    tiers: dict[Identifier, Rate] = {}

    example: ClassVar[str] = """\
id: welcome
type: fixed
trigger: member.joined
points: 100
"""

    def earn(self, basket: Basket, tier: str | None) -> Earned:
        """Return the fixed points."""
        if self.lines is None:
            return Earned(self.rate(tier))
        return Earned(self.rate(tier), basket.shares)

    def always(self) -> Earned | None:
        """Return the points, where no tier and no line changes them."""
        return Earned(self.points) if self.lines is None and not self.tiers else None

    def rate(self, tier: str | None) -> Points:
        """Return the points for a member of ``tier``."""
        return self.tiers.get(tier, self.points) if tier and self.tiers else self.points

    def describe(self, basket: Basket, tier: str | None, write: Writing) -> str:
        """Say that it is fixed."""
        return f"{write.points(self.rate(tier))} fixed"
