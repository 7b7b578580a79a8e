"""Recurrence rules, beside python-dateutil as the oracle."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perennial.core.dates.recurrence import occurrences_on, parse_recurrence

START = datetime(2024, 1, 31, 9, 30)


def between(text: str, start: datetime, first: datetime, days: int) -> list[datetime]:
    on = occurrences_on(parse_recurrence(text, start))
    return [wall for day in range(days) for wall in on(first.toordinal() + day)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=MONTHLY", ["2024-01-31", "2024-03-31", "2024-05-31"]),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"],
        ),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3", ["2024-01-31", "2024-02-29", "2024-03-29"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20240311", ["2024-02-12", "2024-02-26", "2024-03-11"]),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", ["2024-05-27"]),
        ("FREQ=DAILY;INTERVAL=40", ["2024-01-31", "2024-03-11", "2024-04-20", "2024-05-30"]),
        ("RRULE:FREQ=DAILY;COUNT=2", ["2024-01-31", "2024-02-01"]),
    ],
)
def test_rules_people_write(text: str, expected: list[str]) -> None:
    """Month ends, last working days, every other week: the dates up to the end of May."""
    assert [f"{wall:%Y-%m-%d}" for wall in between(text, START, START, 122)] == expected


def test_times_of_day_come_from_the_start_or_the_rule() -> None:
    """09:30 from the start; BYHOUR and BYMINUTE give every combination."""
    on = datetime(2024, 2, 1)
    assert between("FREQ=DAILY", START, on, 1) == [datetime(2024, 2, 1, 9, 30)]
    walls = between("FREQ=DAILY;BYHOUR=7,18;BYMINUTE=0,15", START, on, 1)
    assert [f"{wall:%H:%M}" for wall in walls] == ["07:00", "07:15", "18:00", "18:15"]


def test_a_rule_without_any_day_is_answered_at_once() -> None:
    """30 February never comes, which needs no search."""
    assert between("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", START, START, 800) == []
    assert between("FREQ=DAILY;INTERVAL=7;BYDAY=TU", START, START, 800) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=HOURLY",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;COUNT=99999",
        "FREQ=DAILY;COUNT=2;UNTIL=20250101",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20250101T000000Z",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=WEEKLY;BYMONTHDAY=3",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=MONTHLY;BYEASTER=1",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYDAY=MO\nX",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    """A part that is unknown or does not fit is an error with words, never ignored."""
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse_recurrence(text, START)


def test_a_rule_that_counts_needs_a_start() -> None:
    """Every second week is every second week from some day."""
    with pytest.raises(ValueError, match="rrule_start"):
        parse_recurrence("FREQ=WEEKLY;INTERVAL=2", START, has_start=False)


_days = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
_places = st.sampled_from([1, 2, 3, 4, 5, -1, -2, -5])


@st.composite
def _rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 3))}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(_days)}")
    months = draw(st.lists(st.integers(1, 12), max_size=3, unique=True))
    if months:
        parts.append("BYMONTH=" + ",".join(map(str, months)))
    choice = draw(st.sampled_from(["none", "days", "placed", "month days"]))
    if choice == "placed" and frequency in ("MONTHLY", "YEARLY"):
        named = draw(st.lists(st.builds("{}{}".format, _places, _days), min_size=1, max_size=2))
        parts.append("BYDAY=" + ",".join(named))
    elif choice == "month days" and frequency != "WEEKLY":
        numbers = draw(st.lists(st.integers(1, 31) | st.integers(-31, -1), min_size=1, max_size=3))
        parts.append("BYMONTHDAY=" + ",".join(map(str, numbers)))
        if draw(st.booleans()):
            parts.append(f"BYDAY={draw(_days)}")
    elif choice != "none":
        parts.append("BYDAY=" + ",".join(draw(st.lists(_days, min_size=1, max_size=3))))
    if frequency in ("MONTHLY", "YEARLY") and len(parts) > 1 and draw(st.booleans()) and choice != "none":
        parts.append(f"BYSETPOS={draw(st.sampled_from([1, 2, -1]))}")
    if draw(st.booleans()):
        parts.append(draw(st.sampled_from(["COUNT=1", "COUNT=7", "UNTIL=20250315T120000"])))
    return ";".join(parts)


@settings(max_examples=200, deadline=None)
@given(_rules(), st.datetimes(datetime(2023, 1, 1), datetime(2024, 12, 31)))
def test_days_are_those_of_dateutil(text: str, start: datetime) -> None:
    """For two years from the start every occurrence is where dateutil finds one."""
    start = start.replace(microsecond=0)
    found = between(text, start, start, 366 * 5)
    assume(found)  # the oracle searches for ever where a rule never occurs
    last = start + timedelta(days=730)
    assert [wall for wall in found if wall < last] == list(
        takewhile(lambda wall: wall < last, rrulestr(text, dtstart=start))
    )
