"""RFC 5545 recurrence rules in local time, by asking each day whether it belongs.

Asking costs the same for every rule. A library that searches for the next occurrence does not end in
useful time for a rule that has none (``FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30``), and a rule comes from
outside. The parts that are understood: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, COUNT, UNTIL,
WKST, BYMONTH, BYMONTHDAY, BYDAY, BYSETPOS (MONTHLY, YEARLY), BYHOUR and BYMINUTE.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from functools import lru_cache

import msgspec

MAX_COUNT = 10_000
_MAX_DAYS_COUNTED = 366 * 200
_DAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS")
_TIMES = ("BYHOUR", "BYMINUTE")


class Recurrence(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was read, with what its first day implies filled in.

    ``weekdays`` holds (place, weekday) with place 0 for every one and Monday 0; ``times`` are the
    minutes of the day. ``until`` is the last wall time, included.
    """

    start: datetime
    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    week_start: int = 0
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()
    places: frozenset[int] = frozenset()
    times: tuple[int, ...] = ()


def parse_recurrence(text: str, start: datetime, has_start: bool = True) -> Recurrence:
    """Read a rule that begins at the local wall time ``start``; raise ``ValueError`` with words.

    ``has_start`` says whether that start was given: a rule that counts from it needs one.
    """
    parts = _parts(text)
    frequency = parts["FREQ"]
    days = [_weekday(day) for day in parts["BYDAY"].split(",")] if "BYDAY" in parts else []
    rule = Recurrence(
        start=start,
        frequency=frequency,
        interval=_numbers(parts, "INTERVAL", 1, 1_000)[0] if "INTERVAL" in parts else 1,
        count=_numbers(parts, "COUNT", 1, MAX_COUNT)[0] if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        week_start=_weekday(parts.get("WKST", "MO"))[1],
        months=frozenset(_numbers(parts, "BYMONTH", 1, 12)),
        month_days=frozenset(_numbers(parts, "BYMONTHDAY", -31, 31)),
        weekdays=frozenset(days),
        places=frozenset(_numbers(parts, "BYSETPOS", -366, 366)),
        times=_times(parts, start),
    )
    _refuse_what_does_not_fit(rule, has_start)
    return _implied(rule)


def occurrences_on(rule: Recurrence) -> Callable[[int], tuple[datetime, ...]]:
    """Return the function that gives the wall times at which ``rule`` occurs on a day (an ordinal)."""
    last = rule.until
    if rule.count is not None:
        last = _last_counted(rule, rule.count)

    @lru_cache(1024)
    def on(day: int) -> tuple[datetime, ...]:
        if not _belongs(rule, day):
            return ()
        return tuple(wall for wall in _walls(rule, day) if last is None or wall <= last)

    return on


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS and name not in _TIMES:
            known = ", ".join((*_PARTS, *_TIMES))
            raise ValueError(f"{name[:40] or 'an empty part'} is not understood here; a rule has {known}")
        if name in parts or not value:
            raise ValueError(f"{name} must be given once, with a value")
        parts[name] = value
    if parts.get("FREQ") not in _FREQUENCIES:
        raise ValueError(f"FREQ must be one of {', '.join(_FREQUENCIES)}; hours are given by BYHOUR")
    return parts


def _numbers(parts: dict[str, str], name: str, low: int, high: int) -> list[int]:
    if name not in parts:
        return []
    texts = parts[name].split(",")
    if not all(re.fullmatch(r"[+-]?[0-9]{1,5}", text) for text in texts):
        raise ValueError(f"{name} needs whole numbers")
    numbers = [int(text) for text in texts]
    if any(not low <= number <= high or (number == 0 and low < 0) for number in numbers):
        raise ValueError(f"{name} goes from {low} to {high}" + (" without 0" if low < 0 else ""))
    return numbers


def _weekday(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)", text)
    place = int(match[1] or 0) if match else 0
    if match is None or (match[1] is not None and not 1 <= abs(place) <= 53):
        raise ValueError("a weekday is written MO, TU, WE, TH, FR, SA or SU, or 2TU for the second Tuesday")
    return place, _DAYS[match[2]]


def _until(text: str) -> datetime:
    """Read UNTIL as local time; a date includes its whole day."""
    if re.fullmatch(r"\d{8}(T\d{6})?", text, re.ASCII):
        with suppress(ValueError):
            until = datetime.fromisoformat(text)
            return until if "T" in text else datetime.combine(until, time.max)
    raise ValueError("UNTIL is a local date or time, such as 20261231 or 20261231T235959")


def _times(parts: dict[str, str], start: datetime) -> tuple[int, ...]:
    hours = _numbers(parts, "BYHOUR", 0, 23) or [start.hour]
    minutes = _numbers(parts, "BYMINUTE", 0, 59) or [start.minute]
    return tuple(sorted({hour * 60 + minute for hour in hours for minute in minutes}))


