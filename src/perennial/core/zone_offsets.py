"""When the local time of a zone changed: for whoever has to work out local days without the zone's rules."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

from perennial.core.periods import offset_at
from perennial.units import DAY, EARLIEST, LATEST, Instant

Offsets = tuple[tuple[Instant, ...], tuple[int, ...]]
"""Ascending instants, and how many microseconds local time is ahead of UTC from each one on."""


@lru_cache(16)
def offsets_of(zone: ZoneInfo) -> Offsets:
    """Return every change of the zone's offset from 1900 to 2199; the first instant is that of 1900.

    A zone that changes twice within a day would be missed; none ever did.
    """
    instants, offsets = [EARLIEST], [offset_at(EARLIEST, zone)]
    for day in range(EARLIEST + DAY, LATEST, DAY):
        offset = offset_at(day, zone)
        if offset != offsets[-1]:
            instants.append(_first_with(offset, day - DAY, day, zone))
            offsets.append(offset)
    return tuple(instants), tuple(offsets)


def _first_with(offset: int, before: Instant, after: Instant, zone: ZoneInfo) -> Instant:
    """Return the first instant with this offset, which ``before`` does not have and ``after`` has."""
    while after - before > 1:
        middle = (before + after) // 2
        if offset_at(middle, zone) == offset:
            after = middle
        else:
            before = middle
    return after
