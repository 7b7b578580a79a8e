"""When something applies, at its boundaries, in the program's zone."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from perennial.core.dates.periods import Span
from perennial.core.dates.schedule import (
    Schedule,
    Window,
    check_schedule,
    compile_schedule,
    end_instant,
    start_instant,
)
from perennial.units import Instant, format_instant, parse_instant

BERLIN = ZoneInfo("Europe/Berlin")
BORN = date(2000, 2, 29)


def at(local: str, offset: str = "+01:00") -> Instant:
    return parse_instant(local + offset)


def applies(
    schedule: Schedule, moment: Instant, birthday: date | None = None, joined: Instant | None = None
) -> bool:
    assert check_schedule(schedule, BERLIN) == []
    return compile_schedule(schedule, BERLIN)(moment, birthday, joined)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-04T23:59:59", False),
        ("2026-01-05T00:00:00", True),
        ("2026-01-05T23:59:59", True),
        ("2026-01-06T00:00:00", False),
    ],
)
def test_mondays_begin_and_end_at_local_midnight(moment: str, expected: bool) -> None:
    """SC-10: Sunday 23:59:59, Monday 00:00:00, Monday 23:59:59, Tuesday 00:00:00."""
    assert applies(Schedule(windows=(Window(days=("mon",)),)), at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-02T16:59:59", False),
        ("2026-01-02T17:00:00", True),
        ("2026-01-02T18:59:59", True),
        ("2026-01-02T19:00:00", False),
        ("2026-01-03T18:00:00", False),
    ],
)
def test_a_happy_hour_has_its_end_left_out(moment: str, expected: bool) -> None:
    """SC-24: Friday 17:00 to 19:00."""
    happy_hour = Schedule(windows=(Window(days=("fri",), start="17:00", end="19:00"),))
    assert applies(happy_hour, at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-03T21:59:59", False),
        ("2026-01-03T22:00:00", True),
        ("2026-01-04T01:59:59", True),
        ("2026-01-04T02:00:00", False),
        ("2026-01-05T01:00:00", False),
        ("2026-01-04T22:30:00", True),
        ("2026-01-05T00:30:00", False),
    ],
)
def test_a_window_runs_past_midnight_into_the_next_day(moment: str, expected: bool) -> None:
    """Saturday 22:00 to 02:00 reaches into Sunday, also from the last day of a week into the first."""
    night = Window(days=("sat",), start="22:00", end="02:00")
    sunday = Window(days=("sun",), start="22:00", end="24:00")
    assert applies(Schedule(windows=(night, sunday)), at(moment)) is expected


def test_a_window_from_sunday_reaches_into_monday() -> None:
    """The week is a circle."""
    night = Schedule(windows=(Window(days=("sun",), start="23:00", end="01:00"),))
    assert applies(night, at("2026-01-05T00:59:59"))
    assert not applies(night, at("2026-01-05T01:00:00"))


def test_an_end_that_is_a_date_includes_the_whole_day() -> None:
    """1 to 26 December in Berlin, to the microsecond (SC-25)."""
    christmas = Schedule(starts="2026-12-01", ends="2026-12-26")
    assert not applies(christmas, at("2026-11-30T23:59:59.999999"))
    assert applies(christmas, at("2026-12-01T00:00:00"))
    assert applies(christmas, at("2026-12-26T23:59:59.999999"))
    assert not applies(christmas, at("2026-12-27T00:00:00"))


def test_bounds_are_dates_local_times_or_instants() -> None:
    """A local time is read in the program's zone, an instant as it is, an end excludes itself."""
    assert format_instant(start_instant("2026-07-01", BERLIN)) == "2026-06-30T22:00:00Z"
    assert format_instant(start_instant("2026-07-01T09:30", BERLIN)) == "2026-07-01T07:30:00Z"
    assert format_instant(end_instant("2026-07-01T09:30:15", BERLIN)) == "2026-07-01T07:30:15Z"
    assert format_instant(end_instant("2026-07-01", BERLIN)) == "2026-07-01T22:00:00Z"
    assert format_instant(end_instant("2026-07-01T09:30:00+09:00", BERLIN)) == "2026-07-01T00:30:00Z"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2027-02-27T12:00:00", False),
        ("2027-02-28T00:00:00", True),
        ("2027-02-28T23:59:59", True),
        ("2027-03-01T00:00:00", False),
        ("2028-02-28T12:00:00", False),
        ("2028-02-29T12:00:00", True),
        ("2028-03-01T12:00:00", False),
    ],
)
def test_a_birthday_on_29_february_is_on_the_28th_in_common_years(moment: str, expected: bool) -> None:
    """SC-26: the day comes every year."""
    assert applies(Schedule(birthday=(0, 0)), at(moment), birthday=BORN) is expected


def test_days_around_a_birthday_cross_the_new_year() -> None:
    """Three days before and one after 1 January begin on 29 December."""
    week = Schedule(birthday=(3, 1))
    born = date(1990, 1, 1)
    days = {day: applies(week, at(f"{day}T12:00:00"), birthday=born) for day in DAYS_OF_NEW_YEAR}
    assert days == dict(zip(DAYS_OF_NEW_YEAR, [False, True, True, True, True, True, False], strict=True))


DAYS_OF_NEW_YEAR = [
    "2026-12-28",
    "2026-12-29",
    "2026-12-30",
    "2026-12-31",
    "2027-01-01",
    "2027-01-02",
    "2027-01-03",
]


