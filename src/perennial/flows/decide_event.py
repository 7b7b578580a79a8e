"""One event of one member, decided by every program that the member belongs to.

The order is fixed: timers that are due by the event's instant, enrollment, the event itself in every
program (by priority), then its counts, then what it caused. All in memory, within one operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias
from uuid import UUID

import msgspec

from perennial.core.counts import counts_of
from perennial.core.decide import decide
from perennial.core.decision import Decision
from perennial.core.effects import Count, Join
from perennial.core.events import CustomEvent, Event, MemberJoined, TimersDue
from perennial.core.member import Member
from perennial.core.program import EnrollmentMode
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.timers import next_due
from perennial.core.version import Version
from perennial.flows.batch import Batch, Operation
from perennial.flows.configuration import LiveProgram
from perennial.flows.problems import refused
from perennial.flows.stored import StoredDecision, encode_decisions
from perennial.store.events import EventKind, EventRow
from perennial.units import Instant, Points

MAX_FOLLOW_UPS = 32

EventOf: TypeAlias = Callable[[LiveProgram], Event | None]


class LotsNeeded(Exception):
    """Something became due within the batch, and the lots of ``owner`` were not loaded."""

    def __init__(self, owner: UUID) -> None:
        super().__init__(f"the lots of {owner} are needed")
        self.owner = owner


class Outcome(msgspec.Struct):
    """What one program decided; ``trigger`` names the event, ``caused`` tells a follow-up."""

    live: LiveProgram
    version: Version
    trigger: str
    decision: Decision
    tier_before: str | None
    tier_after: str | None = None
    caused: bool = False


def trigger_of(event: Event) -> str:
    """Return the name under which rules know the event."""
    return event.name if isinstance(event, CustomEvent) else str(event.__struct_config__.tag)


def decide_event(
    batch: Batch, operation: Operation, event_of: EventOf, *, enrolls: bool = False
) -> list[Outcome]:
    """Decide an event in every program and take its effects over into the batch.

    ``event_of`` builds the event for a program, or returns None where it takes no part. ``enrolls``
    says that the event makes its customer a member of automatic programs. Raises the problem of the
    first refusal.
    """
    run_timers_due(batch, operation.member, operation.at)
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
            outcome, now_counts = _decide_in(batch, operation, live, version, event)
            main.append(outcome)
            points = _points_of(outcome.decision)
            counts.append((version, _fresh(version, now_counts, counted)))
        if version is not live.latest:
            # A late event is judged by its own version, and counted for what the latest one asks too.
            late = counts_of(live.latest, event, points)
            counts.append((live.latest, _fresh(live.latest, late, counted)))
    for version, fresh in counts:
        batch.apply(operation, version, tuple(fresh))
    for outcome in main:
        outcomes.append(outcome)
        outcomes += _decide_follow_ups(batch, operation, outcome.live, outcome.decision.follow_ups)
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


def _decide_in(
    batch: Batch, operation: Operation, live: LiveProgram, version: Version, event: Event
) -> tuple[Outcome, list[Count]]:
    member = operation.member
    membership = member.memberships.get(live.program_id)
    before = membership.tier if membership else None
    decision = decide(event, version, member, batch.spent)
    if decision.refusal is not None:
        raise refused(decision.refusal)
    now_counts = [effect for effect in decision.effects if isinstance(effect, Count)]
    others = tuple(effect for effect in decision.effects if not isinstance(effect, Count))
    batch.apply(operation, version, others)
    membership = member.memberships.get(live.program_id)
    after = membership.tier if membership else None
    return Outcome(live, version, trigger_of(event), decision, before, after), now_counts


def _decide_follow_ups(
    batch: Batch, operation: Operation, live: LiveProgram, follow_ups: tuple[Event, ...]
) -> list[Outcome]:
    """Decide what a decision caused, breadth first, in the program that caused it."""
    outcomes: list[Outcome] = []
    waiting = list(follow_ups)
    done: set[tuple[object, ...]] = set()
    while waiting:
        event = waiting.pop(0)
        key = (trigger_of(event), event.at, getattr(event, "after", None))
        if key in done:
            continue
        done.add(key)
        if len(done) > MAX_FOLLOW_UPS:
            raise refused(
                Refusal(
                    RefusalCode.CASCADE_TOO_LONG,
                    f"One event caused more than {MAX_FOLLOW_UPS} others in program {live.code}.",
                )
            )
        version = live.version_at(event.at)
        if version is None:
            continue
        outcome, now_counts = _decide_in(batch, operation, live, version, event)
        batch.apply(operation, version, tuple(now_counts))
        outcome.caused = True
        outcomes.append(outcome)
        waiting.extend(outcome.decision.follow_ups)
    return outcomes


def enroll_automatically(batch: Batch, operation: Operation, live: LiveProgram) -> list[Outcome]:
    """Make the customer a member of an automatic program that it has never belonged to."""
    version = live.version_at(operation.at)
    if version is None or live.program_id in operation.member.memberships:
        return []
    if version.program.enrollment.mode is not EnrollmentMode.AUTOMATIC:
        return []
    return enroll(batch, operation, live, version, "automatic")


def enroll(
    batch: Batch, operation: Operation, live: LiveProgram, version: Version, source: str
) -> list[Outcome]:
    """Join the program and decide ``member.joined``; before its start or after its end: nothing."""
    event = MemberJoined(id=operation.operation_id, at=operation.at, source=source)
    batch.apply(operation, version, (Join(at=operation.at, source=source),))
    outcome, now_counts = _decide_in(batch, operation, live, version, event)
    batch.apply(operation, version, tuple(now_counts))
    return [outcome, *_decide_follow_ups(batch, operation, live, outcome.decision.follow_ups)]


def run_timers_due(batch: Batch, member: Member, at: Instant) -> list[Outcome]:
    """Run what is due for the member up to ``at``, instant by instant, and re-arm its timer.

    Every instant is an operation of its own, judged by the version that was valid then.
    """
    outcomes: list[Outcome] = []
    while member.due_at is not None and member.due_at <= at:
        if any(wallet.lots is None for wallet in member.wallets.values()):
            raise LotsNeeded(member.owner)
        due_at = member.due_at
        outcomes += _run_instant(batch, member, due_at)
        programs = [live.latest for live in batch.workspace.programs if live.program_id in member.memberships]
        member.due_at = next_due(programs, member, due_at)
    return outcomes


def _run_instant(batch: Batch, member: Member, at: Instant) -> list[Outcome]:
    operation = Operation(batch.ids.next(), batch.ids.next(), member, at)
    batch.timer_operations.add(operation.operation_id)
    outcomes: list[Outcome] = []
    before = len(batch.changes)
    for live in batch.workspace.programs:
        version = live.version_at(at)
        if version is None or live.program_id not in member.memberships:
            continue
        event = TimersDue(id=operation.source_id, at=at)
        outcome, now_counts = _decide_in(batch, operation, live, version, event)
        batch.apply(operation, version, tuple(now_counts))
        outcomes.append(outcome)
        outcomes += _decide_follow_ups(batch, operation, live, outcome.decision.follow_ups)
    if len(batch.changes) > before:
        batch.put_event(_timers_row(batch, operation, outcomes))
    return outcomes


def _timers_row(batch: Batch, operation: Operation, outcomes: list[Outcome]) -> EventRow:
    return EventRow(
        customer_id=operation.member.customer_id,
        event_id=operation.source_id,
        operation_id=operation.operation_id,
        kind=EventKind.TIMERS,
        external_id="",
        source_id=None,
        occurred_at=operation.at,
        recorded_at=batch.now,
        body=b"",
        decision=store_outcomes(outcomes),
        answer=b"",
    )


def store_outcomes(outcomes: list[Outcome]) -> bytes:
    """Write what is kept of the outcomes beside the event."""
    return encode_decisions(
        [
            StoredDecision(
                program=outcome.live.program_id,
                version=outcome.version.number,
                trigger=outcome.trigger,
                snapshot=outcome.decision.facts,
                awards=outcome.decision.awards,
                taken_back=outcome.decision.taken_back,
            )
            for outcome in outcomes
        ]
    )
