"""Time-ordered ids (UUID version 7) that never collide between workers.

The first 48 bits are wall-clock milliseconds. Of the other 74 all but one start at a random number drawn anew
in every millisecond and count up, so that ids of one process are strictly ascending and two processes
would have to draw neighboring numbers out of 2^73 in the same millisecond to meet.
"""

from __future__ import annotations

import os
import time
from uuid import UUID

from perennial.store.database import Id

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_LOW_61 = (1 << 61) - 1
"""Of the 62 bits below the variant the first one is free, so that nobody counts beyond them."""


class Ids:
    """A source of ids for one process; not for use from several threads."""

    def __init__(self) -> None:
        self._millisecond = 0
        self._number = 0

    def next(self) -> UUID:
        """Return a new id, greater than every id that this source returned before."""
        millisecond = time.time_ns() // 1_000_000
        if millisecond > self._millisecond:
            self._millisecond = millisecond
            drawn = int.from_bytes(os.urandom(10))
            self._number = millisecond << 80 | _VERSION | (drawn >> 68) << 64 | _VARIANT | drawn & _LOW_61
        else:
            self._number += 1
        return Id(self._number.to_bytes(16))

    def several(self, count: int) -> list[UUID]:
        """Return so many new ids, one at least, in ascending order."""
        first = self.next()
        begin = self._number + 1
        self._number += count - 1
        return [first, *[Id(number.to_bytes(16)) for number in range(begin, begin + count - 1)]]
