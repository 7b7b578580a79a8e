"""Points for a number that an event reports: steps walked, kilometers driven, minutes exercised."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from perennial.core.kinds.rule import Basket, Earned, EarningRule, Identifier, Rate, Writing, rounded
from perennial.units import MAX_AMOUNT, Points, Rounding, divide


class PerValue(EarningRule, frozen=True, tag="per_value"):
    """``points`` for every ``per`` of the event's integer ``attribute``.

    The points are ``value x points / per``, rounded once per event and rule. A missing value, or one
    of zero or less, earns nothing. ``tiers`` holds the points of tiers that have their own rate.
    """

    attribute: str
    points: Rate
    per: Annotated[int, Meta(ge=1, le=MAX_AMOUNT)] = 1
    tiers: dict[Identifier, Rate] = {}
    rounding: Rounding = Rounding.DOWN

    example: ClassVar[str] = """\
id: walking
type: per_value
trigger: steps.reported
attribute: steps
points: 1
per: 1000
"""

    def earn(self, basket: Basket, tier: str | None) -> Earned:
        """Return the points for the attribute's value."""
        value = self.value(basket)
        if value <= 0:
            return Earned(0)
        return Earned(divide(value * self.rate(tier), self.per, self.rounding))

    def value(self, basket: Basket) -> int:
        """Return the attribute's value; 0 if it is missing or no whole number."""
        value = basket.attributes.get(self.attribute)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def rate(self, tier: str | None) -> Points:
        """Return the points per ``per`` for a member of ``tier``."""
        return self.tiers.get(tier, self.points) if tier and self.tiers else self.points

    def describe(self, basket: Basket, tier: str | None, write: Writing) -> str:
        """Say the rate and the value."""
        rate = f"{write.points(self.rate(tier))} per {self.per}"
        return f"{rate} on {self.attribute} {self.value(basket)}, {rounded(self.rounding)}"

    def number_attributes(self) -> tuple[str, ...]:
        """Return the attribute that is calculated with."""
        return (self.attribute,)
