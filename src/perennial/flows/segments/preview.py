"""How many customers a segment would have, before it is saved, with some of them by name."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from time import perf_counter
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.conditions.flaws import Flaw
from perennial.core.conditions.sql import SqlConditions, compile_sql, kept_by
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.member import Member
from perennial.core.needs import lookback
from perennial.core.segments.compile_segments import Kept, LiveSegment, SegmentSet, compile_segments
from perennial.core.segments.segment import Segment
from perennial.core.segments.segmenting import Judging
from perennial.core.version import Metric
from perennial.flows.configuration import Workspace, bases_of, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.loading.households import homes_elsewhere
from perennial.flows.loading.wherever import load_members_of
from perennial.flows.programs.backfill import count_past
from perennial.flows.segments.segments import check_document, odd_about
from perennial.store.customers.customers import read_customers
from perennial.store.history import FIRST, LAST, read_past
from perennial.store.matching import Span, preview_matching
from perennial.store.segments import count_people, list_segments, next_people
from perennial.units import Instant

SAMPLE = 10
ASKED_ABOUT = 50_000
"""Of more customers than that, the database is asked about so many at most."""
ASKED_FIRST = 10_000
"""It is asked about so many of them first: what these take says how many more there is time for."""
SECONDS = 0.6
"""So long an estimate may take."""
LOOKED_AT = 500
"""So many customers of a bucket are looked at where the database cannot answer for all of them."""


class SegmentPreview(msgspec.Struct, frozen=True):
    """How many of the workspace's customers meet a condition now, and some of them.

    Unless ``exact``, ``count`` is an estimate from a part of the customers, whom their ids choose: 19 times
    out of 20 it is at most ``margin`` away from what counting everybody would give. How large the part is
    depends on how long the database takes. ``warnings`` say what is odd about the condition: that it never
    holds, for one.
    """

    count: int
    of: int
    exact: bool
    margin: int
    sample: tuple[str, ...]
    warnings: tuple[Flaw, ...] = ()


class _Found(msgspec.Struct):
    """How many customers were asked about, how many of them are inside, and some of these by name."""

    people: int = 0
    inside: int = 0
    sample: list[str] = []


async def preview_segment(
    handler: Handler, workspace_id: int, segment: Segment, language: Language = ENGLISH
) -> SegmentPreview:
    """Say who would be in a live segment now; nothing is saved. Raises a 422 for what is wrong with it.

    What is odd about its condition is said in ``language``.
    """
    until = perf_counter() + SECONDS
    async with handler.database.report(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        rows = await list_segments(conn, workspace_id)
        check_document(workspace, segment, rows)
        known = {} if workspace.segments is None else workspace.segments.kept
        kept = [each for code, each in known.items() if code != segment.segment]
        segments = compile_segments([*kept, Kept(segment, 0, 0, filled=False)], bases_of(workspace.programs))
        live = segments.live_one(segment.segment)
        sql = _asked(workspace, segments, live)
        of = sum([await count_people(conn, workspace_id, bucket) for bucket in workspace.row.buckets])
        if sql is None:
            found = await _look_at(conn, workspace, segments, live)
        else:
            found = await _ask(conn, workspace, sql, of, until)
    exact = found.people >= of
    count = found.inside if exact else found.inside * of // max(found.people, 1)
    margin = 0 if exact else margin_of(found.inside, found.people, of)
    odd = odd_about(workspace, segment, language)
    return SegmentPreview(count, of, exact, margin, tuple(found.sample), odd)


def margin_of(inside: int, people: int, of: int) -> int:
    """Return how far ``inside`` of ``people``, taken for all ``of`` them, may be off, 19 times out of 20.

    It is how far Wilson's interval reaches to its farther side: that is more than nothing where nobody was
    found. A part that is a good deal of the whole counts for more.
    """
    if not people:
        return of
    share, size, z = inside / people, people * of / (of - people), 1.96
    middle = (share + z * z / size / 2) / (1 + z * z / size)
    half = z * sqrt(share * (1 - share) / size + (z / size / 2) ** 2) / (1 + z * z / size)
    return ceil(of * (half + abs(middle - share)))


def _asked(workspace: Workspace, segments: SegmentSet, live: LiveSegment) -> SqlConditions | None:
    """Return what the database is asked; None where it cannot answer, or not all of it is counted."""
    counted = _counted(workspace)
    numbers = {code: kept.segment_id for code, kept in segments.kept.items() if kept.segment_id}
    kept = msgspec.structs.replace(
        kept_by(live.version, business_now(workspace), numbers), metrics=tuple(counted.values())
    )
    sql = compile_sql([live.when], kept)
    return None if isinstance(sql, list) else sql


def _counted(workspace: Workspace) -> dict[int, Metric]:
    versions = [live.latest for live in workspace.programs]
    versions += workspace.segments.versions if workspace.segments is not None else ()
    return {metric.number: metric for version in versions for metric in version.metrics}


async def _ask(conn: Connection, workspace: Workspace, sql: SqlConditions, of: int, until: float) -> _Found:
    """Ask the database about everybody, or about as many of the lowest ids as there is time for ``until``.

    The first few are asked about again with the others: what lies between two ids that are close to each
    other PostgreSQL takes for next to nothing, and plans by that.
    """
    found = _Found()
    if of <= ASKED_ABOUT:
        await _ask_about(conn, workspace, sql, Span(FIRST, LAST), found)
        return found
    first = min(ASKED_FIRST, ASKED_ABOUT)
    started = perf_counter()
    await _ask_about(conn, workspace, sql, Span(FIRST, _id_at(first, of)), found)
    now = perf_counter()
    more = min(ASKED_ABOUT, int(first * (until - now) / (now - started)))
    if more > first:
        found = _Found()
        await _ask_about(conn, workspace, sql, Span(FIRST, _id_at(more, of)), found)
    return found


def _id_at(place: int, of: int) -> UUID:
    """Return the id up to which about ``place`` of so many customers lie: ids are hashes."""
    return UUID(int=LAST.int * place // of)


async def _ask_about(
    conn: Connection, workspace: Workspace, sql: SqlConditions, span: Span, found: _Found
) -> None:
    """Ask the database about the customers whose ids lie in a span."""
    only = None if (span.first, span.last) == (FIRST, LAST) else span
    for bucket in workspace.row.buckets:
        found.people += await count_people(conn, workspace.workspace_id, bucket, span.first, span.last)
        wanted = SAMPLE - len(found.sample)
        told = await preview_matching(conn, workspace.workspace_id, bucket, sql, wanted, only)
        found.inside += told.count
        found.sample += await _names(conn, workspace.workspace_id, bucket, told.sample)


async def _look_at(conn: Connection, workspace: Workspace, segments: SegmentSet, live: LiveSegment) -> _Found:
    """Judge some customers of each bucket one by one, with figures that nobody has counted worked out."""
    at = business_now(workspace)
    found = _Found()
    for bucket in workspace.row.buckets:
        ids = await next_people(conn, workspace.workspace_id, bucket, FIRST, LOOKED_AT)
        members = await _members(conn, workspace, bucket, live, ids, at)
        inside = []
        for member in members.values():
            Judging(segments, member, at).judge(live.block)
            if live.code in member.segments:
                inside.append(member.customer_id)
        found.people += len(members)
        found.inside += len(inside)
        wanted = SAMPLE - len(found.sample)
        found.sample += await _names(conn, workspace.workspace_id, bucket, inside[:wanted])
    return found


async def _members(
    conn: Connection, workspace: Workspace, bucket: int, live: LiveSegment, ids: list[UUID], at: Instant
) -> dict[UUID, Member]:
    rows = await read_customers(conn, workspace.workspace_id, bucket, ids)
    periods = lookback(live.version, at)
    limits = {limit.number: 0 for limit in live.version.limits}
    owners = frozenset(row.owner for row in rows.values()) if live.version.lot_facts else frozenset()
    members = await load_members_of(
        conn,
        workspace.workspace_id,
        bucket,
        rows,
        await homes_elsewhere(conn, workspace.row, bucket, rows),
        lots_for=owners,
        reads=lambda _due: (periods, limits),
        segments=workspace.segment_names,
    )
    for member in members.values():
        member.segments.pop(live.code, None)
    missing = {metric.number for metric in live.version.metrics} - _counted(workspace).keys()
    if missing:
        orders, events = await read_past(conn, workspace.workspace_id, bucket, ids)
        for customer_id, counts in count_past(live.version, orders, events).items():
            for (metric, period), value in counts.items():
                if metric in missing and customer_id in members:
                    members[customer_id].counters.setdefault(metric, {})[period] = value
    return members


async def _names(conn: Connection, workspace_id: int, bucket: int, ids: Sequence[UUID]) -> list[str]:
    rows = await read_customers(conn, workspace_id, bucket, list(ids))
    return sorted(row.external_id for row in rows.values())
