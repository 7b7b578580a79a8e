"""Local days, calendar periods and spans in a zone, exact on every day of every zone.

Periods are whole numbers, so that counters and limits can be keyed by them:

* ``hour``: local hours since 1970-01-01 00:00; ``day``: the proleptic Gregorian ordinal (1 is
  0001-01-01); ``week``: ``(ordinal - first weekday) // 7`` with Monday = 1 to Sunday = 7;
* ``month``: ``12 * year + month - 1``; ``quarter``: ``4 * year + quarter - 1``; ``year``: itself;
  ``ever``: 0.

A local day begins at the first instant whose local date is that day or later. So a day whose
midnight is missing begins at the first instant after the gap, a midnight that comes twice counts the
first time, and a day that a zone skipped (Apia, 30 December 2011) is empty.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from perennial.units import DAY, EARLIEST, HOUR, LATEST, MINUTE, Instant, datetime_of, instant_of


class Period(StrEnum):
    """The calendar periods in which something is counted, in the program's zone."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    EVER = "ever"


_Count = Annotated[int, Meta(ge=0, le=10_000)]


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A length of time in calendar units; days and larger follow the program's local calendar."""

    years: _Count = 0
    months: _Count = 0
    weeks: _Count = 0
    days: _Count = 0
    hours: _Count = 0
    minutes: _Count = 0


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_LAST_DAY = date(2200, 12, 31)
_WEEK_START = {name: number for number, name in enumerate(WEEKDAYS, 1)}
_MAX_HOURS = 50_000

# Python 3.11 looks a member of an enumeration up slowly, and period_of is asked for every counter.
_EVER, _HOUR, _DAY, _WEEK = Period.EVER, Period.HOUR, Period.DAY, Period.WEEK
_MONTH, _QUARTER = Period.MONTH, Period.QUARTER

_offsets: dict[ZoneInfo, dict[int, int]] = {}


