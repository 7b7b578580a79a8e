"""Both have one postal address: they may be one person."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.kinds.fraud_signal import Action, Evidence, Signal, Trace


class SameAddress(Signal, frozen=True, tag="same_address"):
    """An order of the advocate went to the same postal address as one of the friend."""

    action: Action = Action.REVIEW

    example: ClassVar[str] = """\
type: same_address
action: review
"""

    def is_there(self, evidence: Evidence) -> bool:
        """Return whether they have it in common."""
        return Trace.ADDRESS in evidence.shared

    def does(self) -> Action:
        """Return what happens then."""
        return self.action

    def words(self, evidence: Evidence) -> str:
        """Say what they have in common."""
        return "Both gave one postal address."
