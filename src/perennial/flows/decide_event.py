"""One event of one member, decided by every program that the member belongs to.

The order is fixed: timers that are due by the event's instant, enrollment, the event itself in every
program (by priority), then its counts, then what it caused. All in memory, within one operation.
"""

from __future__ import annotations

from collections.abc import Iterable

from perennial.core.counts import counts_of
from perennial.core.decision import Decision
from perennial.core.effects import Count
from perennial.core.switches import Switches
from perennial.core.version import Version
from perennial.flows.batch import Batch, Operation
from perennial.flows.decide_program import EventOf, Outcome, decide_follow_ups, decide_in
from perennial.flows.enrolling import enroll_automatically
from perennial.flows.referred import note_in_referrals
from perennial.flows.segmenting import follow_segments
from perennial.flows.timers_due import run_timers_due
from perennial.units import Points


def decide_event(
    batch: Batch,
    operation: Operation,
    event_of: EventOf,
    *,
    enrolls: bool = False,
    switches: Switches | None = None,
    settles: bool = True,
) -> list[Outcome]:
    """Decide an event in every program and take its effects over into the batch.

    ``event_of`` builds the event for a program, or returns None where it takes no part. ``enrolls``
    says that the event makes its customer a member of automatic programs. ``switches`` say what is off
    for an event that is judged anew, instead of what is off now. ``settles`` is false where another event
    of the same cause follows, before which nobody enters or leaves a segment. Raises the problem of the
    first refusal.
    """
    if run_timers_due(batch, operation.member, operation.at):
        # Ids of operations ascend in the order in which things happened to the member.
        operation.operation_id = batch.ids.next()
    outcomes: list[Outcome] = []
    if enrolls:
        for live in batch.workspace.programs:
            outcomes += enroll_automatically(batch, operation, live)
    main: list[Outcome] = []
    counts: list[tuple[Version, list[Count]]] = []
    counted: set[int] = set()
    segments = batch.workspace.segments
    for live in batch.workspace.programs:
        event = event_of(live)
        if event is None:
            continue
        version = live.version_at(operation.at)
        points: dict[int, Points] = {}
        if version is not None:
            outcome, now_counts = decide_in(batch, operation, live, version, event, switches)
            main.append(outcome)
            points = _points_of(outcome.decision)
            counts.append((version, _fresh(version, now_counts, counted)))
        if version is not live.latest:
            # A late event is judged by its own version, and counted for what the latest one asks too.
            late = counts_of(live.latest, event, points)
            counts.append((live.latest, _fresh(live.latest, late, counted)))
        if segments is not None:
            for asking in segments.versions:
                if asking.program_id == live.program_id:
                    of_segments = counts_of(asking, event, points)
                    counts.append((asking, _fresh(asking, of_segments, counted)))
    for version, fresh in counts:
        batch.apply(operation, version, tuple(fresh))
    if batch.referrals:
        note_in_referrals(batch, operation.member, event_of)
    for outcome in main:
        outcomes.append(outcome)
        outcomes += decide_follow_ups(batch, operation, outcome.live, outcome.decision.follow_ups)
    if batch.workspace.segments is not None and settles:
        outcomes += follow_segments(batch, operation)
    return outcomes


def _points_of(decision: Decision) -> dict[int, Points]:
    """Return what a decision gave per unit, or what it took back."""
    if decision.taken_back:
        return decision.taken_back
    points: dict[int, Points] = {}
    for award in decision.awards:
        points[award.unit] = points.get(award.unit, 0) + award.points
    return points


def _fresh(version: Version, counts: Iterable[Count], counted: set[int]) -> list[Count]:
    """Keep the counts of metrics that no version has counted for this event yet."""
    fresh = [count for count in counts if count.metric not in counted]
    counted.update(metric.number for metric in version.metrics)
    return fresh
