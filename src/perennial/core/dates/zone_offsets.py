"""When the local time of a zone changed: for whoever has to work out local days without the zone's rules."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from perennial.core.dates.periods import offset_at
from perennial.units import DAY, EARLIEST, LATEST, Instant, datetime_of

Offsets = tuple[tuple[Instant, ...], tuple[int, ...]]
"""Ascending instants, and how many microseconds local time is ahead of UTC from each one on."""


_ONE_DAY = timedelta(days=1)


@lru_cache(16)
def offsets_of(zone: ZoneInfo) -> Offsets:
    """Return every change of the zone's offset from 1900 to 2199; the first instant is that of 1900.

    A zone that changes twice within a day would be missed; none ever did.
    """
    instants, offsets = [EARLIEST], [offset_at(EARLIEST, zone)]
    # Of a hundred thousand days nearly all change nothing: they are asked without what offset_at remembers.
    moment = datetime_of(EARLIEST).replace(tzinfo=zone)  # in UTC, as fromutc wants it
    last = zone.fromutc(moment).utcoffset()
    for day in range(EARLIEST + DAY, LATEST, DAY):
        moment += _ONE_DAY
        found = zone.fromutc(moment).utcoffset()
        if found != last:
            last = found
            offset = offset_at(day, zone)
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
