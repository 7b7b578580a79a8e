"""What is done to somebody's segments by hand: moves in static ones, and a rule for who was inside before."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.core.events import CustomEvent
from perennial.core.member import Member
from perennial.core.segments.following_segments import ENTERED
from perennial.core.switches import Switch, Switches, SwitchKind, SwitchObject
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch
from perennial.flows.commands import ApplyEntered, Command, MoveInSegment, applied_id
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.decide_program import (
    count_points_besides,
    decide_follow_ups,
    decide_in,
    event_row,
)
from perennial.flows.handling.segmenting import move_by_hand
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.problems import problem
from perennial.store.events import EventKind
from perennial.store.segments import entered_by_event


async def load_entries(conn: Connection, batch: Batch, commands: Sequence[Command]) -> None:
    """Load who entered a segment by an event, of those to whom a rule is applied."""
    asked: dict[str, list[UUID]] = {}
    for command in commands:
        if isinstance(command, ApplyEntered):
            asked.setdefault(command.segment, []).append(UUID(hex=command.customer_id))
    segments = batch.workspace.segments
    for code, customers in asked.items() if segments is not None else ():
        kept = segments.kept.get(code) if segments is not None else None
        if kept is not None:
            told = await entered_by_event(
                conn, batch.workspace.workspace_id, batch.bucket, kept.segment_id, customers
            )
            batch.told.update((customer_id, kept.segment_id) for customer_id in told)


def handle_move(batch: Batch, command: MoveInSegment) -> Answer:
    """Handle a move in a static segment; 200 if there is nothing to do."""
    member = _member(batch, command.customer_id)
    kept = None if batch.workspace.segments is None else batch.workspace.segments.kept.get(command.segment)
    if kept is None or kept.segment.live:
        raise problem(409, "segment_changed", "The segment is no static one any more.")
    run_timers_due(batch, member, command.at)
    if (command.segment in member.segments) is command.entered:
        return Answer(status=200, body=b"{}")
    operation = batch.operation(member, batch.ids.next(), command.at)
    outcomes = move_by_hand(batch, operation, command.segment, entered=command.entered)
    if outcomes:
        batch.put_event(event_row(batch, operation, EventKind.SEGMENTS, outcomes))
    return Answer(status=201, body=b"{}")


def handle_entered(batch: Batch, command: ApplyEntered) -> Answer:
    """Handle one rule for somebody who is inside; 200 if it was decided before, or nobody is inside.

    Who entered when the rule was there already had it decided by that event.
    """
    member = _member(batch, command.customer_id)
    live = batch.workspace.program(command.program)
    if live is None:
        raise problem(404, "program_unknown", "The program is not there any more.")
    run_timers_due(batch, member, command.at)
    version = live.version_at(command.at)
    source_id = applied_id(batch.workspace.workspace_id, command)
    known = command.segment in member.segments and live.program_id in member.memberships
    if (
        version is None
        or not known
        or source_id in batch.events
        or _decided_then(batch, member, live, command)
    ):
        return Answer(status=200, body=b"{}")
    operation = batch.operation(member, source_id, command.at)
    event = CustomEvent(id=source_id, at=command.at, name=ENTERED, attributes={"segment": command.segment})
    alone = _only(batch, live, command.rule)
    outcome, counts = decide_in(batch, operation, live, version, event, alone)
    batch.apply(operation, version, tuple(counts))
    count_points_besides(batch, operation, outcome, event)
    outcomes = [outcome, *decide_follow_ups(batch, operation, live, outcome.decision.follow_ups)]
    batch.put_event(event_row(batch, operation, EventKind.SEGMENTS, outcomes))
    points = sum(award.points for award in outcome.decision.awards)
    return Answer(status=201, body=str(points).encode())


def _decided_then(batch: Batch, member: Member, live: LiveProgram, command: ApplyEntered) -> bool:
    """Whether entering the segment was an event, and one on which the rule was asked."""
    segments = batch.workspace.segments
    assert segments is not None
    entered_at = member.segments[command.segment]
    if (member.customer_id, segments.kept[command.segment].segment_id) not in batch.told:
        return False
    version = live.version_at(entered_at)
    return (
        version is not None
        and member.memberships[live.program_id].joined_at <= entered_at
        and any(each.rule.id == command.rule and each.rule.trigger == ENTERED for each in version.rules)
    )


def _only(batch: Batch, live: LiveProgram, rule: str) -> Switches:
    """Return what is off now, and every other rule on entering a segment."""
    others = [
        Switch(
            object=SwitchObject(kind=SwitchKind.RULE, program=live.code, id=compiled.rule.id),
            reason="another rule is applied",
            actor="",
            off_at=0,
        )
        for compiled in live.latest.rules
        if compiled.rule.trigger == ENTERED and compiled.rule.id != rule
    ]
    return Switches([*batch.workspace.switches.every(), *others])


def _member(batch: Batch, customer_id: str) -> Member:
    found = UUID(hex=customer_id)
    if found in batch.erased:
        raise batch.gone(found)
    member = batch.members.get(found)
    if member is None:
        raise problem(404, "customer_unknown", "There is no such customer.")
    return member
