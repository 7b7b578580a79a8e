"""What the calendar says at one instant for one version: the periods of its limits, metrics and windows.

Nothing in it depends on the member, and all of it stays the same for a local day (for a local hour, if
some limit counts by the hour), so it is worked out once and remembered with the version.
"""

from __future__ import annotations

import msgspec

from perennial.core.dates.periods import (
    Period,
    first_day,
    first_day_of_last,
    period_of,
    period_of_day,
    steady_around,
)
from perennial.core.terms.conditions import HistoryWindow
from perennial.core.version import Need, Version
from perennial.units import Instant

Range = tuple[int, int]
"""The first and the last period of a window, both included."""

WHOLE_PAST: Range = (0, 2**31 - 1)
"""The range of everything that is counted by a period; the database keeps periods in four bytes."""

_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}
_REMEMBERED = 512


class Today(msgspec.Struct, frozen=True):
    """``day`` is the ordinal of the local day; the tuples follow the lists of the version.

    ``limits`` and ``budgets`` are the periods in which use counts, ``metrics`` those in which an event
    counts, ``ranges`` the windows of the needs; what counts since joining has the range of the day.
    """

    day: int
    limits: tuple[int, ...]
    budgets: tuple[int, ...]
    metrics: tuple[int, ...]
    ranges: tuple[Range, ...]


def today_of(version: Version, at: Instant) -> Today:
    """Return what the calendar says at ``at`` in the program's zone and week."""
    since, until, today = version.today
    if since <= at < until:
        known: Today = today
        return known
    finest = Period.HOUR if version.counts_hours else Period.DAY
    key = period_of(at, finest, version.zone)
    known = version.days.get(key) or _remember(version, at, key)
    version.today = (*steady_around(at, finest, version.zone), known)
    return known


def granularity(window: HistoryWindow) -> Period:
    """Return the period by which a metric must be kept to serve ``window``."""
    if window.ever or window.calendar is Period.EVER:
        return Period.EVER
    if window.calendar in _MONTHS:
        return Period.MONTH
    return Period.DAY


def _remember(version: Version, at: Instant, key: int) -> Today:
    week_starts = version.program.week_starts
    periods = {period: period_of(at, period, version.zone, week_starts) for period in Period}
    day = periods[Period.DAY]
    today = Today(
        day=day,
        limits=tuple(periods[limit.period] for limit in version.limits),
        budgets=tuple(periods[budget.period] for budget in version.budgets),
        metrics=tuple(periods[metric.period] for metric in version.metrics),
        ranges=tuple(range_of_need(need, day, week_starts) for need in version.needs),
    )
    if len(version.days) >= _REMEMBERED:
        version.days.clear()
    version.days[key] = today
    return today


def range_of_need(need: Need, day: int, week_starts: str) -> Range:
    """Return the range of a need on the local day ``day``, in the periods by which its metric is kept."""
    if need.metric.period is not Period.EVER and granularity(need.window) is Period.EVER:
        return WHOLE_PAST
    return range_of(need.window, day, week_starts)


def range_of(window: HistoryWindow, day: int, week_starts: str) -> Range:
    """Return the range of ``window`` on the local day ``day`` (its ordinal), in its granularity."""
    if window.last is not None:
        return min(day, first_day_of_last(day, window.last)), day
    match window.calendar:
        case None | Period.EVER:
            return (day, day) if window.since_joining else (0, 0)
        case Period.MONTH | Period.QUARTER | Period.YEAR as period:
            size, month = _MONTHS[period], period_of_day(day, Period.MONTH)
            first = (month // size + window.offset) * size
            return first, min(first + size - 1, month)
        case Period.WEEK:
            week = period_of_day(day, Period.WEEK, week_starts) + window.offset
            first = first_day(week, Period.WEEK, week_starts).toordinal()
            return first, min(first + 6, day)
        case Period.DAY | Period.HOUR:
            return day + window.offset, day + window.offset