def offset_at(instant: Instant, zone: ZoneInfo) -> int:
    """Return how many microseconds the zone's local time is ahead of UTC at ``instant``."""
    hours = _offsets.get(zone)
    if hours is None:
        hours = _offsets.setdefault(zone, {})
    offset = hours.get(instant // HOUR)
    return _look_up_offset(instant, zone, hours) if offset is None else offset


def _look_up_offset(instant: Instant, zone: ZoneInfo, hours: dict[int, int]) -> int:
    """Look an offset up, and remember it for the hour (in UTC) unless it changes within the hour."""
    hour = instant // HOUR
    first = _offset(hour * HOUR, zone)
    if first != _offset(hour * HOUR + HOUR - 1, zone):
        return _offset(instant, zone)
    if len(hours) >= _MAX_HOURS:
        hours.clear()
    hours[hour] = first
    return first


def _offset(instant: Instant, zone: ZoneInfo) -> int:
    offset = datetime_of(instant).astimezone(zone).utcoffset()
    return offset // timedelta(microseconds=1) if offset else 0


def steady_around(instant: Instant, period: Period, zone: ZoneInfo) -> tuple[Instant, Instant]:
    """Return instants around ``instant`` between which the local hour or day (``period``) stays the same.

    The second is the first one after them. They lie in one hour in UTC, and nowhere near a change of the
    zone's offset, where they hold ``instant`` alone.
    """
    hour = instant // HOUR * HOUR
    offset = offset_at(instant, zone)
    if instant // HOUR not in _offsets[zone]:
        return instant, instant + 1
    size = HOUR if period is _HOUR else DAY
    begins = (instant + offset) // size * size - offset
    return max(hour, begins), min(hour + HOUR, begins + size)


def local_day(instant: Instant, zone: ZoneInfo) -> int:
    """Return the ordinal of the local date of ``instant``: its period number by day."""
    return (instant + offset_at(instant, zone)) // DAY + _EPOCH_DAY


def local_minute(instant: Instant, zone: ZoneInfo) -> int:
    """Return the local wall time of ``instant`` in whole minutes since midnight, 0 to 1439."""
    return (instant + offset_at(instant, zone)) % DAY // MINUTE


def local_date(instant: Instant, zone: ZoneInfo) -> date:
    """Return the local date of ``instant``."""
    return date.fromordinal(local_day(instant, zone))


def local_datetime(instant: Instant, zone: ZoneInfo) -> datetime:
    """Return the local wall time of ``instant``, as a ``datetime`` without a zone."""
    return datetime(1970, 1, 1) + timedelta(microseconds=instant + offset_at(instant, zone))


def minute_words(instant: Instant, zone: ZoneInfo) -> str:
    """Write ``instant`` for people, as a clock in the zone shows it: ``2027-01-04 10:00``.

    Machines read it in UTC, from the field beside the sentence.
    """
    return f"{local_datetime(instant, zone):%Y-%m-%d %H:%M}"


@lru_cache(8192)
def local_midnight(day: date, zone: ZoneInfo) -> Instant:
    """Return the first instant whose local date is ``day`` or later."""
    return instant_of_local(datetime.combine(day, time()), zone)


def instant_of_local(wall: datetime, zone: ZoneInfo) -> Instant:
    """Return the instant of a local wall time (without a zone).

    A time that comes twice is taken the first time; a time that is missing gives the first instant
    after the gap.
    """
    instant = instant_of(wall.replace(tzinfo=zone, fold=0).astimezone(UTC))
    if local_datetime(instant, zone) == wall:
        return instant
    # In a gap the reading with the offset from before lies at or after the end of the gap, and the
    # one with the offset from after lies before it.
    before = instant_of(wall.replace(tzinfo=zone, fold=1).astimezone(UTC))
    while instant - before > 1:
        middle = (before + instant) // 2
        if local_datetime(middle, zone) < wall:
            before = middle
        else:
            instant = middle
    return instant


def period_of(instant: Instant, period: Period, zone: ZoneInfo, week_starts: str = "mon") -> int:
    """Return the number of the period in which ``instant`` lies."""
    if period is _EVER:
        return 0
    hours = _offsets.get(zone)
    offset = None if hours is None else hours.get(instant // HOUR)
    local = instant + (offset_at(instant, zone) if offset is None else offset)
    if period is _HOUR:
        return local // HOUR
    day = local // DAY + _EPOCH_DAY
    if period is _DAY:
        return day
    return period_of_day(day, period, week_starts)


def period_of_day(day: int, period: Period, week_starts: str = "mon") -> int:
    """Return the number of the period (a day or longer) in which the day with this ordinal lies."""
    if period is _WEEK:
        return (day - _WEEK_START[week_starts]) // 7
    if period is _DAY:
        return day
    if period is _EVER:
        return 0
    month = _month_of_day(day)
    if period is _MONTH:
        return month
    return month // 3 if period is _QUARTER else month // 12


@lru_cache(8192)
def _month_of_day(day: int) -> int:
    on = date.fromordinal(day)
    return on.year * 12 + on.month - 1


def first_day(number: int, period: Period, week_starts: str = "mon") -> date:
    """Return the first date of the period with this number (a day or longer; not ``ever``)."""
    if period is Period.DAY:
        return date.fromordinal(number)
    if period is Period.WEEK:
        return date.fromordinal(number * 7 + _WEEK_START[week_starts])
    months = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[period] * number
    return date(months // 12, months % 12 + 1, 1)


def start_of(number: int, period: Period, zone: ZoneInfo, week_starts: str = "mon") -> Instant:
    """Return the first instant of the period with this number (``ever``: 1900; after it: 2200)."""
    if period is Period.EVER:
        return EARLIEST if number <= 0 else LATEST + 1
    if period is Period.HOUR:
        wall = datetime(1970, 1, 1) + timedelta(hours=number)
        return instant_of_local(wall, zone)
    return local_midnight(first_day(number, period, week_starts), zone)


def end_of_period(instant: Instant, period: Period, zone: ZoneInfo, week_starts: str = "mon") -> Instant:
    """Return the end of the period in which ``instant`` lies: the first instant of the next one."""
    number = period_of(instant, period, zone, week_starts) + 1
    end = start_of(number, period, zone, week_starts)
    # Where clocks were once set back from just after midnight, the day before comes a second time.
    return end if end > instant else start_of(number + 1, period, zone, week_starts)


def round_up(instant: Instant, period: Period, zone: ZoneInfo, week_starts: str = "mon") -> Instant:
    """Return ``instant`` if a period begins with it, else the end of the period in which it lies."""
    number = period_of(instant, period, zone, week_starts)
    if instant == start_of(number, period, zone, week_starts):
        return instant
    return end_of_period(instant, period, zone, week_starts)


def round_up_to_midnight(instant: Instant, zone: ZoneInfo) -> Instant:
    """Return the first beginning of a local day at or after ``instant``."""
    return round_up(instant, Period.DAY, zone)


def shift_date(day: date, span: Span, sign: int = 1) -> date:
    """Move a date by the years, months, weeks and days of ``span``, forward or back (``sign`` -1).

    Years and months come first and keep the day of the month, or take the last day of a shorter
    month (31 January + 1 month is the last of February). Dates end with 2200 and begin with 1899.
    """
    months = day.year * 12 + day.month - 1 + sign * (span.years * 12 + span.months)
    year, month = divmod(months, 12)
    if not 1899 <= year <= 2200:
        return _LAST_DAY if sign > 0 else date(1899, 1, 1)
    moved = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1])).toordinal()
    moved += sign * (span.weeks * 7 + span.days)
    return date.fromordinal(max(date(1899, 1, 1).toordinal(), min(moved, _LAST_DAY.toordinal())))


def add_span(instant: Instant, span: Span, zone: ZoneInfo, sign: int = 1) -> Instant:
    """Return ``instant`` moved by ``span``, forward or back (``sign`` -1), within 1900 to 2199.

    Years, months, weeks and days move the local date and keep the local wall time; hours and minutes
    are exact and follow after that.
    """
    moved = instant
    if span.years or span.months or span.weeks or span.days:
        wall = local_datetime(instant, zone)
        day = shift_date(wall.date(), span, sign)
        moved = instant_of_local(datetime.combine(day, wall.time()), zone)
    moved += sign * (span.hours * HOUR + span.minutes * MINUTE)
    return max(EARLIEST, min(moved, LATEST))


def first_day_of_last(day: int, span: Span) -> int:
    """Return the ordinal of the first day of the window ``last: span`` that ends with ``day``.

    ``last: {days: 30}`` is 30 days, ``day`` included; ``last: {months: 1}`` on 31 March begins on
    1 March. Hours and minutes are not counted.
    """
    return shift_date(date.fromordinal(day), span, -1).toordinal() + 1


def falls_on(start: date, today: int) -> bool:
    """Return whether today (an ordinal) is a yearly return of ``start``, see :func:`in_year`."""
    day = date.fromordinal(today)
    return day.year > start.year and in_year(start, day.year) == day


def in_year(anniversary: date, year: int) -> date:
    """Return the yearly return of a date in ``year``: 29 February is 28 February in common years."""
    if anniversary.month == 2 and anniversary.day == 29:
        return date.fromordinal(date(year, 3, 1).toordinal() - 1)
    return anniversary.replace(year=year)


def years_since(start: date, today: int) -> int:
    """Return how many whole years have passed from ``start`` to today (an ordinal)."""
    year = date.fromordinal(today).year
    return year - start.year - (in_year(start, year).toordinal() > today)
