"""Dates of the Solar Hijri calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from perennial.core.dates.solar_hijri import solar_hijri
from perennial.core.languages import LANGUAGES

NOWRUZ = {
    1278: "1899-03-21",
    1300: "1921-03-21",
    1304: "1925-03-21",
    1357: "1978-03-21",
    1375: "1996-03-20",
    1387: "2008-03-20",
    1403: "2024-03-20",
    1404: "2025-03-21",
    1408: "2029-03-20",
    1420: "2041-03-20",
    1480: "2101-03-21",
    1578: "2199-03-21",
}
"""The first day of years, as the browsers' own calendar names them."""


@pytest.mark.parametrize("year", NOWRUZ)
def test_a_year_begins_with_spring(year: int) -> None:
    """And the day before belongs to the last month of the one before."""
    first = date.fromisoformat(NOWRUZ[year])
    assert solar_hijri(first) == (year, 1, 1)
    before = solar_hijri(first - timedelta(days=1))
    assert before[:2] == (year - 1, 12)
    assert before[2] in (29, 30)


def test_every_day_follows_the_one_before() -> None:
    """No day is left out or named twice in three hundred years, and no month is longer than it may be."""
    day, before = date(1900, 1, 1), solar_hijri(date(1899, 12, 31))
    while day.year < 2200:
        now = solar_hijri(day)
        begins = (before[0], before[1] + 1, 1) if before[1] < 12 else (before[0] + 1, 1, 1)
        assert now in ((before[0], before[1], before[2] + 1), begins), day
        assert now[2] <= (31 if now[1] <= 6 else 30)
        day, before = day + timedelta(days=1), now


def test_persian_dates_are_those_of_the_console() -> None:
    """The browser writes 29 November 2026 in the same words."""
    assert LANGUAGES["fa"].day("2026-11-29") == "۸ آذر ۱۴۰۵"
