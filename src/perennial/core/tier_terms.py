"""How long a tier is held: when a status begins, ends, is extended, and how long a grace lasts.

A tier that is measured in a calendar period is *granted* by the figures of that period: the grant says
from when to when they give the tier. Dates are moments at which a local day begins.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from perennial.core.dates.periods import (
    Period,
    add_span,
    end_of_period,
    local_date,
    local_midnight,
    period_of,
    round_up,
    round_up_to_midnight,
    start_of,
)
from perennial.core.document.program import TierLasts, TierStart, TierSystem
from perennial.core.version import Version
from perennial.units import Instant

_MOST_GRANTS = 100


class Grant(msgspec.Struct, frozen=True):
    """The figures as of ``as_of`` give a tier up to ``until`` (``None``: without an end)."""

    as_of: Instant
    until: Instant | None


def period_of_tiers(system: TierSystem) -> Period | None:
    """Return the calendar period in which the tiers are measured, if their metrics share one."""
    periods = {None if metric.balance is not None else metric.window.calendar for metric in system.metrics}
    period = periods.pop() if len(periods) == 1 else None
    return None if period in (Period.EVER, Period.HOUR) else period


def grants_at(version: Version, system: TierSystem, at: Instant) -> list[Grant]:
    """Return which figures may justify a status at ``at``, the latest first."""
    period = period_of_tiers(system)
    if system.lasts not in (TierLasts.PERIOD, TierLasts.NEXT_PERIOD) or period is None:
        as_of = at if system.lasts is TierLasts.WHILE_REACHED else at - 1
        return [Grant(as_of, status_end(version, system, at))]
    number = period_of(at, period, version.zone, version.program.week_starts)
    grants = []
    for earlier in range(_MOST_GRANTS):
        starts, until = _granted(version, system, period, number - earlier)
        if until <= at:
            break
        if starts <= at:
            ended = _start(version, period, number - earlier + 1) - 1
            grants.append(Grant(min(at, ended), until))
    return grants


def status_end(version: Version, system: TierSystem, began: Instant) -> Instant | None:
    """Return when a status that begins at ``began`` is reviewed; ``None`` if it has no end."""
    match system.lasts:
        case TierLasts.LIFE | TierLasts.WHILE_REACHED:
            return None
        case TierLasts.SPAN:
            if system.span is None:
                return None
            return _extended(
                version,
                system,
                round_up_to_midnight(add_span(began, system.span, version.zone), version.zone),
            )
        case TierLasts.PERIOD | TierLasts.NEXT_PERIOD:
            period = period_of_tiers(system)
            if period is None:
                return None
            number = period_of(began, period, version.zone, version.program.week_starts)
            ahead = 1 if system.lasts is TierLasts.PERIOD else 2
            return _extended(version, system, _start(version, period, number + ahead))
    assert_never(system.lasts)


def next_start(version: Version, system: TierSystem, at: Instant) -> Instant | None:
    """Return when a tier reached at ``at`` begins, if it begins with the next period."""
    period = period_of_tiers(system)
    if system.start is TierStart.AT_ONCE or period is None:
        return None
    return end_of_period(at, period, version.zone, version.program.week_starts)


def next_look(version: Version, system: TierSystem, at: Instant) -> Instant | None:
    """Return when time alone may next change the figures of a tier that follows them."""
    looks: list[Instant] = []
    for metric in system.metrics:
        window = metric.window
        if metric.balance is not None or window.ever or window.since_joining:
            continue
        period = window.calendar if window.calendar is not None else Period.DAY
        if period is not Period.EVER:
            looks.append(end_of_period(at, period, version.zone, version.program.week_starts))
    return min(looks, default=None)


def grace_end(version: Version, system: TierSystem, start: Instant) -> Instant | None:
    """Return the end of the grace that is counted from the day of ``start``; ``None`` without one."""
    if system.grace is None:
        return None
    day = local_midnight(local_date(start, version.zone), version.zone)
    end = round_up_to_midnight(add_span(day, system.grace, version.zone), version.zone)
    if system.grace_round_up is None:
        return end
    return round_up(end, Period(system.grace_round_up.value), version.zone, version.program.week_starts)


def _granted(version: Version, system: TierSystem, period: Period, number: int) -> tuple[Instant, Instant]:
    """Return from when to when the figures of one period give a tier."""
    first = number if system.start is TierStart.AT_ONCE else number + 1
    after = first + (1 if system.lasts is TierLasts.PERIOD else 2)
    until = _extended(version, system, _start(version, period, after))
    return _start(version, period, first), until


def _start(version: Version, period: Period, number: int) -> Instant:
    return start_of(number, period, version.zone, version.program.week_starts)


def _extended(version: Version, system: TierSystem, end: Instant) -> Instant:
    if system.extend is None:
        return end
    return round_up_to_midnight(add_span(end, system.extend, version.zone), version.zone)
