"""Segments as the API shows them: the list, one with its size over time, and pages of who is inside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.conditions.flaws import Flaw
from perennial.core.segments.following_segments import ENTERED
from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import encode_condition
from perennial.flows.configuration import Workspace
from perennial.flows.handle_events import Handler
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.problems import ProblemError, problem
from perennial.store.segments import (
    FIRST_IN_SEGMENT,
    PlaceInSegment,
    SegmentRow,
    count_segment_members,
    count_segment_moves,
    list_segment_members,
    list_segments,
)
from perennial.units import Instant, format_instant


class EnteringRule(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An earning rule on ``segment.entered``: the ``wallet`` into which it gives, and its ``decimals``."""

    program: str
    rule: str
    wallet: str
    name: str | None = None
    decimals: int = 0


class SegmentView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A segment with how many customers are in it. ``live`` says that membership follows from ``when``.

    While it is being ``filled``, who enters or leaves it is no event yet. ``warnings`` say what is odd about
    a condition that was just put, if anything is. ``rules`` on entering a segment can be applied to those
    inside; they come where one segment is read.
    """

    id: str
    name: str
    live: bool
    size: int
    version: int
    published_at: str
    filled: bool
    program: str | None = None
    description: str | None = None
    when: dict[str, Any] | None = None
    warnings: tuple[Flaw, ...] = ()
    rules: tuple[EnteringRule, ...] = ()


class SegmentList(msgspec.Struct, frozen=True):
    """Every segment of the workspace; ``next_cursor`` is null, for it is one page."""

    data: tuple[SegmentView, ...]
    next_cursor: str | None


class SegmentMember(msgspec.Struct, frozen=True):
    """A customer who is in a segment, and since when."""

    customer: str
    entered_at: str


class SegmentMemberPage(msgspec.Struct, frozen=True):
    """A page of who is in a segment; ``next_cursor`` is null on the last page."""

    data: tuple[SegmentMember, ...]
    next_cursor: str | None


class SegmentDay(msgspec.Struct, frozen=True):
    """A local day on which somebody entered or left, and the size at its end."""

    date: str
    entered: int
    left: int
    size: int


class SegmentHistory(msgspec.Struct, frozen=True):
    """The size of a segment over time, the oldest day first; days without a move are left out."""

    data: tuple[SegmentDay, ...]
    next_cursor: str | None


class _MemberCursor(msgspec.Struct, frozen=True, array_like=True):
    bucket: int
    after: PlaceInSegment


def view_of(row: SegmentRow, size: int, warnings: tuple[Flaw, ...] = ()) -> SegmentView:
    """Return a segment as the API shows it."""
    segment: Segment = row.segment
    return SegmentView(
        id=row.code,
        name=segment.name,
        live=segment.live,
        size=size,
        version=row.version,
        published_at=format_instant(row.published_at),
        filled=row.filled,
        program=segment.program,
        description=segment.description,
        when=None if segment.when is None else encode_condition(segment.when),
        warnings=warnings,
    )


async def list_all_segments(handler: Handler, workspace_id: int) -> SegmentList:
    """Return the workspace's segments by their ids, with their sizes."""
    async with handler.database.report(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        sizes = await _sizes(conn, workspace)
        rows = await list_segments(conn, workspace_id)
    return SegmentList(tuple(view_of(row, sizes.get(row.segment_id, 0)) for row in rows), None)


async def read_segment(handler: Handler, workspace_id: int, code: str) -> SegmentView:
    """Return one segment, or raise the 404."""
    async with handler.database.report(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = await find_segment(conn, workspace_id, code)
        sizes = await _sizes(conn, workspace)
    view = view_of(row, sizes.get(row.segment_id, 0))
    return msgspec.structs.replace(view, rules=rules_on_entering(workspace))


def rules_on_entering(workspace: Workspace) -> tuple[EnteringRule, ...]:
    """Return the rules on entering a segment of all programs, as they are in force."""
    return tuple(
        EnteringRule(
            program=live.code,
            rule=each.rule.id,
            name=each.rule.name,
            wallet=live.latest.wallets[each.wallet].spec.id,
            decimals=live.latest.wallets[each.wallet].spec.decimals,
        )
        for live in workspace.programs
        for each in live.latest.rules
        if each.rule.trigger == ENTERED
    )


async def members_of(
    handler: Handler, workspace_id: int, code: str, *, cursor: str | None = None, limit: int = 50
) -> SegmentMemberPage:
    """Return a page of who is in a segment, bucket by bucket as they entered; raise the 404."""
    found: list[tuple[int, UUID, str, Instant]] = []
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = await find_segment(conn, workspace_id, code)
        begin = read_cursor(cursor, _MemberCursor, workspace_id, "segment", row.segment_id)
        for bucket in workspace.row.buckets:
            if begin is not None and bucket < begin.bucket:
                continue
            after = begin.after if begin is not None and bucket == begin.bucket else FIRST_IN_SEGMENT
            left = limit + 1 - len(found)
            part = await list_segment_members(conn, workspace_id, bucket, row.segment_id, after, left)
            found += [(bucket, *each) for each in part]
            if len(found) > limit:
                break
    page = found[:limit]
    following: _MemberCursor | None = None
    if len(found) > limit:
        bucket, customer_id, _, entered_at = page[-1]
        following = _MemberCursor(bucket, PlaceInSegment(entered_at, customer_id))
    return SegmentMemberPage(
        tuple(SegmentMember(name, format_instant(entered_at)) for _, _, name, entered_at in page),
        write_cursor(following, workspace_id, "segment", row.segment_id),
    )


async def history_of_segment(handler: Handler, workspace_id: int, code: str) -> SegmentHistory:
    """Return how large a segment was at the end of each local day with a move; raise the 404."""
    async with handler.database.report(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = await find_segment(conn, workspace_id, code)
        buckets = workspace.row.buckets
        ends = buckets.start, buckets.stop - 1
        moves = await count_segment_moves(conn, workspace_id, ends, row.segment_id, _zone(workspace, row))
    days, size = [], 0
    for day, entered, left in moves:
        size += entered - left
        days.append(SegmentDay(day, entered, left, size))
    return SegmentHistory(tuple(days), None)


async def find_segment(conn: Connection, workspace_id: int, code: str) -> SegmentRow:
    """Return a segment, or raise the 404."""
    for row in await list_segments(conn, workspace_id):
        if row.code == code:
            return row
    raise segment_unknown(code)


def segment_unknown(code: str) -> ProblemError:
    """Return the 404 for a segment that is not there."""
    return problem(404, "segment_unknown", f"There is no segment {code!r}.")


def _zone(workspace: Workspace, row: SegmentRow) -> str:
    for live in workspace.programs:
        if row.segment.program in (None, live.code):
            return live.latest.program.time_zone
    return "UTC"


async def _sizes(conn: Connection, workspace: Workspace) -> dict[int, int]:
    buckets = workspace.row.buckets
    return await count_segment_members(conn, workspace.workspace_id, (buckets.start, buckets.stop - 1))
