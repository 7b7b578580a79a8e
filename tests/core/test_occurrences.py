"""When schedules are open, as intervals: exact on the days when the clocks change."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from perennial.core.dates.occurrences import holidays_between, open_between
from perennial.core.dates.schedule import Schedule, Span, Window
from perennial.units import format_instant, parse_instant

BERLIN = ZoneInfo("Europe/Berlin")


def _open(first: str, last: str, *schedules: Schedule) -> list[tuple[str, str]]:
    found = open_between(schedules, BERLIN, parse_instant(first), parse_instant(last))
    return [(format_instant(start), format_instant(end)) for start, end in found]


def test_a_weekly_window_keeps_its_wall_time_when_the_clocks_change() -> None:
    """Happy hour is from 17:00 to 19:00 on both sides of the change, which is another instant in UTC."""
    happy = Schedule(windows=(Window(days=("fri",), start="17:00", end="19:00"),))
    assert _open("2026-10-20T00:00:00Z", "2026-11-01T00:00:00Z", happy) == [
        ("2026-10-23T15:00:00Z", "2026-10-23T17:00:00Z"),
        ("2026-10-30T16:00:00Z", "2026-10-30T18:00:00Z"),
    ]


def test_a_day_of_25_hours_is_open_for_25_hours() -> None:
    """A whole day is one interval from local midnight to local midnight."""
    sunday = Schedule(windows=(Window(days=("sun",)),))
    assert _open("2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z", sunday) == [
        ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")
    ]


def test_an_hour_that_comes_twice_opens_twice() -> None:
    """A window from 02:00 to 02:30 is open in each of the two hours; one that never comes is not."""
    night = Schedule(windows=(Window(days=("sun",), start="02:00", end="02:30"),))
    assert _open("2026-10-25T00:00:00Z", "2026-10-25T06:00:00Z", night) == [
        ("2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"),
        ("2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"),
    ]
    assert _open("2026-03-29T00:00:00Z", "2026-03-29T06:00:00Z", night) == []


def test_several_schedules_are_open_where_all_are() -> None:
    """A recurrence of two days and a weekly window leave their common hours."""
    monthly = Schedule(rrule="FREQ=MONTHLY;BYMONTHDAY=1", duration=Span(days=2))
    morning = Schedule(windows=(Window(start="09:00", end="10:00"),))
    assert _open("2026-11-25T00:00:00Z", "2026-12-10T00:00:00Z", monthly, morning) == [
        ("2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z"),
        ("2026-12-02T08:00:00Z", "2026-12-02T09:00:00Z"),
    ]


def test_holidays_have_names() -> None:
    """Public holidays of a country come with their names."""
    found = holidays_between("DE", date(2026, 12, 20), date(2027, 1, 1))
    assert [day.isoformat() for day, _ in found] == ["2026-12-25", "2026-12-26", "2027-01-01"]
