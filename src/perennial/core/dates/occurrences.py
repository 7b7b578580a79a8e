"""When schedules are open within a range of time, as exact intervals in the program's zone.

What depends on the member, a birthday or an anniversary, is left out: it has no days of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.dates.periods import add_span, instant_of_local, local_date, local_midnight, offset_at
from perennial.core.dates.recurrence import occurrences_on
from perennial.core.dates.schedule import (
    Schedule,
    Span,
    compile_schedule,
    holidays_of,
    life_of,
    longest_days,
    recurrence_of,
)
from perennial.units import SECOND, Instant

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_A_DAY = Span(days=1)

Interval = tuple[Instant, Instant]
"""From an instant (included) to another (not included)."""


def open_between(
    schedules: Sequence[Schedule], zone: ZoneInfo, first: Instant, last: Instant, most: int | None = None
) -> list[Interval]:
    """Return when all of some checked schedules are open from ``first`` up to ``last``.

    Not more than ``most`` intervals are looked for. No schedules are open always.
    """
    found: list[Interval] = []
    if first >= last or most == 0:
        return found
    for interval in _merged(schedules, zone, first, last):
        found.append(interval)
        if len(found) == most:
            break
    return found


def _merged(
    schedules: Sequence[Schedule], zone: ZoneInfo, first: Instant, last: Instant
) -> Iterator[Interval]:
    general = [msgspec.structs.replace(each, birthday=None, anniversary=None) for each in schedules]
    tests = [compile_schedule(each, zone) for each in general]
    edges = [_Edges(each, zone) for each in general]
    began: Instant | None = None
    on = local_date(first, zone)
    while local_midnight(on, zone) < last:
        cuts = {max(local_midnight(on, zone), first), min(local_midnight(on + timedelta(days=1), zone), last)}
        for each in edges:
            cuts |= {cut for cut in each.of_day(on) if min(cuts) < cut < max(cuts)}
        for start, end in pairwise(sorted(cuts)):
            is_open = all(test(start, None, None) for test in tests)
            if is_open and began is None:
                began = start
            elif not is_open and began is not None:
                yield began, start
                began = None
            del end
        on += timedelta(days=1)
    if began is not None:
        yield began, last


class _Edges:
    """The instants of a day at which a schedule may open or close; some of them change nothing."""

    def __init__(self, schedule: Schedule, zone: ZoneInfo) -> None:
        self._zone = zone
        self._bounds = [bound for bound in life_of(schedule, zone) if bound is not None]
        self._minutes = {_minutes(text) for window in schedule.windows for text in (window.start, window.end)}
        self._span = schedule.duration or _A_DAY
        self._occurrences = None if schedule.rrule is None else occurrences_on(recurrence_of(schedule, zone))
        self._days_back = longest_days(self._span) + 1

    def of_day(self, on: date) -> set[Instant]:
        """Return the edges that fall on a local day, and perhaps some that do not."""
        start, end = local_midnight(on, self._zone), local_midnight(on + timedelta(days=1), self._zone)
        found = set(self._bounds)
        offsets = {offset_at(start, self._zone), offset_at(end, self._zone)}
        if len(offsets) > 1:
            found.add(self._change(start, end))
        wall = (datetime.combine(on, time()) - _EPOCH) // _MICROSECOND
        found |= {wall + minutes * 60 * SECOND - offset for minutes in self._minutes for offset in offsets}
        if self._occurrences is not None:
            for day in range(on.toordinal() - self._days_back, on.toordinal() + 1):
                for begins in self._occurrences(day):
                    began = instant_of_local(begins, self._zone)
                    found |= {began, add_span(began, self._span, self._zone)}
        return found

    def _change(self, start: Instant, end: Instant) -> Instant:
        """Return when the clocks change within the day, found by halving."""
        before = offset_at(start, self._zone)
        while end - start > 1:
            middle = (start + end) // 2
            if offset_at(middle, self._zone) == before:
                start = middle
            else:
                end = middle
        return end


def _minutes(wall: str) -> int:
    hours, _, minutes = wall.partition(":")
    return int(hours) * 60 + int(minutes)


def holidays_between(country: str, first: date, last: date) -> list[tuple[date, str]]:
    """Return the public holidays of a country from ``first`` to ``last`` (both included), with their names.

    Raises ``ValueError`` for a country that is not known.
    """
    table = holidays_of(country)
    if table is None:
        raise ValueError(f"there are no holidays of {country}")
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [(day, str(table.get(day))) for day in days if day in table]
