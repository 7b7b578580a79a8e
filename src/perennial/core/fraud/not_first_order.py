"""The friend is no new customer."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.kinds.fraud_signal import Action, Evidence, Signal


class NotFirstOrder(Signal, frozen=True, tag="not_first_order"):
    """The friend had paid an order before being referred; orders that were canceled do not count."""

    action: Action = Action.REJECT

    example: ClassVar[str] = """\
type: not_first_order
action: reject
"""

    def is_there(self, evidence: Evidence) -> bool:
        """Return whether there was an order."""
        return evidence.orders_before > 0

    def does(self) -> Action:
        """Return what happens then."""
        return self.action

    def words(self, evidence: Evidence) -> str:
        """Say how many there are."""
        count = evidence.orders_before
        return f"The friend had paid {count} {'order' if count == 1 else 'orders'} before being referred."
