"""Local days, periods and spans, on the days when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.core.dates.periods import (
    Period,
    Span,
    add_span,
    end_of_period,
    falls_on,
    first_day_of_last,
    in_year,
    instant_of_local,
    local_date,
    local_datetime,
    local_day,
    local_midnight,
    local_minute,
    offset_at,
    period_of,
    round_up,
    round_up_to_midnight,
    start_of,
    steady_around,
    years_since,
)
from perennial.units import EARLIEST, HOUR, LATEST, Instant, datetime_of, format_instant, parse_instant
from tests.laws.strategies import instants, spans, zones

NAMES = sorted(available_timezones())
PERIODS = [period for period in Period if period is not Period.EVER]
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> Instant:
    return parse_instant(text)


@pytest.mark.parametrize(
    ("zone", "day", "midnight"),
    [
        ("Africa/Cairo", "2023-04-28", "2023-04-27T22:00:00Z"),  # 00:00 to 01:00 is missing
        ("Africa/Cairo", "2023-10-27", "2023-10-26T22:00:00Z"),  # 23:00 to 24:00 came twice before
        ("America/Havana", "2024-03-10", "2024-03-10T05:00:00Z"),  # 00:00 to 01:00 is missing
        ("America/Havana", "2024-11-03", "2024-11-03T04:00:00Z"),  # 00:00 to 01:00 comes twice
        ("America/Santiago", "2024-09-08", "2024-09-08T04:00:00Z"),
        ("America/Santiago", "2024-04-07", "2024-04-07T04:00:00Z"),
        ("Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00Z"),
        ("Asia/Beirut", "2024-10-27", "2024-10-26T22:00:00Z"),
        ("Atlantic/Azores", "2024-03-31", "2024-03-31T01:00:00Z"),
        ("Atlantic/Azores", "2024-10-27", "2024-10-27T00:00:00Z"),
        ("Australia/Lord_Howe", "2024-10-06", "2024-10-05T13:30:00Z"),  # half an hour, at 02:00
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),  # the whole day is missing
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z"),  # 23:30 to 00:30 is missing
    ],
)
def test_a_local_day_begins_at_the_first_instant_of_its_date(zone: str, day: str, midnight: str) -> None:
    """A missing midnight counts from the first instant after the gap, a double one the first time."""
    assert format_instant(local_midnight(date.fromisoformat(day), ZoneInfo(zone))) == midnight


def test_a_span_of_months_keeps_the_day_or_takes_the_last_of_a_shorter_month() -> None:
    """31 January and a month is the last of February; the local wall time stays."""
    noon = at("2024-01-31T11:00:00Z")
    assert add_span(noon, Span(months=1), BERLIN) == at("2024-02-29T11:00:00Z")
    assert add_span(noon, Span(months=13), BERLIN) == at("2025-02-28T11:00:00Z")
    assert add_span(noon, Span(months=6), BERLIN) == at("2024-07-31T10:00:00Z")
    assert add_span(at("2024-02-29T11:00:00Z"), Span(years=1), BERLIN) == at("2025-02-28T11:00:00Z")
    assert add_span(at("2024-03-31T10:00:00Z"), Span(months=1), BERLIN, -1) == at("2024-02-29T11:00:00Z")


def test_days_keep_the_wall_time_and_hours_are_exact() -> None:
    """Over the night when clocks go forward a day has 23 hours, and 24 hours end an hour later."""
    evening = at("2025-03-29T17:00:00Z")
    assert add_span(evening, Span(days=1), BERLIN) == at("2025-03-30T16:00:00Z")
    assert add_span(evening, Span(hours=24), BERLIN) == at("2025-03-30T17:00:00Z")
    assert add_span(evening, Span(days=1, minutes=30), BERLIN) == at("2025-03-30T16:30:00Z")


def test_a_missing_wall_time_becomes_the_first_instant_after_the_gap() -> None:
    """02:30 on the night when clocks go forward is 03:00; a time that comes twice is the first."""
    assert add_span(at("2025-03-29T01:30:00Z"), Span(days=1), BERLIN) == at("2025-03-30T01:00:00Z")
    assert instant_of_local(datetime(2025, 10, 26, 2, 30), BERLIN) == at("2025-10-26T00:30:00Z")


def test_a_span_never_leaves_the_accepted_instants() -> None:
    """The longest spans end with 2199 and begin with 1900."""
    longest = Span(years=10_000, months=10_000, days=10_000)
    assert add_span(at("2026-01-01T00:00:00Z"), longest, BERLIN) == LATEST
    assert add_span(at("2026-01-01T00:00:00Z"), longest, BERLIN, -1) == EARLIEST
    assert add_span(LATEST, Span(minutes=1), BERLIN) == LATEST


def test_period_numbers_are_what_the_contract_says() -> None:
    """Every period of one instant, late in the evening in UTC and already the next day in Berlin."""
    moment = at("2025-12-31T23:30:00Z")  # Thursday 2026-01-01 00:30 in Berlin
    numbers = {period: period_of(moment, period, BERLIN, "mon") for period in Period}
    assert numbers == {
        Period.HOUR: 490_896,
        Period.DAY: date(2026, 1, 1).toordinal(),
        Period.WEEK: (date(2026, 1, 1).toordinal() - 1) // 7,
        Period.MONTH: 2026 * 12,
        Period.QUARTER: 2026 * 4,
        Period.YEAR: 2026,
        Period.EVER: 0,
    }
    assert datetime(1970, 1, 1) + timedelta(hours=490_896) == datetime(2026, 1, 1)
    assert local_minute(moment, BERLIN) == 30


@pytest.mark.parametrize(
    ("starts", "day"), [("mon", 5), ("tue", 6), ("wed", 31), ("thu", 1), ("fri", 2), ("sat", 3), ("sun", 4)]
)
def test_a_week_begins_on_the_day_that_is_set(starts: str, day: int) -> None:
    """The week number changes exactly with the chosen weekday (1 January 2026 is a Thursday)."""
    month = date(2026, 1, day) if day < 31 else date(2025, 12, 31)
    begin = local_midnight(month, BERLIN)
    week = period_of(begin, Period.WEEK, BERLIN, starts)
    assert period_of(begin - 1, Period.WEEK, BERLIN, starts) == week - 1
    assert start_of(week, Period.WEEK, BERLIN, starts) == begin


def test_a_window_of_the_last_days_includes_today() -> None:
    """30 days are today and the 29 before; a month back from 31 March begins on 1 March."""
    march = date(2026, 3, 31).toordinal()
    assert first_day_of_last(march, Span(days=30)) == date(2026, 3, 2).toordinal()
    assert first_day_of_last(march, Span(months=1)) == date(2026, 3, 1).toordinal()
    assert first_day_of_last(march, Span(days=1)) == march


def test_29_february_returns_on_the_28th_in_common_years() -> None:
    """A birthday on 29 February falls on the 28th in 2025 and on the 29th in 2028."""
    born = date(2004, 2, 29)
    assert in_year(born, 2025) == date(2025, 2, 28)
    assert in_year(born, 2028) == date(2028, 2, 29)
    assert falls_on(born, date(2025, 2, 28).toordinal())
    assert not falls_on(born, date(2028, 2, 28).toordinal())
    assert not falls_on(born, born.toordinal())
    assert years_since(born, date(2025, 2, 27).toordinal()) == 20
    assert years_since(born, date(2025, 2, 28).toordinal()) == 21


# Laws over all zones


@st.composite
def _moments(draw: st.DrawFn) -> tuple[Instant, ZoneInfo]:
    """An instant near a change of the clocks of some zone (or any, in a zone without)."""
    zone = ZoneInfo(draw(st.sampled_from(NAMES)))
    moment = draw(instants(at("1920-01-01T00:00:00Z"), at("2037-12-31T00:00:00Z")))
    low, high = moment, moment + 200 * 86_400_000_000
    if _exact_offset(low, zone) != _exact_offset(high, zone):
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (
                (middle, high) if _exact_offset(middle, zone) == _exact_offset(low, zone) else (low, middle)
            )
    near = draw(st.integers(-2 * 86_400_000_000, 2 * 86_400_000_000) | st.sampled_from([-1, 0, 1]))
    return high + near, zone


def _exact_offset(moment: Instant, zone: ZoneInfo) -> timedelta:
    offset = datetime_of(moment).astimezone(zone).utcoffset()
    assert offset is not None
    return offset


@settings(max_examples=200, deadline=None)
@given(_moments())
def test_offsets_are_those_of_zoneinfo(moment: tuple[Instant, ZoneInfo]) -> None:
    """The remembered offsets equal zoneinfo's at every instant, at a change of the clocks too."""
    instant, zone = moment
    for near in (instant - 1, instant, instant + 1, instant + 1_800_000_000):
        assert timedelta(microseconds=offset_at(near, zone)) == _exact_offset(near, zone)
        wall = datetime_of(near).astimezone(zone).replace(tzinfo=None, fold=0)
        assert local_datetime(near, zone) == wall
        assert local_date(near, zone) == wall.date()
        assert local_minute(near, zone) == wall.hour * 60 + wall.minute


