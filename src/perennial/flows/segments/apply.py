"""A rule on entering a segment, applied to those who are inside already: first what it would cost.

Each customer gets it once, ever: what was decided is kept under an id of its own, so that an interrupted
run is simply run again, and goes on where it was. Who entered by an event when the rule was there has had it
already.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias
from uuid import UUID

import msgspec

from perennial.core.segments.following_segments import ENTERED
from perennial.flows.commands import ApplyEntered
from perennial.flows.configuration import Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.handling.handle_segment import handle_entered
from perennial.flows.handling.load_batch import load
from perennial.flows.handling.needed import Needed, with_what_is_needed
from perennial.flows.problems import ProblemError, field_problem
from perennial.flows.programs.life import Author
from perennial.flows.segments.fill import AT_ONCE
from perennial.flows.segments.views import find_segment, rules_on_entering
from perennial.store.segments import (
    FIRST_IN_SEGMENT,
    PlaceInSegment,
    SegmentRow,
    count_segment_members,
    list_segment_members,
)
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry
from perennial.units import Points

SAMPLED = 2_000
"""So many customers are tried for a preview; beyond them the cost is an estimate."""


class ApplyResult(msgspec.Struct, frozen=True):
    """What applying a rule does, or would do: to how many customers, and for how many points.

    ``already`` counts those who were given it before, or get nothing. Unless ``exact``, the figures are an
    estimate from a part.
    """

    customers: int
    points: Points
    already: int
    exact: bool
    applied: bool


class Applied(msgspec.Struct, frozen=True):
    """How far it is: ``done`` of ``of`` are decided, and ``customers`` of them were given ``points``."""

    done: int
    of: int
    customers: int
    points: Points


BEGINNING = Applied(0, 0, 0, 0)

Told: TypeAlias = Callable[[Applied], None]
"""Hears after each part of the customers how far it is."""


def _unheard(applied: Applied) -> None:
    """Nobody wants to know."""


async def apply_to_inside(
    handler: Handler,
    workspace_id: int,
    code: str,
    program: str,
    rule: str,
    *,
    author: Author | None,
    told: Told = _unheard,
) -> ApplyResult:
    """Apply a program's rule on entering a segment to everybody inside, or say what that would cost.

    Without an ``author`` it is only told. The author is named in the audit log before the first customer is
    decided. Raises a 404 for an unknown segment, a 422 for a rule that is not on entering a segment.
    """
    preview = author is None
    async with handler.database.report(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = await find_segment(conn, workspace_id, code)
        buckets = workspace.row.buckets
        sizes = await count_segment_members(conn, workspace_id, (buckets.start, buckets.stop - 1))
    _check(workspace, program, rule)
    if author is not None:
        async with handler.database.transaction(workspace_id) as conn:
            await insert_audit_entry(conn, workspace_id, _entry(handler, author, code, program, rule))
    size, tried, given, points = sizes.get(row.segment_id, 0), 0, 0, 0
    for bucket in buckets:
        last = FIRST_IN_SEGMENT
        while not preview or tried < SAMPLED:
            part, last = await _next(handler, workspace_id, bucket, row, last)
            if not part:
                break
            commands = [_command(workspace, each, bucket, code, program, rule) for each in part]
            if preview:
                gained = await with_what_is_needed(partial(_try, handler, workspace_id, bucket, commands))
            else:
                answers = await handler.handle_batch(workspace_id, bucket, commands)
                gained = [int(answer.body) for answer in answers if answer.status == 201]
            tried, given, points = tried + len(part), given + len(gained), points + sum(gained)
            told(Applied(min(tried, size), size, given, points))
    exact = not preview or tried >= size
    if not exact and tried:
        given, points = given * size // tried, points * size // tried
    return ApplyResult(given, points, max(0, (tried if exact else size) - given), exact, not preview)


def _entry(handler: Handler, author: Author, code: str, program: str, rule: str) -> AuditEntry:
    return AuditEntry(
        entry_id=handler.ids.next(),
        at=author.at,
        actor=author.actor,
        action="segment.applied",
        object=f"segment/{code}",
        reason=author.note,
        before={},
        after={"program": program, "rule": rule},
    )


def _check(workspace: Workspace, program: str, rule: str) -> None:
    live = workspace.program(program)
    if live is None:
        raise field_problem("$.program", "program_unknown", "no such program is published")
    rules = [each.rule for each in rules_on_entering(workspace) if each.program == program]
    if rule not in rules:
        words = f"is no rule on {ENTERED}; those are {', '.join(rules) or 'none'}"
        raise field_problem("$.rule", "rule_unknown", words)


async def _next(
    handler: Handler, workspace_id: int, bucket: int, row: SegmentRow, after: PlaceInSegment
) -> tuple[list[UUID], PlaceInSegment]:
    """Return the next members of the segment, and the place of the last one."""
    async with handler.database.snapshot(workspace_id) as conn:
        found = await list_segment_members(conn, workspace_id, bucket, row.segment_id, after, AT_ONCE)
    for customer_id, _, entered_at in found[-1:]:
        after = PlaceInSegment(entered_at, customer_id)
    return [customer_id for customer_id, _, _ in found], after


def _command(
    workspace: Workspace, customer_id: UUID, bucket: int, code: str, program: str, rule: str
) -> ApplyEntered:
    return ApplyEntered(
        customer_id=customer_id.hex,
        bucket=bucket,
        segment=code,
        program=program,
        rule=rule,
        at=business_now(workspace),
    )


async def _try(
    handler: Handler, workspace_id: int, bucket: int, commands: list[ApplyEntered], needed: Needed
) -> list[Points]:
    """Return what each customer would gain; nothing is written."""
    gained: list[Points] = []
    async with handler.database.transaction(workspace_id) as conn:
        batch = await handler.batch(conn, workspace_id, bucket)
        owners = {UUID(hex=command.customer_id) for command in commands}
        await load(conn, batch, handler.configurations, commands, owners, codes=needed.codes)
        for command in commands:
            try:
                answer = handle_entered(batch, command)
            except ProblemError:
                continue
            if answer.status == 201:
                gained.append(int(answer.body))
    return gained
