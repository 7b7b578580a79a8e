"""Every limit of several programs in one view, and how long it will last; who shows it knows what is used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from perennial.core.budgets.forecast import forecast
from perennial.core.dates.periods import Period, first_day
from perennial.core.today import today_of
from perennial.core.version import CompiledLimit, Version
from perennial.units import Instant

MAX_DAYS = 92


class ShownLimit(msgspec.Struct):
    """A limit, whose it is, and the number of its present period; days are ordinals of the version's zone.

    Its use is shown from ``first_day`` on. A limit that ``programs`` share is shown once, with the cap, the
    calendar and the zone of the first of them.
    """

    limit: CompiledLimit
    version: Version
    period: int
    first_day: int
    today: int
    programs: list[str]


class Outlook(msgspec.Struct, frozen=True):
    """``per_day`` is what a day uses, ``runs_out_on`` the day of the last rest (None: not in the period)."""

    per_day: int
    runs_out_on: str | None


def shown_limits(programs: Iterable[tuple[str, Version]], at: Instant) -> list[ShownLimit]:
    """Return the limits that documents name, each once; what programs remember for themselves is none."""
    found: dict[int, ShownLimit] = {}
    for code, version in programs:
        today = today_of(version, at)
        limits = [*zip(version.limits, today.limits, strict=True)]
        limits += zip(version.budgets, today.budgets, strict=True)
        for limit, period in limits:
            if limit.owner is None:
                continue
            known = found.get(limit.number)
            if known is not None:
                known.programs.append(code)
                continue
            first = _first_day(limit.period, period, version, today.day)
            found[limit.number] = ShownLimit(limit, version, period, first, today.day, [code])
    return list(found.values())


def outlook(each: ShownLimit, used: int, days: Mapping[int, int]) -> Outlook | None:
    """Return how long a limit will last of which ``used`` is used, given the use of each local day.

    None where nothing can be said: nothing used yet, all used up, or a period of a day or an hour.
    """
    period = each.limit.period
    if period in (Period.HOUR, Period.DAY):
        return None
    found = forecast(each.limit.cap - used, days, each.today)
    if found is None:
        return None
    ends = date.max.toordinal()
    if period is not Period.EVER:
        ends = first_day(each.period + 1, period, each.version.program.week_starts).toordinal() - 1
    in_time = found.day <= ends
    return Outlook(found.per_day, date.fromordinal(found.day).isoformat() if in_time else None)


def _first_day(period: Period, number: int, version: Version, today: int) -> int:
    """Return the first day whose use is shown: the period's first, but not too long ago."""
    longest = today - MAX_DAYS + 1
    if period in (Period.HOUR, Period.DAY):
        return today
    if period is Period.EVER:
        return longest
    return max(longest, first_day(number, period, version.program.week_starts).toordinal())
