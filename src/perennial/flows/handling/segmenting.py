"""Segments, true to the data: whoever was touched is judged in the transaction of the cause.

What moves becomes ``segment.entered`` and ``segment.left`` in every program of the customer, after tiers;
what these cause is judged again, until nothing moves any more.

Where nothing can come of a move, the customers of a batch are judged behind its last command, one right after
the other: what judging needs is in the processor's caches then.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from perennial.core.document.enrollment import joins_by_entering
from perennial.core.member import Member
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.segments.compile_segments import SegmentSet
from perennial.core.segments.following_segments import ENTERED, LEFT, TooManyMoves, events_of, follow, hears
from perennial.core.segments.segmenting import Changed, Move
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import Command, PostEvent, PostReturn, PutOrder
from perennial.flows.handling.concerned import customers_of
from perennial.flows.handling.decide_program import Outcome, decide_follow_ups, event_row
from perennial.flows.handling.enrolling import enroll
from perennial.flows.problems import refused
from perennial.store.events import EventKind
from perennial.store.segments import SegmentMove
from perennial.units import Instant

_PLAIN = (PutOrder, PostReturn, PostEvent)


def follow_segments(
    batch: Batch, operation: Operation, at: Instant | None = None, *, refuses: bool = True
) -> list[Outcome]:
    """Judge the member of an operation, and decide what entering and leaving segments causes.

    Judged are the segments that may have changed since the last time; with ``at``, the instant of a timer,
    all of them. Membership is judged as of ``at``: without it, as of the workspace's time, because a late
    event changes who is in a segment now. What it causes happens at the operation's instant. What goes
    round in circles is refused; where nobody can be refused (not ``refuses``), it ends there.
    """
    segments, member = batch.workspace.segments, operation.member
    changed = batch.touched.pop(member.customer_id, [])
    is_new = member.customer_id in batch.created
    batch.created.discard(member.customer_id)
    if segments is None or member.customer_id not in batch.customers or batch.is_household(member):
        return []
    judged_at = max(operation.at, batch.now) if at is None else at
    outcomes: list[Outcome] = []

    def decide(moves: list[Move]) -> Changed | None:
        outcomes.extend(_decide_moves(batch, operation, segments, moves))
        return batch.touched.pop(member.customer_id, [])

    try:
        follow(
            segments,
            member,
            judged_at,
            None if at is not None or is_new else changed,
            lambda moves: _note(batch, member, segments, moves),
            decide,
            refuses=refuses,
        )
    except TooManyMoves as error:
        raise refused(Refusal(RefusalCode.CASCADE_TOO_LONG, error.words)) from None
    return outcomes


def to_be_judged_last(batch: Batch, commands: Sequence[Command]) -> dict[UUID, int]:
    """Return the customers who may be judged behind the last command, each with the place of their own.

    The same people have to move at the same instants: nothing comes of a move, and nobody's segments are read
    behind their command, because it is their only one, judges them once and as of now, and nobody shares a
    wallet. The customers are locked by now, and the orders loaded that are known.
    """
    workspace = batch.workspace
    if workspace.segments is None or workspace.hears_moves or batch.households:
        return {}
    last: dict[UUID, int] = {}
    judged_at_once: set[UUID] = set()
    for place, command in enumerate(commands):
        if not isinstance(command, _PLAIN):
            return {}
        for customer_id, _ in customers_of(batch, command):
            if customer_id in last or not _judges_as_of_now(batch, command):
                judged_at_once.add(customer_id)
            last[customer_id] = place
    for customer_id in judged_at_once:
        del last[customer_id]
    return last


def _judges_as_of_now(batch: Batch, command: PutOrder | PostReturn | PostEvent) -> bool:
    """Whether a command judges its customer once, which a changed order may not, nor ahead of the clock."""
    if command.at is not None and command.at > batch.now:
        return False
    if type(command) is PutOrder:
        return not batch.orders or batch.name("order", command.id) not in batch.orders
    if type(command) is PostReturn:
        returned = batch.orders.get(batch.name("order", command.order))
        return returned is None or returned.paid_at is None or returned.paid_at <= batch.now
    return True


def put_off(batch: Batch, customer_id: UUID) -> None:
    """Keep what changed of a customer until they are judged, who are to be judged last."""
    changed = batch.touched.pop(customer_id, [])
    if customer_id in batch.put_off:
        known = batch.put_off[customer_id]
        changed = None if known is None or changed is None else known + changed
    batch.put_off[customer_id] = changed


def judge_last(batch: Batch, customer_id: UUID) -> None:
    """Judge a customer who was :func:`put_off`, as of now."""
    segments, member = batch.workspace.segments, batch.members.get(customer_id)
    changed = batch.put_off[customer_id]
    if customer_id in batch.created:
        batch.created.discard(customer_id)
        changed = None
    if segments is not None and member is not None:
        follow(segments, member, batch.now, changed, partial(_note, batch, member, segments), _nothing)


def _nothing(_moves: list[Move]) -> Changed:
    return []


def move_by_hand(batch: Batch, operation: Operation, code: str, *, entered: bool) -> list[Outcome]:
    """Let the member of an operation into a static segment, or out of it, and decide what that causes."""
    segments, member = batch.workspace.segments, operation.member
    assert segments is not None
    if entered:
        member.segments[code] = operation.at
    else:
        del member.segments[code]
    moves = [Move(code, operation.at, entered)]
    _note(batch, member, segments, moves)
    outcomes = _decide_moves(batch, operation, segments, moves)
    batch.touched[member.customer_id] = None
    return outcomes + follow_segments(batch, operation)


def settle_segments(batch: Batch, *, refuses: bool = True) -> None:
    """Judge everybody whom a command touched and who was not judged since, as operations of their own.

    Who was put off by their own command stays so, whatever else touched them.
    """
    if batch.workspace.segments is None:
        batch.touched.clear()
        return
    while batch.touched:
        customer_id = next(iter(batch.touched))
        if customer_id in batch.put_off:
            put_off(batch, customer_id)
        else:
            settle(batch, customer_id, refuses=refuses)


def settle(batch: Batch, customer_id: UUID, *, refuses: bool) -> None:
    """Judge a customer whom something touched, as an operation of its own."""
    member = batch.members.get(customer_id)
    if member is None:
        del batch.touched[customer_id]
        return
    operation = batch.operation(member, batch.ids.next(), batch.now)
    outcomes = follow_segments(batch, operation, refuses=refuses)
    if outcomes:
        batch.put_event(event_row(batch, operation, EventKind.SEGMENTS, outcomes))


def unsettled(batch: Batch) -> UUID | None:
    """Return somebody who is new or was touched by what is no command, and was not judged since."""
    if batch.workspace.segments is None:
        return None
    batch.touched.update(dict.fromkeys(batch.created))
    return next(iter(batch.touched), None)


def settle_the_rest(batch: Batch) -> None:
    """Judge whoever is :func:`unsettled`, before the batch is written."""
    while (customer_id := unsettled(batch)) is not None:
        settle(batch, customer_id, refuses=False)


def _decide_moves(
    batch: Batch, operation: Operation, segments: SegmentSet, moves: list[Move]
) -> list[Outcome]:
    """Enroll whom a segment enrolls, and decide the moves in every program of the customer."""
    memberships = operation.member.memberships
    outcomes: list[Outcome] = []
    published = [
        (live, version)
        for live in batch.workspace.programs
        if (version := live.version_at(operation.at)) is not None
    ]
    for live, version in published:
        if live.program_id not in memberships:
            entered = {move.code for move in moves if move.entered}
            if joins_by_entering(version.program.enrollment, entered):
                outcomes += enroll(batch, operation, live, version, "segment")
    hearing = [
        (live, version)
        for live, version in published
        if (hears(version, ENTERED) or hears(version, LEFT)) and live.program_id in memberships
    ]
    if not hearing:
        return outcomes
    events = events_of(segments, moves, operation.source_id, operation.at)
    for live, version in hearing:
        heard = tuple(event for event in events if hears(version, event.name))
        if heard:
            outcomes += decide_follow_ups(batch, operation, live, heard)
    return outcomes


def _note(batch: Batch, member: Member, segments: SegmentSet, moves: list[Move]) -> None:
    customer_id, known = member.customer_id, segments.kept
    for move, move_id in zip(moves, batch.ids.several(len(moves)), strict=True):
        kept = known[move.code]
        batch.segment_moves.append(
            SegmentMove(customer_id, move_id, kept.segment_id, move.at, move.entered, kept.filled)
        )
