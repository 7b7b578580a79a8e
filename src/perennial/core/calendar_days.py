"""Days of a member that come back every year: the birthday and the day of joining.

A day comes when it begins in the program's zone; 29 February is the 28th in common years. Each comes
once a year: the year is remembered as used, so that a changed birth date earns nothing twice.
"""

from __future__ import annotations

from datetime import date

import msgspec

from perennial.core.dates.periods import local_date, local_midnight
from perennial.core.effects import UseLimit
from perennial.core.member import Member
from perennial.core.once import ANNIVERSARY, BIRTHDAY, once_number
from perennial.core.version import Version
from perennial.core.wallets.dates import day_of_year
from perennial.units import Instant

_YEARS_AHEAD = 3


class YearlyDay(msgspec.Struct, frozen=True):
    """A birthday or anniversary that comes at ``at``; ``year`` is the local year that it uses."""

    name: str
    at: Instant
    year: int

    def use(self, program_id: int) -> UseLimit:
        """Return the effect that remembers the year as used."""
        return UseLimit(once_number(program_id, self.name), self.year, 1, 1)


def next_yearly_day(version: Version, member: Member, after: Instant) -> YearlyDay | None:
    """Return the first birthday or anniversary strictly after ``after`` that a rule waits for.

    Days before the member joined and years already used do not count; who has left has none.
    """
    membership = member.memberships.get(version.program_id)
    if membership is None or membership.left_at is not None:
        return None
    after = max(after, membership.joined_at)
    days: list[YearlyDay] = []
    if BIRTHDAY in version.triggers:
        born = _date(member.attributes.get("birthday"))
        if born is not None:
            days += _days(version, member, BIRTHDAY, born, after)
    if ANNIVERSARY in version.triggers:
        joined = local_date(membership.joined_at, version.zone)
        days += _days(version, member, ANNIVERSARY, joined, after)
    return min(days, key=lambda day: (day.at, day.name), default=None)


def _days(version: Version, member: Member, name: str, origin: date, after: Instant) -> list[YearlyDay]:
    """Return the days of the next years that are still to come; the origin itself is none."""
    used = member.limits.get(once_number(version.program_id, name), {})
    first = local_date(after, version.zone).year
    days = []
    for year in range(max(first, origin.year + 1), max(first, origin.year + 1) + _YEARS_AHEAD):
        on = date.fromordinal(day_of_year(year, f"{origin:%m-%d}"))
        at = local_midnight(on, version.zone)
        if at > after and not used.get(year):
            days.append(YearlyDay(name, at, year))
    return days


def _date(value: object) -> date | None:
    """Read an ISO date; anything else is no date."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
