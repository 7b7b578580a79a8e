"""What the history keeps of an event beside what the version asks that judged it, each figure once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter

from perennial.core.counts import counts_of
from perennial.core.effects import Count
from perennial.core.events import Event, OrderReturned, TimersDue
from perennial.core.version import Version
from perennial.flows.batch import Batch
from perennial.flows.configuration import LiveProgram
from perennial.units import Points

_NUMBER = attrgetter("number")


def counts_besides(
    batch: Batch,
    live: LiveProgram,
    version: Version | None,
    event: Event,
    points: Mapping[int, Points],
    counted: set[int],
) -> list[tuple[Version, list[Count]]]:
    """Return what the latest version of the program and the segments count of an event, by who asks.

    A late event is judged by its own ``version``, and counted for what the latest one asks too. ``points``
    is what it gave by unit; metrics in ``counted`` are counted already, and those of here are added to it.
    """
    asking = [] if version is live.latest else [live.latest]
    if batch.workspace.segments is not None:
        asking += [each for each in batch.workspace.segments.versions if each.program_id == live.program_id]
    return [(each, fresh(each, counts_of(each, event, points), counted)) for each in asking]


def points_besides(
    batch: Batch, live: LiveProgram, version: Version, happened: Event, points: Mapping[int, Points]
) -> list[tuple[Version, list[Count]]]:
    """Return what the latest version and the segments count of points alone.

    They were given by something that is not reported: a tier that was entered, a challenge, time. What
    is reported counts as a whole; see :func:`counts_besides`. A return takes them away when its order counts.
    """
    if not any(points.values()):
        return []
    counted = {metric.number for metric in version.metrics}
    event = TimersDue(id=happened.id, at=happened.at)
    if isinstance(happened, OrderReturned):
        event = TimersDue(id=happened.id, at=happened.paid_at)
        points = {unit: -back for unit, back in points.items()}
    return counts_besides(batch, live, version, event, points, counted)


def fresh(version: Version, counts: Iterable[Count], counted: set[int]) -> list[Count]:
    """Keep the counts of metrics that no version has counted for this event yet."""
    kept = [count for count in counts if count.metric not in counted] if counted else list(counts)
    counted.update(map(_NUMBER, version.metrics))
    return kept


def counts_together(counts: Iterable[tuple[Version, list[Count]]]) -> list[tuple[Version, tuple[Count, ...]]]:
    """Put together what the versions of a program count of one event: the metric says whose figure it is."""
    by_program: dict[int, tuple[Version, list[Count]]] = {}
    for version, some in counts:
        known = by_program.setdefault(version.program_id, (version, []))
        known[1].extend(some)
    return [(version, tuple(every)) for version, every in by_program.values()]