def test_without_a_known_day_nothing_applies() -> None:
    """No date of birth, no birthday; not joined, no anniversary."""
    assert not applies(Schedule(birthday=(180, 180)), at("2026-06-01T00:00:00"))
    assert not applies(Schedule(anniversary=(180, 180)), at("2026-06-01T00:00:00"))


def test_the_day_of_joining_is_no_anniversary() -> None:
    """The first anniversary is a year later, by the local date of joining."""
    joined = at("2025-05-10T23:30:00", "Z")  # 11 May in Berlin
    anniversary = Schedule(anniversary=(0, 0))
    assert not applies(anniversary, joined + 1, joined=joined)
    assert not applies(anniversary, at("2026-05-10T12:00:00", "+02:00"), joined=joined)
    assert applies(anniversary, at("2026-05-11T12:00:00", "+02:00"), joined=joined)


def test_occurrences_of_a_recurrence_last_their_duration() -> None:
    """The first Friday of a month from 17:00, for two hours."""
    first_friday = Schedule(
        rrule="FREQ=MONTHLY;BYDAY=1FR", rrule_start="2026-01-01T17:00", duration=Span(hours=2)
    )
    assert not applies(first_friday, at("2026-02-06T16:59:59"))
    assert applies(first_friday, at("2026-02-06T17:00:00"))
    assert applies(first_friday, at("2026-02-06T18:59:59"))
    assert not applies(first_friday, at("2026-02-06T19:00:00"))
    assert not applies(first_friday, at("2026-02-13T18:00:00"))


def test_an_occurrence_may_last_over_several_days() -> None:
    """Without a duration an occurrence lasts a day; with one of three days it reaches into the third."""
    three = Schedule(rrule="FREQ=YEARLY", rrule_start="2026-12-30", duration=Span(days=3))
    assert applies(three, at("2027-01-01T23:59:59"))
    assert not applies(three, at("2027-01-02T00:00:00"))
    one = Schedule(rrule="FREQ=YEARLY", rrule_start="2026-12-30")
    assert applies(one, at("2027-12-30T23:59:59"))
    assert not applies(one, at("2027-12-31T00:00:00"))


def test_a_day_of_a_recurrence_follows_the_clocks() -> None:
    """The Sunday on which clocks go forward has 23 hours, and all of them count."""
    sundays = Schedule(rrule="FREQ=WEEKLY;BYDAY=SU")
    assert applies(sundays, at("2025-03-30T00:00:00"))
    assert applies(sundays, at("2025-03-30T23:59:59", "+02:00"))
    assert not applies(sundays, at("2025-03-31T00:00:00", "+02:00"))


def test_public_holidays_are_those_of_the_country_or_its_part() -> None:
    """6 January is a holiday in Bavaria, and not in all of Germany."""
    epiphany = at("2026-01-06T12:00:00")
    assert applies(Schedule(holidays="DE-BY"), epiphany)
    assert not applies(Schedule(holidays="DE"), epiphany)
    assert applies(Schedule(holidays="DE"), at("2026-12-25T00:00:00"))


def test_everything_given_must_hold() -> None:
    """A happy hour within a season: both."""
    both = Schedule(starts="2026-06-01", ends="2026-08-31", windows=(Window(days=("fri",), start="17:00"),))
    assert applies(both, at("2026-06-05T17:00:00", "+02:00"))
    assert not applies(both, at("2026-06-05T16:59:59", "+02:00"))
    assert not applies(both, at("2026-09-04T17:00:00", "+02:00"))
    assert applies(Schedule(), at("2026-06-05T17:00:00"))


@pytest.mark.parametrize(
    ("schedule", "path", "code"),
    [
        (Schedule(starts="yesterday"), "starts", "bad_moment"),
        (Schedule(ends="2026-02-30"), "ends", "bad_moment"),
        (Schedule(starts="1066-10-14"), "starts", "bad_moment"),
        (Schedule(starts="2026-02-01", ends="2026-01-01"), "ends", "ends_before_start"),
        (Schedule(windows=(Window(), Window(days=("monday",)))), "windows[1].days[0]", "unknown_weekday"),
        (Schedule(windows=(Window(start="24:00"),)), "windows[0].start", "bad_time"),
        (Schedule(windows=(Window(end="7:00"),)), "windows[0].end", "bad_time"),
        (Schedule(rrule="FREQ=MINUTELY"), "rrule", "bad_rrule"),
        (Schedule(rrule="FREQ=DAILY", duration=Span()), "duration", "out_of_range"),
        (Schedule(rrule="FREQ=DAILY", duration=Span(months=2)), "duration", "out_of_range"),
        (Schedule(duration=Span(days=1)), "duration", "not_used"),
        (Schedule(holidays="XX"), "holidays", "unknown_country"),
        (Schedule(holidays="DE-ZZ"), "holidays", "unknown_country"),
        (Schedule(holidays="../x"), "holidays", "unknown_country"),
        (Schedule(birthday=(0, 181)), "birthday", "out_of_range"),
        (Schedule(anniversary=(-1, 0)), "anniversary", "out_of_range"),
    ],
)
def test_a_schedule_that_cannot_be_understood_is_a_problem(schedule: Schedule, path: str, code: str) -> None:
    """Every problem names where it is and what it is."""
    assert [(one.path, one.code) for one in check_schedule(schedule, BERLIN)] == [(path, code)]
