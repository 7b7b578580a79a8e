"""When a tier that follows its figures is lost by time alone, because its figures leave their windows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from perennial.core.dates.periods import (
    Period,
    end_of_period,
    first_day_of_last,
    local_day,
    local_midnight,
    shift_date,
)
from perennial.core.dates.schedule import Span
from perennial.core.document.program import TierMetric, TierSystem
from perennial.core.tiers.tiers import needed_to_keep
from perennial.core.version import Version
from perennial.units import Instant


def lapse_at(
    version: Version,
    system: TierSystem,
    level: int,
    figures: Mapping[str, int],
    counters: Mapping[int, Mapping[int, int]],
    at: Instant,
) -> Instant | None:
    """Return when a member who keeps ``level`` at ``at`` keeps it no more if nothing else happens.

    One metric is enough to keep it, so the last of them decides; ``None`` if one never goes down by
    itself. ``figures`` are those of the metrics, ``counters`` the member's.
    """
    lost: list[Instant] = []
    needed = needed_to_keep(system.levels[level])
    for index, metric in enumerate(system.metrics):
        threshold = needed.get(metric.id)
        if threshold is None or figures[metric.id] < threshold:
            continue
        need = version.tier_needs[index]
        periods = {} if need is None else counters.get(version.needs[need].metric.number, {})
        leaves = None if threshold <= 0 else _leaves(version, metric, threshold, periods, at)
        if leaves is None:
            return None
        lost.append(leaves)
    return max(lost, default=None)


def _leaves(
    version: Version, metric: TierMetric, threshold: int, periods: Mapping[int, int], at: Instant
) -> Instant | None:
    """Return when one metric falls below its threshold by time alone."""
    window = metric.window
    if metric.balance is not None or window.ever or window.since_joining or window.calendar is Period.EVER:
        return None
    if window.last is None:
        period = window.calendar or Period.DAY
        return end_of_period(at, period, version.zone, version.program.week_starts)
    today = local_day(at, version.zone)
    first = first_day_of_last(today, window.last)
    inside = sorted((day, count) for day, count in periods.items() if first <= day <= today)
    left = sum(count for _, count in inside)
    for day, count in inside:
        left -= count
        if left < threshold:
            return local_midnight(date.fromordinal(_day_without(day, window.last)), version.zone)
    return end_of_period(at, Period.DAY, version.zone)


def _day_without(day: int, span: Span) -> int:
    """Return the first day whose window ``last: span`` does not hold ``day`` any more."""
    without = shift_date(date.fromordinal(day), span).toordinal()
    while first_day_of_last(without, span) > day:
        without -= 1
    while first_day_of_last(without, span) <= day:
        without += 1
    return without
