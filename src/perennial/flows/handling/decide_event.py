"""One event of one member, decided by every program that the member belongs to.

The order is fixed: timers that are due by the event's instant, enrollment, the event itself in every
program (by priority), then its counts, then what it caused. All in memory, within one operation.
"""

from __future__ import annotations

from perennial.core.effects import Count
from perennial.core.points_counted import points_counted
from perennial.core.switches import Switches
from perennial.core.version import Version
from perennial.flows.batch import Batch, Operation
from perennial.flows.handling.counting import counts_besides, counts_together, fresh
from perennial.flows.handling.decide_program import EventOf, Outcome, decide_follow_ups, decide_in
from perennial.flows.handling.enrolling import enroll_automatically
from perennial.flows.handling.referred import note_in_referrals
from perennial.flows.handling.segmenting import follow_segments, put_off
from perennial.flows.handling.timers_due import run_timers_due
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
    for live in batch.workspace.programs:
        event = event_of(live)
        if event is None:
            continue
        version = live.version_at(operation.at)
        points: dict[int, Points] = {}
        if version is not None:
            outcome, now_counts = decide_in(batch, operation, live, version, event, switches)
            main.append(outcome)
            points = points_counted(event, outcome.decision)
            counts.append((version, fresh(version, now_counts, counted)))
        counts += counts_besides(batch, live, version, event, points, counted)
    for version, once in counts_together(counts):
        batch.apply(operation, version, once)
    if batch.referrals:
        note_in_referrals(batch, operation.member, event_of)
    for outcome in main:
        outcomes.append(outcome)
        caused = outcome.decision.follow_ups
        outcomes += decide_follow_ups(batch, operation, outcome.live, caused, switches)
    if batch.workspace.segments is not None and settles:
        if operation.member.customer_id in batch.judged_last:
            put_off(batch, operation.member.customer_id)
        else:
            outcomes += follow_segments(batch, operation)
    return outcomes
