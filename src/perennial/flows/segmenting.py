"""Segments, true to the data: whoever was touched is judged in the transaction of the cause.

What moves becomes ``segment.entered`` and ``segment.left`` in every program of the customer, after tiers;
what these cause is judged again, until nothing moves any more.
"""

from __future__ import annotations

from perennial.core.compile_segments import SegmentSet
from perennial.core.events import CustomEvent, Event
from perennial.core.member import Member
from perennial.core.program import EnrollmentMode
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.segmenting import Move, judge_member, next_segment_change
from perennial.flows.batch import Batch, Operation
from perennial.flows.decide_program import MAX_FOLLOW_UPS, Outcome, decide_follow_ups, store_outcomes
from perennial.flows.enrolling import enroll
from perennial.flows.problems import refused
from perennial.store.events import EventKind, EventRow
from perennial.store.segments import SegmentMove
from perennial.units import Instant


def follow_segments(batch: Batch, operation: Operation, at: Instant | None = None) -> list[Outcome]:
    """Judge the member of an operation, and decide what entering and leaving segments causes.

    Membership is judged as of ``at``: without it, as of the workspace's time, because a late event
    changes who is in a segment now. What it causes happens at the operation's instant.
    """
    segments, member = batch.workspace.segments, operation.member
    batch.touched.discard(member.customer_id)
    batch.created.discard(member.customer_id)
    if segments is None or member.customer_id not in batch.customers or batch.is_household(member):
        return []
    judged_at = max(operation.at, batch.now) if at is None else at
    outcomes: list[Outcome] = []
    caused: set[tuple[str, bool]] = set()
    while moves := judge_member(segments, member, judged_at):
        _note(batch, member, segments, moves)
        new = [move for move in moves if (move.code, move.entered) not in caused]
        caused.update((move.code, move.entered) for move in moves)
        if len(caused) > MAX_FOLLOW_UPS or not new:
            words = f"One event moved a customer in and out of segments more than {MAX_FOLLOW_UPS} times."
            raise refused(Refusal(RefusalCode.CASCADE_TOO_LONG, words))
        outcomes += _decide_moves(batch, operation, segments, new)
    batch.touched.discard(member.customer_id)
    _arm(segments, member, judged_at)
    return outcomes


def settle_segments(batch: Batch) -> None:
    """Judge everybody whom a command touched and who was not judged since, as operations of their own."""
    if batch.workspace.segments is None:
        batch.touched.clear()
        return
    while batch.touched:
        member = batch.members.get(batch.touched.pop())
        if member is None:
            continue
        operation = batch.operation(member, batch.ids.next(), batch.now)
        outcomes = follow_segments(batch, operation)
        if outcomes:
            batch.put_event(_event_row(batch, operation, outcomes))


def _decide_moves(
    batch: Batch, operation: Operation, segments: SegmentSet, moves: list[Move]
) -> list[Outcome]:
    """Enroll whom a segment enrolls, and decide the moves in every program of the customer."""
    member = operation.member
    outcomes: list[Outcome] = []
    entered = {move.code for move in moves if move.entered}
    for live in batch.workspace.programs:
        version = live.version_at(operation.at)
        if version is None:
            continue
        enrollment, known = version.program.enrollment, member.memberships.get(live.program_id)
        if known is None and enrollment.mode is EnrollmentMode.SEGMENT and enrollment.segment in entered:
            outcomes += enroll(batch, operation, live, version, "segment")
    events: tuple[Event, ...] = tuple(
        CustomEvent(
            id=operation.source_id,
            at=operation.at,
            name="segment.entered" if move.entered else "segment.left",
            attributes={"segment": move.code},
        )
        for move in moves
        if segments.kept[move.code].filled
    )
    for live in batch.workspace.programs:
        if live.program_id in member.memberships and events:
            outcomes += decide_follow_ups(batch, operation, live, events)
    return outcomes


def _note(batch: Batch, member: Member, segments: SegmentSet, moves: list[Move]) -> None:
    for move in moves:
        segment_id = segments.kept[move.code].segment_id
        batch.segment_moves.append(
            SegmentMove(member.customer_id, batch.ids.next(), segment_id, move.at, move.entered)
        )


def _arm(segments: SegmentSet, member: Member, at: Instant) -> None:
    """Let the member's timer be due when time alone may move it, at the latest."""
    due = next_segment_change(segments, member, at)
    if due is not None and (member.due_at is None or due < member.due_at):
        member.due_at = due


def _event_row(batch: Batch, operation: Operation, outcomes: list[Outcome]) -> EventRow:
    return EventRow(
        customer_id=operation.member.customer_id,
        event_id=operation.source_id,
        operation_id=operation.operation_id,
        kind=EventKind.SEGMENTS,
        external_id="",
        source_id=None,
        occurred_at=operation.at,
        recorded_at=batch.now,
        body=b"",
        decision=store_outcomes(outcomes),
        answer=b"",
    )
