"""A reward instead of points: a voucher, goods, a perk, or points with the dates of another wallet."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.kinds.rule import Basket, Earned, EarningRule, Identifier, Writing


class GivesReward(EarningRule, frozen=True, tag="gives_reward"):
    """The member gets ``reward``, one of the program, each time the rule fires.

    It costs nothing, and is given as a claim would give it: to whom it is offered, while there is stock, with
    the expiry that the reward says. Limits of the rule and of the reward count the times. With a filter of
    lines at least one line must match.
    """

    reward: Identifier

    example: ClassVar[str] = """\
id: newsletter
type: gives_reward
trigger: newsletter.subscribed
reward: five-percent
limits: [{times: 1}]
"""

    def earn(self, basket: Basket, tier: str | None) -> Earned:
        """Return no points."""
        return Earned(0)

    def always(self) -> Earned:
        """Return no points."""
        return Earned(0)

    def gives(self) -> str:
        """Return the reward."""
        return self.reward

    def describe(self, basket: Basket, tier: str | None, write: Writing) -> str:
        """Name the reward."""
        return f"reward {self.reward}"