@settings(max_examples=200, deadline=None)
@given(_moments(), st.sampled_from([Period.HOUR, Period.DAY]), st.integers(0, 1_000_000))
def test_a_period_stays_the_same_as_long_as_it_is_said_to(
    moment: tuple[Instant, ZoneInfo], period: Period, share: int
) -> None:
    """Neither the period nor the zone's offset changes between the instants."""
    instant, zone = moment
    since, until = steady_around(instant, period, zone)
    assert since <= instant < until <= since + HOUR
    for other in (since, since + (until - since) * share // 1_000_001, until - 1):
        assert period_of(other, period, zone) == period_of(instant, period, zone)
        assert _exact_offset(other, zone) == _exact_offset(instant, zone)


def test_a_day_that_begins_within_an_hour_of_utc_is_told_apart() -> None:
    """Half an hour of one hour in UTC belongs to one day in India, half to the next."""
    kolkata = ZoneInfo("Asia/Kolkata")
    midnight = at("2026-11-23T18:30:00Z")
    assert steady_around(midnight - 1, Period.DAY, kolkata) == (at("2026-11-23T18:00:00Z"), midnight)
    assert steady_around(midnight, Period.DAY, kolkata) == (midnight, at("2026-11-23T19:00:00Z"))


@settings(max_examples=200, deadline=None)
@given(_moments())
def test_a_day_is_the_first_instant_with_its_date_or_a_later_one(moment: tuple[Instant, ZoneInfo]) -> None:
    """Just before a local midnight no such date was seen in the two days before, from it on it is."""
    instant, zone = moment
    for day in (local_day(instant, zone), local_day(instant, zone) + 1):
        midnight = local_midnight(date.fromordinal(day), zone)
        assert local_day(midnight, zone) >= day
        minutes = range(0, 48 * 60, 7)
        assert all(local_day(midnight - 1 - minute * 60_000_000, zone) < day for minute in minutes)


@settings(max_examples=200, deadline=None)
@given(_moments(), st.sampled_from(PERIODS), st.sampled_from(["mon", "wed", "sun"]))
def test_periods_follow_each_other(moment: tuple[Instant, ZoneInfo], period: Period, starts: str) -> None:
    """An instant lies between the start of its period and the end, where the next begins."""
    instant, zone = moment
    number = period_of(instant, period, zone, starts)
    start, end = start_of(number, period, zone, starts), end_of_period(instant, period, zone, starts)
    assert start <= instant < end
    assert period_of(end, period, zone, starts) > number
    assert start_of(number + 1, period, zone, starts) <= end
    if period is not Period.HOUR:  # an hour that comes twice has one number and two beginnings
        assert period_of(start, period, zone, starts) == number
    rounded = round_up(instant, period, zone, starts)
    assert rounded in (instant, end)
    assert (rounded == instant) is (start == instant)


@settings(max_examples=200, deadline=None)
@given(_moments())
def test_rounding_up_to_midnight_is_idempotent(moment: tuple[Instant, ZoneInfo]) -> None:
    """The result is a midnight at most 49 hours away, and rounding it again changes nothing."""
    instant, zone = moment
    rounded = round_up_to_midnight(instant, zone)
    assert instant <= rounded <= instant + 49 * 3_600_000_000
    assert round_up_to_midnight(rounded, zone) == rounded


@settings(max_examples=200, deadline=None)
@given(_moments(), spans)
def test_spans_lead_forward_and_longer_ones_further(moment: tuple[Instant, ZoneInfo], span: Span) -> None:
    """No span leads back (but for an hour that comes twice), and an hour more is an hour later."""
    instant, zone = moment
    moved = add_span(instant, span, zone)
    assert moved >= instant - 2 * 3_600_000_000
    assert add_span(instant, Span(), zone) == instant
    longer = Span(
        years=span.years,
        months=span.months,
        weeks=span.weeks,
        days=span.days,
        hours=span.hours + 1,
        minutes=span.minutes,
    )
    assert add_span(instant, longer, zone) == moved + 3_600_000_000


@settings(max_examples=200, deadline=None)
@given(instants(), zones, st.integers(0, 400))
def test_days_move_the_date_by_exactly_so_many(instant: Instant, zone: ZoneInfo, days: int) -> None:
    """A span of days leads to that local date with the same wall time, if there is such a time."""
    moved = add_span(instant, Span(days=days), zone)
    wall = local_datetime(instant, zone) + timedelta(days=days)
    if datetime_of(moved).astimezone(zone).replace(tzinfo=None) != wall:
        gap = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        assert gap != wall
