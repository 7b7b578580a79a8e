"""Both pay with one card or account: they may be one person."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.kinds.fraud_signal import Action, Evidence, Signal, Trace


class SamePayment(Signal, frozen=True, tag="same_payment"):
    """The advocate has paid with the same card or account as the friend."""

    action: Action = Action.REJECT

    example: ClassVar[str] = """\
type: same_payment
action: reject
"""

    def is_there(self, evidence: Evidence) -> bool:
        """Return whether they have it in common."""
        return Trace.PAYMENT in evidence.shared

    def does(self) -> Action:
        """Return what happens then."""
        return self.action

    def words(self, evidence: Evidence) -> str:
        """Say what they have in common."""
        return "Both paid with one card or account."
