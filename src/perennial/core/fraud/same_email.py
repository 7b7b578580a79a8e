"""Both have the same mailbox: they may be one person."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.kinds.fraud_signal import Action, Evidence, Signal, Trace


class SameEmail(Signal, frozen=True, tag="same_email"):
    """An e-mail address of the advocate leads to the same mailbox as one of the friend.

    What stands behind a plus sign does not count, nor do the dots of a gmail address, nor upper case.
    """

    action: Action = Action.REJECT

    example: ClassVar[str] = """\
type: same_email
action: reject
"""

    def is_there(self, evidence: Evidence) -> bool:
        """Return whether they have it in common."""
        return Trace.EMAIL in evidence.shared

    def does(self) -> Action:
        """Return what happens then."""
        return self.action

    def words(self, evidence: Evidence) -> str:
        """Say what they have in common."""
        return "Both have the same mailbox, however the address is written."