def _refuse_what_does_not_fit(rule: Recurrence, has_start: bool) -> None:
    long = rule.frequency in ("MONTHLY", "YEARLY")
    placed = any(place for place, _ in rule.weekdays)
    if not has_start and (rule.interval > 1 or rule.count is not None):
        raise ValueError("INTERVAL and COUNT count from a start: give rrule_start")
    if rule.count is not None and rule.until is not None:
        raise ValueError("COUNT and UNTIL exclude each other")
    if rule.places and (not long or len(rule.times) > 1):
        raise ValueError("BYSETPOS goes with FREQ=MONTHLY or YEARLY and a single time of day")
    if rule.places and not (rule.weekdays or rule.month_days or rule.months):
        raise ValueError("BYSETPOS needs BYDAY, BYMONTHDAY or BYMONTH")
    if placed and (not long or rule.month_days):
        raise ValueError("a numbered weekday goes with FREQ=MONTHLY or YEARLY and without BYMONTHDAY")
    if placed and (rule.frequency == "MONTHLY" or rule.months) and max(abs(p) for p, _ in rule.weekdays) > 5:
        raise ValueError("a month has at most 5 of a weekday")
    if rule.frequency == "WEEKLY" and rule.month_days:
        raise ValueError("BYMONTHDAY does not go with FREQ=WEEKLY")


def _implied(rule: Recurrence) -> Recurrence:
    """Fill in the days that the start implies where the rule names none."""
    if rule.weekdays or rule.month_days:
        return rule
    match rule.frequency:
        case "WEEKLY":
            return msgspec.structs.replace(rule, weekdays=frozenset({(0, rule.start.weekday())}))
        case "MONTHLY":
            return msgspec.structs.replace(rule, month_days=frozenset({rule.start.day}))
        case "YEARLY":
            months = rule.months or frozenset({rule.start.month})
            return msgspec.structs.replace(rule, months=months, month_days=frozenset({rule.start.day}))
    return rule


def _walls(rule: Recurrence, day: int) -> list[datetime]:
    on = date.fromordinal(day)
    second = rule.start.second
    walls = [datetime.combine(on, time(minute // 60, minute % 60, second)) for minute in rule.times]
    return [wall for wall in walls if wall >= rule.start]


def _belongs(rule: Recurrence, day: int) -> bool:
    """Return whether the rule occurs on the day, its count and end aside."""
    on = date.fromordinal(day)
    if on < rule.start.date() or _units_since_start(rule, on) % rule.interval or not _matches(rule, on):
        return False
    if not rule.places:
        return True
    first, last = _unit(rule, on)
    days = [other for other in range(first, last + 1) if _matches(rule, date.fromordinal(other))]
    place = days.index(day)
    return place + 1 in rule.places or place - len(days) in rule.places


def _units_since_start(rule: Recurrence, on: date) -> int:
    start = rule.start.date()
    match rule.frequency:
        case "DAILY":
            return on.toordinal() - start.toordinal()
        case "WEEKLY":
            # Monday is ordinal 1, so this is the number of the week that begins on week_start.
            return (on.toordinal() - 1 - rule.week_start) // 7 - (
                start.toordinal() - 1 - rule.week_start
            ) // 7
        case "MONTHLY":
            return (on.year - start.year) * 12 + on.month - start.month
        case _:
            return on.year - start.year


def _unit(rule: Recurrence, on: date) -> tuple[int, int]:
    """Return the first and last day (ordinals) of the month or year of which BYSETPOS counts the days."""
    if rule.frequency == "YEARLY":
        return date(on.year, 1, 1).toordinal(), date(on.year, 12, 31).toordinal()
    return _month(on)


def _month(on: date) -> tuple[int, int]:
    first = on.replace(day=1).toordinal()
    return first, first + monthrange(on.year, on.month)[1] - 1


def _matches(rule: Recurrence, on: date) -> bool:
    """Return whether a day passes the rule's BYMONTH, BYMONTHDAY and BYDAY."""
    if rule.months and on.month not in rule.months:
        return False
    if rule.month_days:
        length = monthrange(on.year, on.month)[1]
        if on.day not in rule.month_days and on.day - length - 1 not in rule.month_days:
            return False
    if not rule.weekdays or (0, on.weekday()) in rule.weekdays:
        return True
    if rule.frequency == "YEARLY" and not rule.months:
        first, last = date(on.year, 1, 1).toordinal(), date(on.year, 12, 31).toordinal()
    else:
        first, last = _month(on)
    from_start = (on.toordinal() - first) // 7 + 1
    from_end = -((last - on.toordinal()) // 7 + 1)
    return (from_start, on.weekday()) in rule.weekdays or (from_end, on.weekday()) in rule.weekdays


def _last_counted(rule: Recurrence, count: int) -> datetime:
    """Return the wall time of the last of ``count`` occurrences (or of those within 200 years)."""
    last = rule.start
    first = rule.start.toordinal()
    for day in range(first, min(first + _MAX_DAYS_COUNTED, date.max.toordinal())):
        if _belongs(rule, day):
            for wall in _walls(rule, day):
                count, last = count - 1, wall
                if not count:
                    return last
    return last
