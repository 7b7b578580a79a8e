"""Percent off: a share of the price of the order, of chosen lines or units, or of the shipping cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from perennial.core.kinds.benefit import Benefit, Level
from perennial.core.kinds.percentage import Target, check_percentage, take_percentage, takes_percentage
from perennial.core.kinds.picks import Pick, Share
from perennial.core.kinds.rule import Percent, ten_thousandths
from perennial.core.orders.cart import Cart
from perennial.core.problems import Problem
from perennial.core.terms.conditions import Condition
from perennial.core.terms.money import MoneyCap


class PercentOff(Benefit, frozen=True, tag="percent_off"):
    """``percent`` off the ``order``, off chosen ``lines``, off ``units`` of them, or off the ``shipping``.

    ``pick`` says which of the chosen lines or units: the cheapest, every second, three at most. Target
    lines and units it is rounded half up line by line. Target the order, or with ``share_by``, it is
    rounded once and shared over them by amount or by quantity. ``most`` caps the discount, in minor units.
    """

    percent: Percent
    target: Target = Target.ORDER
    lines: Condition | None = None
    pick: Pick | None = None
    share_by: Share | None = None
    most: MoneyCap | None = None

    example: ClassVar[str] = """\
type: percent_off
percent: "10"
most: 2000
"""

    def level(self) -> Level:
        """Work where ``target`` says."""
        return self.target.level

    def by_total(self) -> bool:
        """Look at the total only, where the share is of the whole order or the shipping."""
        whole = self.lines is None and self.pick is None and self.share_by is None
        return self.target is Target.SHIPPING or (self.target is Target.ORDER and whole)

    def by_units(self) -> bool:
        """Work on units where ``target`` says so."""
        return self.target is Target.UNITS

    def take(self, cart: Cart, lines: Sequence[int], others: Sequence[Sequence[int]] = ()) -> None:
        """Take the percentage of what ``cart.base`` says, up to ``most``."""
        percent = ten_thousandths(self.percent)
        take_percentage(
            cart, lines, percent, self.target, pick=self.pick, share_by=self.share_by, most=self.most
        )

    def takes(self, cart: Cart, lines: Sequence[int]) -> bool | None:
        """Work out what the percentage comes to, without sharing it."""
        percent = ten_thousandths(self.percent)
        return takes_percentage(
            cart, lines, percent, self.target, pick=self.pick, share_by=self.share_by, most=self.most
        )

    def problems(self) -> list[Problem]:
        """Return what does not go together."""
        return check_percentage(self.target, self.pick, self.share_by)
