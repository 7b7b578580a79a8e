"""How the sending of one message can go wrong, whatever the channel."""

from __future__ import annotations


class RefusedError(Exception):
    """It will never be taken there, and is not tried again. The words are for the log."""


class DelayedError(Exception):
    """It did not work now, and may later: it is tried again. The words are for the log."""


class UnreachableError(DelayedError):
    """Nothing gets through at the moment, this message and any other; it is not the message's fault."""
