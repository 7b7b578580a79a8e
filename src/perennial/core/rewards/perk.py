"""Perk: a right with a name, which other systems ask for: the lounge, order-ahead, free gift wrapping."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.entitlements import EntitlementState
from perennial.core.kinds.benefit import Benefit, HandedOut
from perennial.core.kinds.rule import Identifier


class Perk(Benefit, frozen=True, tag="perk"):
    """The right called ``name``: the shop's own system asks whether a member has it, and acts on it.

    With ``automatic: true`` everybody to whom the reward is offered has it, without a claim: the members
    of a tier, for instance. What was claimed is held until it expires.
    """

    name: Identifier

    example: ClassVar[str] = """\
type: perk
name: order-ahead
"""

    def level(self) -> None:
        """Do nothing to an order."""
        return

    def hands_out(self) -> HandedOut:
        """Hold the right."""
        return HandedOut(state=EntitlementState.HELD, name=self.name)
