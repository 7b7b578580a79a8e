"""Percent by total: the more is bought, the higher the percentage."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from perennial.core.kinds.benefit import Benefit, Level
from perennial.core.kinds.percentage import Target, check_percentage, take_percentage
from perennial.core.kinds.picks import Pick, Share
from perennial.core.kinds.rule import Percent, ten_thousandths
from perennial.core.orders.cart import Cart
from perennial.core.problems import Problem
from perennial.core.terms.conditions import Condition
from perennial.core.terms.money import MoneyCap, OfTotal


class _Total(StrEnum):
    AMOUNT = "amount"
    QUANTITY = "quantity"


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """From a total of ``at_least`` on: ``percent`` off."""

    at_least: OfTotal
    percent: Percent


class PercentByTotal(Benefit, frozen=True, tag="percent_by_total"):
    """The percentage of the highest of the ``steps`` that the total of the chosen lines reaches.

    ``total`` says what is counted: their ``amount`` in minor units, or the ``quantity`` of units. Below
    the first step nothing is taken off. Everything else is as for ``percent_off``.
    """

    steps: Annotated[tuple[_Step, ...], Meta(min_length=1, max_length=100)]
    total: _Total = _Total.AMOUNT
    target: Target = Target.ORDER
    lines: Condition | None = None
    pick: Pick | None = None
    share_by: Share | None = None
    most: MoneyCap | None = None

    example: ClassVar[str] = """\
type: percent_by_total
steps:
  - {at_least: 0, percent: "10"}
  - {at_least: 2000, percent: "15"}
  - {at_least: 3000, percent: "20"}
"""

    def level(self) -> Level:
        """Work where ``target`` says."""
        return self.target.level

    def by_units(self) -> bool:
        """Work on units where ``target`` says so."""
        return self.target is Target.UNITS

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Take the percentage of the step that is reached."""
        if self.total is _Total.AMOUNT:
            total = sum(cart.base[line] for line in lines)
        else:
            total = sum(cart.lines[line].quantity for line in lines)
        reached = [step.percent for step in self.steps if total >= step.at_least]
        if reached:
            percent = ten_thousandths(reached[-1])
            take_percentage(
                cart, lines, percent, self.target, pick=self.pick, share_by=self.share_by, most=self.most
            )

    def problems(self) -> list[Problem]:
        """Return what does not go together; the steps rise."""
        problems = check_percentage(self.target, self.pick, self.share_by)
        for place in range(1, len(self.steps)):
            if self.steps[place].at_least <= self.steps[place - 1].at_least:
                words = "each step begins above the one before"
                problems.append(Problem(f"steps[{place}].at_least", "not_ascending", words))
        return problems
