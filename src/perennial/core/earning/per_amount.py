"""Points for what was spent: so many points for every so much money."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.kinds.rule import (
    Basis,
    Basket,
    Earned,
    EarningRule,
    Identifier,
    Rate,
    Writing,
    rounded,
)
from perennial.core.terms.money import MoneyGiven
from perennial.units import Minor, Points, Rounding, divide

# Python 3.11 looks a member of an enumeration up slowly, and this is asked for every order.
_DOWN = Rounding.DOWN


class PerAmount(EarningRule, frozen=True, tag="per_amount"):
    """``points`` for every ``per`` minor units of the chosen lines.

    The points are ``amount x points / per``, rounded once per order and rule; with ``whole_steps``
    the number of full ``per`` is rounded instead, and each gives ``points``. ``tiers`` holds the
    points of tiers that have their own rate. An amount of zero or less earns nothing.
    """

    points: Rate
    per: MoneyGiven
    tiers: dict[Identifier, Rate] = {}
    basis: Basis = Basis.NET
    whole_steps: bool = False
    rounding: Rounding = Rounding.DOWN

    example: ClassVar[str] = """\
id: base
type: per_amount
points: 1
per: 100
tiers: {gold: 2}
"""

    def earn(self, basket: Basket, tier: str | None) -> Earned:
        """Return the points for the basket's total, weighted by what each line costs."""
        total = basket.total
        if total <= 0:
            return Earned(0)
        rate = self.rate(tier)
        if self.whole_steps:
            points = divide(total, self.per, self.rounding) * rate
        elif self.rounding is _DOWN:
            points = total * rate // self.per
        else:
            points = divide(total * rate, self.per, self.rounding)
        return Earned(points, basket.shares)

    def rate(self, tier: str | None) -> Points:
        """Return the points per ``per`` for a member of ``tier``."""
        return self.tiers.get(tier, self.points) if tier and self.tiers else self.points

    def looks_at(self) -> Basis:
        """Return the rule's basis."""
        return self.basis

    def describe(self, basket: Basket, tier: str | None, write: Writing) -> str:
        """Say the rate and the amount."""
        full = "full " if self.whole_steps else ""
        rate = f"{write.points(self.rate(tier))} per {full}{write.money(self.per)}"
        return f"{rate} on {write.money(basket.total)}, {rounded(self.rounding)}"

    def per_money(self, tier: str | None) -> tuple[Points, Minor]:
        """Return the rate of the tier."""
        return self.rate(tier), self.per

    def needs_lines(self) -> bool:
        """Spending is the sum of lines."""
        return True
