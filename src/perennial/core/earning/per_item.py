"""Points for what was bought: so many points for every unit of the chosen lines."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.kinds.rule import Basket, Earned, EarningRule, Identifier, Rate, Writing
from perennial.units import Points


class PerItem(EarningRule, frozen=True, tag="per_item"):
    """``points`` for every unit of the chosen lines; with ``once``, a single time if any was bought.

    ``tiers`` holds the points of tiers that have their own rate.
    """

    points: Rate
    tiers: dict[Identifier, Rate] = {}
    once: bool = False

    example: ClassVar[str] = """\
id: coffee
type: per_item
lines: {fact: line.categories, contains: coffee}
points: 5
"""

    def earn(self, basket: Basket, tier: str | None) -> Earned:
        """Return the points for the units of the chosen lines, weighted by the units of each line."""
        quantities = basket.quantities
        weights = [0] * len(quantities)
        for index in basket.indexes:
            weights[index] = quantities[index]
        bought = sum(weights)
        if bought <= 0:
            return Earned(0)
        rate = self.rate(tier)
        return Earned(rate if self.once else rate * bought, weights)

    def rate(self, tier: str | None) -> Points:
        """Return the points per unit for a member of ``tier``."""
        return self.tiers.get(tier, self.points) if tier and self.tiers else self.points

    def describe(self, basket: Basket, tier: str | None, write: Writing) -> str:
        """Say the rate and the number of units."""
        bought = sum(basket.quantities[index] for index in basket.indexes)
        units = "1 unit" if bought == 1 else f"{bought} units"
        return f"{write.points(self.rate(tier))} {'once' if self.once else 'per unit'} for {units}"

    def needs_lines(self) -> bool:
        """Units are units of lines."""
        return True
