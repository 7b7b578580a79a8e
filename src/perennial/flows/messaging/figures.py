"""What there is to count of messages, for whoever watches the server."""

from __future__ import annotations

from perennial.store.messages import Became
from perennial.units import Instant


class MessageFigures:
    """Is told what becomes of messages; counts nothing by itself. What is told names no customer."""

    def ended(self, channel: str, became: Became) -> None:
        """Take note of what became of a message, once that is written; WAITING: it is tried again."""

    def oldest_due(self, due_at: Instant | None) -> None:
        """Take note since when the message waits that is due longest; None: none is that nobody holds."""


NO_FIGURES = MessageFigures()
