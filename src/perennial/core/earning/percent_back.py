"""Cashback: a percentage of what was spent, in minor units of money."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.kinds.rule import (
    ONE,
    Basis,
    Basket,
    Earned,
    EarningRule,
    Identifier,
    Percent,
    Writing,
    rounded,
    ten_thousandths,
)
from perennial.units import Minor, Points, Rounding, divide


class PercentBack(EarningRule, frozen=True, tag="percent_back"):
    """``percent`` of the chosen lines' amount, for a wallet whose unit is the currency's minor unit.

    ``tiers`` holds the percentages of tiers that have their own. Rounded once per order and rule.
    """

    percent: Percent
    tiers: dict[Identifier, Percent] = {}
    basis: Basis = Basis.NET
    rounding: Rounding = Rounding.DOWN

    example: ClassVar[str] = """\
id: cashback
type: percent_back
wallet: cash
percent: "2.5"
"""

    def earn(self, basket: Basket, tier: str | None) -> Earned:
        """Return the percentage of the basket's total, weighted by what each line costs."""
        total = basket.total
        if total <= 0:
            return Earned(0)
        return Earned(
            divide(total * ten_thousandths(self.rate(tier)), 100 * ONE, self.rounding), basket.shares
        )

    def rate(self, tier: str | None) -> str:
        """Return the percentage for a member of ``tier``."""
        return self.tiers.get(tier, self.percent) if tier and self.tiers else self.percent

    def looks_at(self) -> Basis:
        """Return the rule's basis."""
        return self.basis

    def describe(self, basket: Basket, tier: str | None, write: Writing) -> str:
        """Say the percentage and the amount."""
        return f"{self.rate(tier)} % of {write.money(basket.total)}, {rounded(self.rounding)}"

    def per_money(self, tier: str | None) -> tuple[Points, Minor]:
        """Return the percentage of the tier as points for money."""
        return ten_thousandths(self.rate(tier)), 100 * ONE

    def needs_lines(self) -> bool:
        """Spending is the sum of lines."""
        return True
