"""Both use one device: they may be one person."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.kinds.fraud_signal import Action, Evidence, Signal, Trace


class SameDevice(Signal, frozen=True, tag="same_device"):
    """The advocate was seen with the same device as the friend, which the shop names."""

    action: Action = Action.REVIEW

    example: ClassVar[str] = """\
type: same_device
action: review
"""

    def is_there(self, evidence: Evidence) -> bool:
        """Return whether they have it in common."""
        return Trace.DEVICE in evidence.shared

    def does(self) -> Action:
        """Return what happens then."""
        return self.action

    def words(self, evidence: Evidence) -> str:
        """Say what they have in common."""
        return "Both were seen with one device."
