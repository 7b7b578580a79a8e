"""Time-ordered ids (UUID version 7) that never collide between workers.

The first 48 bits are wall-clock milliseconds. The other 74 start at a random number drawn anew in
every millisecond and count up, so that ids of one process are strictly ascending and two processes
would have to draw neighboring numbers out of 2^73 in the same millisecond to meet.
"""

from __future__ import annotations

import secrets
import time
from uuid import UUID

from perennial.store.database import Id

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_LOW_62 = (1 << 62) - 1


class Ids:
    """A source of ids for one process; not for use from several threads."""

    def __init__(self) -> None:
        self._millisecond = 0
        self._tail = 0

    def next(self) -> UUID:
        """Return a new id, greater than every id that this source returned before."""
        millisecond = time.time_ns() // 1_000_000
        if millisecond > self._millisecond:
            self._millisecond = millisecond
            self._tail = secrets.randbits(73)
        else:
            self._tail += 1
        tail = self._tail
        number = self._millisecond << 80 | _VERSION | (tail >> 62) << 64 | _VARIANT | tail & _LOW_62
        return Id(number.to_bytes(16))
