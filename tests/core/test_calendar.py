"""The calendar: occurrences by local day, what overlaps, and the other dates of a program."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from perennial.core.campaigns.calendar import (
    MAX_ENTRIES,
    Calendar,
    EntryKind,
    calendar_of,
    countries_of,
    public_holidays,
)
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.validation.validation import validate

FIRST, LAST = date(2026, 12, 1), date(2026, 12, 31)


def _program(*campaigns: dict[str, Any], **changes: Any) -> Program:
    document = {
        "program": "shop",
        "name": "Shop",
        "time_zone": "Asia/Tokyo",
        "wallets": [{"id": "points", "name": "Points"}],
        "campaigns": [{"multiplier": {"by": "2"}} | campaign for campaign in campaigns],
    } | changes
    program = program_of(document)
    assert isinstance(program, Program), program
    assert validate(program) == []
    return program


def _calendar(program: Program, first: date = FIRST, last: date = LAST) -> Calendar:
    return calendar_of(program, ZoneInfo(program.time_zone), first, last)


def _days(found: Calendar) -> list[tuple[str | None, int, int]]:
    return [(entry.id, entry.first_day.day, entry.last_day.day) for entry in found.entries]


def test_occurrences_are_on_local_days() -> None:
    """Days are those of Tokyo; what runs past midnight touches two of them."""
    christmas = {"id": "christmas", "schedule": {"starts": "2026-12-24", "ends": "2026-12-26"}}
    night = {"id": "night", "schedule": {"windows": [{"days": ["fri"], "start": "22:00", "end": "02:00"}]}}
    found = _calendar(_program(christmas, night), date(2026, 12, 18), date(2026, 12, 31))
    assert _days(found) == [("night", 18, 19), ("christmas", 24, 26), ("night", 25, 26)]
    assert [entry.overlaps for entry in found.entries] == [(), ("night",), ("christmas",)]


def test_what_touches_does_not_overlap() -> None:
    """One campaign ends in the instant in which the next begins."""
    first = {"id": "first", "schedule": {"starts": "2026-12-01", "ends": "2026-12-10"}}
    second = {"id": "second", "schedule": {"starts": "2026-12-11", "ends": "2026-12-20"}}
    third = {"id": "third", "schedule": {"starts": "2026-12-20T23:59"}}
    found = _calendar(_program(first, second, third))
    assert [entry.overlaps for entry in found.entries] == [(), ("third",), ("second",)]


def test_what_is_asked_cuts_what_is_shown() -> None:
    """A campaign without an end is shown from the first to the last day that was asked for."""
    assert _days(_calendar(_program({"id": "always"}))) == [("always", 1, 31)]


def test_days_of_members_are_told_and_overlap_nothing() -> None:
    """A birthday campaign is open for somebody on any day, as long as it runs at all."""
    birthday = {"id": "birthday", "schedule": {"birthday": [3, 3], "ends": "2026-12-15"}}
    found = _calendar(_program(birthday, {"id": "always"}))
    assert {entry.id: (entry.day_of, entry.overlaps, entry.last_day.day) for entry in found.entries} == {
        "always": (None, (), 31),
        "birthday": ("birthday", (), 15),
    }


def test_the_other_dates_of_a_program() -> None:
    """Start, end, the end of the grace, reviews of all tiers, and points that expire on a fixed day."""
    program = _program(
        starts="2026-12-05",
        ends="2026-12-20",
        grace={"days": 10},
        wallets=[
            {"id": "points", "name": "Points", "expiry": {"type": "fixed_dates", "dates": ["12-15", "06-30"]}}
        ],
        tiers={
            "metrics": [{"id": "spend", "measure": "orders.net", "window": {"calendar": "month"}}],
            "levels": [{"id": "gold", "name": "Gold", "reach": {"spend": 100}}],
        },
    )
    found = _calendar(program, date(2026, 12, 1), date(2027, 1, 31))
    told = [(entry.kind, entry.first_day.isoformat(), entry.id) for entry in found.entries]
    assert told == [
        (EntryKind.TIER_REVIEW, "2026-12-01", None),
        (EntryKind.PROGRAM_STARTS, "2026-12-05", None),
        (EntryKind.POINTS_EXPIRE, "2026-12-15", "points"),
        (EntryKind.PROGRAM_ENDS, "2026-12-20", None),
        (EntryKind.PROGRAM_CLOSES, "2026-12-30", None),
        (EntryKind.TIER_REVIEW, "2026-12-31", None),
    ]


def test_a_calendar_is_bounded() -> None:
    """Not more than so many entries, and it says that there are more; not more than 400 days."""
    windows = [{"start": f"{hour:02}:00", "end": f"{hour:02}:30"} for hour in range(24)]
    found = _calendar(
        _program({"id": "hours", "schedule": {"windows": windows}}), date(2026, 1, 1), date(2026, 12, 31)
    )
    assert (len(found.entries), found.truncated) == (MAX_ENTRIES, True)
    with pytest.raises(ValueError, match="400 days"):
        _calendar(_program(), date(2026, 1, 1), date(2027, 2, 5))


def test_holidays_of_the_countries_that_schedules_go_by() -> None:
    """Those of every schedule, by name and day."""
    program = _program({"id": "holidays", "schedule": {"holidays": "DE-BY"}})
    assert countries_of(program) == {"DE-BY"}
    found = public_holidays({"DE-BY"}, date(2027, 1, 1), date(2027, 1, 10))
    assert [each.day.day for each in found] == [1, 6]
    with pytest.raises(ValueError, match="no holidays"):
        public_holidays({"XX"}, FIRST, LAST)
