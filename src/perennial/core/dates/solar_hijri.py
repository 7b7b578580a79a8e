"""The Solar Hijri calendar, in which Persian dates are read.

A year begins with spring; its first six months have 31 days, the next five 30, the last 29 or, in leap years,
30. Of 33 years eight are leap years. From 1900 to 2199 that names every day as browsers do, but those of the
year 1503 (from March 2124), which they begin a day earlier.
"""

from __future__ import annotations

from datetime import date

_BEGINS = date(2008, 3, 20).toordinal()
"""1 Farvardin 1387, the first day of a cycle of 33 years."""

_FIRST_YEAR = 1387
_LEAP_YEARS = (0, 4, 8, 12, 16, 21, 25, 29)
_LONG = 6 * 31
_CYCLE = 33 * 365 + len(_LEAP_YEARS)


def solar_hijri(day: date) -> tuple[int, int, int]:
    """Return year, month and day of a Gregorian date; months count from 1."""
    cycles, rest = divmod(day.toordinal() - _BEGINS, _CYCLE)
    year = 0
    while rest >= (length := 366 if year in _LEAP_YEARS else 365):
        rest -= length
        year += 1
    month, rest = divmod(rest, 31) if rest < _LONG else divmod(rest - 6, 30)
    return _FIRST_YEAR + 33 * cycles + year, month + 1, rest + 1
