"""When something applies: start and end, weekly windows, recurrences, holidays, birthdays.

A schedule is judged in the program's zone at the event's own time; :func:`compile_schedule` makes it
a function. Yearly returns of 29 February are on the 28th in common years.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.dates.periods import (
    WEEKDAYS,
    Span,
    add_span,
    in_year,
    instant_of_local,
    local_date,
    local_datetime,
    local_day,
    local_midnight,
    offset_at,
)
from perennial.core.dates.recurrence import Recurrence, occurrences_on, parse_recurrence
from perennial.core.problems import Problem, join_path
from perennial.units import MINUTE, Instant, parse_instant

MAX_DURATION_DAYS = 31
MAX_DAYS_AROUND = 180

Applies = Callable[[Instant, date | None, Instant | None], bool]
"""A compiled schedule: asked with the instant, the member's date of birth and the instant of joining."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_WALL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_MINUTES = 1440
_WEEK = 7 * _MINUTES
_SINCE_MONDAY = 3 * _MINUTES
# 1 January 1970, from which instants count, was a Thursday.
_NO_START = datetime(1970, 1, 1)
_A_DAY = Span(days=1)


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A weekly window: on ``days`` (mon..sun; empty: every day), from ``start`` up to ``end`` (HH:MM).

    ``end`` is not included; an end at or before the start runs past midnight; 24:00 is the end.
    """

    days: tuple[str, ...] = ()
    start: str = "00:00"
    end: str = "24:00"


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """When a rule, a campaign or a reward applies, in the program's zone, at the event's own time.

    ``starts`` and ``ends`` are a local date, a local date and time, or an RFC 3339 instant; an end
    that is a date includes that whole day. ``windows`` are weekly; ``rrule`` is an RFC 5545 rule
    whose occurrences each last ``duration``; ``holidays`` is a country code whose public holidays
    count; ``birthday`` and ``anniversary`` are days before and after the member's own day.
    Everything given must hold.
    """

    starts: str | None = None
    ends: str | None = None
    windows: tuple[Window, ...] = ()
    rrule: str | None = None
    rrule_start: str | None = None
    duration: Span | None = None
    holidays: str | None = None
    birthday: tuple[int, int] | None = None
    anniversary: tuple[int, int] | None = None


def start_instant(text: str, zone: ZoneInfo) -> Instant:
    """Read a start: a local date, a local date and time, or an instant with an offset.

    Raises ``ValueError`` with words for a person.
    """
    moment = _moment(text)
    if isinstance(moment, datetime):
        return instant_of_local(moment, zone)
    return local_midnight(moment, zone) if isinstance(moment, date) else moment


def end_instant(text: str, zone: ZoneInfo) -> Instant:
    """Read an end, which is not included; a date ends with its day. Raises ``ValueError`` with words."""
    moment = _moment(text)
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return local_midnight(moment + timedelta(days=1), zone)
    return start_instant(text, zone)


def life_of(schedule: Schedule, zone: ZoneInfo) -> tuple[Instant | None, Instant | None]:
    """Return the start (included) and the end (not included) of a schedule."""
    starts = None if schedule.starts is None else start_instant(schedule.starts, zone)
    ends = None if schedule.ends is None else end_instant(schedule.ends, zone)
    return starts, ends


def _moment(text: str) -> date | datetime | Instant:
    try:
        if _DAY.fullmatch(text):
            return _in_range(date.fromisoformat(text))
        if _LOCAL.fullmatch(text):
            return _in_range(datetime.fromisoformat(text))
        return parse_instant(text if _INSTANT.fullmatch(text) else "")
    except ValueError as error:
        words = (
            f"{text[:40]} is neither a local date (2026-12-01) nor a local time (2026-12-01T09:00) "
            "nor an instant with an offset (2026-12-01T09:00:00Z)"
        )
        raise ValueError(words) from error


def _in_range(day: date) -> date:
    if not 1900 <= day.year <= 2199:
        raise ValueError("a date must lie between the years 1900 and 2199")
    return day


# Checking


def check_schedule(schedule: Schedule, zone: ZoneInfo) -> list[Problem]:
    """Return every problem of a schedule, with paths from its own root."""
    problems = [
        problem for i, one in enumerate(schedule.windows) for problem in _check_window(one, f"windows[{i}]")
    ]
    bounds: list[Instant] = []
    for path, text, read in (
        ("starts", schedule.starts, start_instant),
        ("ends", schedule.ends, end_instant),
        ("rrule_start", schedule.rrule_start, start_instant),
    ):
        if text is not None:
            try:
                bounds.append(read(text, zone))
            except ValueError as error:
                problems.append(Problem(path, "bad_moment", str(error)))
    if schedule.starts and schedule.ends and not problems and bounds[1] <= bounds[0]:
        problems.append(Problem("ends", "ends_before_start", "the end lies before the start"))
    problems += _check_rrule(schedule, zone) if not problems else []
    if schedule.holidays is not None and holidays_of(schedule.holidays) is None:
        words = "a country code, such as DE, or with a subdivision, such as DE-BY, is expected here"
        problems.append(Problem("holidays", "unknown_country", words))
    for path, around in (("birthday", schedule.birthday), ("anniversary", schedule.anniversary)):
        if around is not None and not all(0 <= days <= MAX_DAYS_AROUND for days in around):
            words = f"days before and days after are numbers from 0 to {MAX_DAYS_AROUND}"
            problems.append(Problem(path, "out_of_range", words))
    return problems


def _check_window(window: Window, path: str) -> list[Problem]:
    problems = []
    for i, day in enumerate(window.days):
        if day not in WEEKDAYS:
            words = f"a weekday is one of {', '.join(WEEKDAYS)}"
            problems.append(Problem(join_path(path, f"days[{i}]"), "unknown_weekday", words))
    for name, wall in (("start", window.start), ("end", window.end)):
        if not _WALL.fullmatch(wall) or (name == "start" and wall == "24:00"):
            words = "a time of day is written 17:00, from 00:00 to 23:59 (an end up to 24:00)"
            problems.append(Problem(join_path(path, name), "bad_time", words))
    return problems


def _check_rrule(schedule: Schedule, zone: ZoneInfo) -> list[Problem]:
    if schedule.rrule is None:
        unused = [name for name in ("rrule_start", "duration") if getattr(schedule, name) is not None]
        return [Problem(name, "not_used", "this belongs to an rrule, and there is none") for name in unused]
    problems = []
    try:
        recurrence_of(schedule, zone)
    except ValueError as error:
        problems.append(Problem("rrule", "bad_rrule", str(error)))
    span = schedule.duration or _A_DAY
    if span == Span() or longest_days(span) > MAX_DURATION_DAYS:
        words = f"an occurrence lasts more than nothing and at most {MAX_DURATION_DAYS} days"
        problems.append(Problem("duration", "out_of_range", words))
    return problems


# Compiling


def compile_schedule(schedule: Schedule, zone: ZoneInfo) -> Applies:
    """Return the function that says whether a checked schedule applies.

    It is asked with the instant of the event, the member's date of birth and the instant of joining,
    both ``None`` if unknown (a schedule around a birthday that is not known does not apply).
    """
    tests = [*_bounds(schedule, zone)]
    if schedule.windows:
        tests.append(_in_windows(schedule.windows, zone))
    if schedule.rrule is not None:
        tests.append(_in_recurrence(schedule, zone))
    if schedule.holidays is not None:
        tests.append(_on_holidays(schedule.holidays, zone))
    if schedule.birthday is not None:
        tests.append(_around_birthday(schedule.birthday, zone))
    if schedule.anniversary is not None:
        tests.append(_around_anniversary(schedule.anniversary, zone))
    if len(tests) == 1:
        return tests[0]

    def applies(at: Instant, birthday: date | None, joined_at: Instant | None) -> bool:
        return all(test(at, birthday, joined_at) for test in tests)

    return applies


def _bounds(schedule: Schedule, zone: ZoneInfo) -> list[Applies]:
    starts, ends = life_of(schedule, zone)
    tests: list[Applies] = []
    if starts is not None and ends is not None:
        tests.append(lambda at, _birthday, _joined: starts <= at < ends)
    elif starts is not None:
        tests.append(lambda at, _birthday, _joined: starts <= at)
    elif ends is not None:
        tests.append(lambda at, _birthday, _joined: at < ends)
    return tests


def _in_windows(windows: tuple[Window, ...], zone: ZoneInfo) -> Applies:
    open_minutes = minutes_of_week(windows)

    def applies(at: Instant, _birthday: date | None, _joined: Instant | None) -> bool:
        minutes = (at + offset_at(at, zone)) // MINUTE
        return bool(open_minutes[(minutes + _SINCE_MONDAY) % _WEEK])

    return applies


def minutes_of_week(windows: tuple[Window, ...]) -> bytes:
    """Return for every minute of the week, from Monday's first on, 1 if it lies in a window, else 0."""
    open_minutes = bytearray(_WEEK)
    for window in windows:
        start, end = _minute(window.start), _minute(window.end)
        length = end - start if end > start else end - start + _MINUTES
        for day in window.days or WEEKDAYS:
            first = WEEKDAYS.index(day) * _MINUTES + start
            for minute in range(first, first + length):
                open_minutes[minute % len(open_minutes)] = 1
    return bytes(open_minutes)


