"""Exact arithmetic and local time for the reference model: standard library only, nothing shared."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

Document = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def share_out(total: int, weights: list[int]) -> list[int]:
    """Split a positive total by largest remainder, ties to the earlier part."""
    if sum(weights) == 0:
        return [total if position == 0 else 0 for position in range(len(weights))]
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [int(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda position: (parts[position] - exact[position], position))
    for position in order[: total - sum(parts)]:
        parts[position] += 1
    return parts


def rounded(value: Fraction, rounding: str) -> int:
    """A value that is not negative, as a whole number."""
    if rounding == "down":
        return int(value)
    if rounding == "half_up":
        return int(value + Fraction(1, 2))
    return -int(-value // 1)


class Calendar:
    """Local time of one zone."""

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)

    def local(self, at: int) -> datetime:
        """The wall time."""
        return (EPOCH + at * MICROSECOND).astimezone(self.zone).replace(tzinfo=None)

    def instant(self, moment: datetime) -> int:
        """The first instant with this local time; where it is missing, the first one after it."""
        return (moment.replace(tzinfo=self.zone, fold=0).astimezone(UTC) - EPOCH) // MICROSECOND

    def midnight(self, day: date) -> int:
        """When a local day begins."""
        return self.instant(datetime(day.year, day.month, day.day))

    def today(self, at: int) -> int:
        """When the local day of an instant began: points of one day are one lot."""
        return self.midnight(self.local(at).date())

    def later(self, moment: datetime, span: Document) -> datetime:
        """A span later; a day that a month does not have is its last one."""
        months = moment.year * 12 + moment.month - 1 + span.get("years", 0) * 12 + span.get("months", 0)
        year, month = months // 12, months % 12 + 1
        day = min(moment.day, monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day) + timedelta(
            weeks=span.get("weeks", 0), days=span.get("days", 0)
        )

    def period(self, at: int, unit: str) -> tuple[int, ...]:
        """The calendar period of an instant, as something to be compared for equality."""
        now = self.local(at)
        if unit == "week":
            return tuple((now.date() - timedelta(days=now.weekday())).timetuple()[:3])
        return {
            "hour": (at // 3_600_000_000,),
            "day": (now.year, now.month, now.day),
            "month": (now.year, now.month),
            "quarter": (now.year, (now.month - 1) // 3),
            "year": (now.year,),
            "ever": (),
        }[unit]

    def day_after(self, day: date, unit: str) -> date:
        """The first day after the period of ``day``."""
        after, period = day + timedelta(days=1), self.key(day, unit)
        while unit != "day" and self.key(after, unit) == period:
            after += timedelta(days=1)
        return after

    def key(self, day: date, unit: str) -> tuple[int, ...]:
        """The period of a local day."""
        return self.period(self.midnight(day), unit)