def _minute(wall: str) -> int:
    hours, _, minutes = wall.partition(":")
    return int(hours) * 60 + int(minutes)


def recurrence_of(schedule: Schedule, zone: ZoneInfo) -> Recurrence:
    """Return the recurrence of a schedule that has one; raise ``ValueError`` with words."""
    given = schedule.rrule_start or schedule.starts
    start = _NO_START if given is None else local_datetime(start_instant(given, zone), zone)
    return parse_recurrence(schedule.rrule or "", start, has_start=given is not None)


def _in_recurrence(schedule: Schedule, zone: ZoneInfo) -> Applies:
    occurrences = occurrences_on(recurrence_of(schedule, zone))
    span = schedule.duration or _A_DAY
    days_back = longest_days(span) + 1

    @lru_cache(512)
    def open_around(today: int) -> list[tuple[Instant, Instant]]:
        walls = [wall for day in range(today - days_back, today + 1) for wall in occurrences(day)]
        starts = [instant_of_local(wall, zone) for wall in walls]
        return [(start, add_span(start, span, zone)) for start in starts]

    def applies(at: Instant, _birthday: date | None, _joined: Instant | None) -> bool:
        return any(start <= at < end for start, end in open_around(local_day(at, zone)))

    return applies


def longest_days(span: Span) -> int:
    """Return at least how many days a span lasts at most."""
    days = span.years * 366 + span.months * 31 + span.weeks * 7 + span.days
    return days + -(-(span.hours * 60 + span.minutes) // _MINUTES)


def _on_holidays(country: str, zone: ZoneInfo) -> Applies:
    table = holidays_of(country)
    if table is None:
        raise ValueError(f"there are no holidays of {country}")

    def applies(at: Instant, _birthday: date | None, _joined: Instant | None) -> bool:
        return local_date(at, zone) in table

    return applies


def holidays_of(code: str) -> Any:
    """Return the table of public holidays of a country (or ``country-subdivision``), or None."""
    if not _COUNTRY.fullmatch(code):
        return None
    # A large table, slow to read: only programs that ask for holidays pay for it.
    import holidays  # noqa: PLC0415

    country, _, subdivision = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:
        return None


def _around_birthday(around: tuple[int, int], zone: ZoneInfo) -> Applies:
    def applies(at: Instant, birthday: date | None, _joined: Instant | None) -> bool:
        return birthday is not None and _is_around(birthday, around, local_day(at, zone))

    return applies


def _around_anniversary(around: tuple[int, int], zone: ZoneInfo) -> Applies:
    def applies(at: Instant, _birthday: date | None, joined: Instant | None) -> bool:
        return joined is not None and _is_around(local_date(joined, zone), around, local_day(at, zone))

    return applies


def _is_around(origin: date, around: tuple[int, int], today: int) -> bool:
    """Return whether a yearly return of ``origin`` lies so many days around today (an ordinal)."""
    before, after = around
    year = date.fromordinal(today).year
    for candidate in (year - 1, year, year + 1):
        day = in_year(origin, candidate).toordinal()
        if candidate > origin.year and day - before <= today <= day + after:
            return True
    return False


__all__ = [
    "Applies",
    "Schedule",
    "Span",
    "Window",
    "check_schedule",
    "compile_schedule",
    "end_instant",
    "holidays_of",
    "life_of",
    "longest_days",
    "minutes_of_week",
    "recurrence_of",
    "start_instant",
]


@lru_cache(4096)
def schedule_applies(schedule: Schedule, zone: ZoneInfo) -> Applies:
    """Return what :func:`compile_schedule` gives, compiled once."""
    return compile_schedule(schedule, zone)
