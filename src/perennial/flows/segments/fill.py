"""Who is in a segment from its first moment on: everybody is judged by a new or changed definition.

Small workspaces judge one customer after the other, as the live path does. In large ones the database
answers for tens of thousands of customers at once; whoever is to move is locked and asked about again, so
that what the live path does meanwhile stays. Whose move is an event is judged as the live path does it.
Timers are armed for the next midnight: then each customer is looked at once, and knows when time alone moves
them.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.conditions.sql import SqlConditions, compile_sql, kept_by
from perennial.core.dates.periods import local_day, local_midnight
from perennial.core.document.enrollment import joins_by_entering
from perennial.core.segments.compile_segments import LiveSegment, SegmentSet
from perennial.flows.commands import RunTimers
from perennial.flows.configuration import Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.ids import Ids
from perennial.store.customers.customers import lock_customers
from perennial.store.history import FIRST
from perennial.store.matching import Span, list_which
from perennial.store.segments import (
    SegmentMove,
    known_to_program,
    load_inside,
    next_people,
    write_segment_moves,
)
from perennial.store.timers import arm_timers
from perennial.units import Instant

AT_ONCE = 200
"""So many customers are judged in one transaction."""
SLICE = 2_000
"""So many customers are locked at once where the database judges."""
ASKED_AT_ONCE = 50_000
"""About so many customers the database answers for in one statement, which has a minute for it."""
ONE_BY_ONE = 5_000
"""Up to so many customers of a bucket are judged one after the other."""

_DONE, _GONE, _FAILED = (200, 201), (404, 410), 500

_ids = Ids()
_log = logging.getLogger("perennial.flows")


class Asked(msgspec.Struct, frozen=True):
    """Segments that the database judges together, with their numbers and versions."""

    segments: tuple[LiveSegment, ...]
    numbers: tuple[int, ...]
    versions: tuple[int, ...]
    sql: SqlConditions


async def fill(handler: Handler, workspace_id: int, codes: Sequence[str]) -> AsyncIterator[None]:
    """Judge everybody by these live segments, of which each comes after those that it asks about.

    Every slice of customers is a transaction, after which the caller may do something else. Who was judged
    already stays as is: whoever begins anew repeats no move.
    """
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
    segments = workspace.segments
    if segments is None:
        return
    asked = ask_database(segments, [live for live in segments.live if live.code in codes], workspace)
    for bucket in workspace.row.buckets:
        if asked is None or await _is_small(handler, workspace_id, bucket):
            async for _ in _judge_everybody(handler, workspace, bucket):
                yield
            continue
        for together in asked:
            async for _ in _fill_together(handler, workspace, bucket, together):
                yield
        filled = [live for each in asked for live in each.segments]
        async for _ in _arm(handler, workspace, bucket, filled):
            yield


def ask_database(
    segments: SegmentSet, wanted: Iterable[LiveSegment], workspace: Workspace, *, lots: bool = False
) -> list[Asked] | None:
    """Return what the database is asked, in order; None if it cannot answer for all of them.

    Segments that look at when points expire are asked about where ``lots`` says so.
    """
    parts: list[list[LiveSegment]] = []
    for live in wanted:
        place = segments.live.index(live)
        together = bool(parts) and parts[-1][0].version is live.version
        if together and not any(place in other.askers for other in parts[-1]):
            parts[-1].append(live)
        else:
            parts.append([live])
    numbers = {code: kept.segment_id for code, kept in segments.kept.items()}
    asked: list[Asked] = []
    for part in parts:
        sql = compile_sql(
            [live.when for live in part], kept_by(part[0].version, business_now(workspace), numbers)
        )
        if isinstance(sql, list) or (part[0].version.lot_facts and not lots):
            return None
        versions = tuple(segments.kept[live.code].version for live in part)
        asked.append(Asked(tuple(part), tuple(numbers[live.code] for live in part), versions, sql))
    return asked


async def _judge_everybody(handler: Handler, workspace: Workspace, bucket: int) -> AsyncIterator[None]:
    """Let everybody of a bucket be judged as the live path does it."""
    last: UUID = FIRST
    while True:
        async with handler.database.transaction(workspace.workspace_id) as conn:
            part = await next_people(conn, workspace.workspace_id, bucket, last, AT_ONCE)
        if not part:
            return
        await _judge(handler, workspace, bucket, part)
        last = part[-1]
        yield


async def _judge(handler: Handler, workspace: Workspace, bucket: int, customers: Sequence[UUID]) -> None:
    """Judge some customers; who could not be judged is tried once more, and then left to the timers.

    Whoever the database could not serve is due at once. What is refused for good is logged, and the audit
    tells who should be inside and is not.
    """
    left: dict[UUID, int] = {}
    for customer_id in await _judge_once(handler, workspace, bucket, customers):
        left |= await _judge_once(handler, workspace, bucket, [customer_id])
    if not left:
        return
    _log.error("%d customers of bucket %d could not be judged by segments", len(left), bucket)
    again = sorted(customer_id for customer_id, status in left.items() if status >= _FAILED)
    async with handler.database.transaction(workspace.workspace_id) as conn:
        await lock_customers(conn, workspace.workspace_id, bucket, again)
        await arm_timers(conn, workspace.workspace_id, bucket, again, business_now(workspace))


async def _judge_once(
    handler: Handler, workspace: Workspace, bucket: int, customers: Sequence[UUID]
) -> dict[UUID, int]:
    """Judge customers, and return the status of each who was not. Who is gone meanwhile is in no segment."""
    now = business_now(workspace)
    commands = [RunTimers(customer_id=each.hex, bucket=bucket, at=now, judges=True) for each in customers]
    answers = await handler.handle_batch(workspace.workspace_id, bucket, commands)
    told = zip(customers, answers, strict=True)
    return {who: answer.status for who, answer in told if answer.status not in (*_DONE, *_GONE)}


async def who_is_wrong(
    conn: Connection, workspace: Workspace, bucket: int, asked: Asked, only: Sequence[UUID] | None = None
) -> tuple[set[tuple[UUID, int]], set[tuple[UUID, int]]]:
    """Return who is to enter and who is to leave which segment, by what the database says of the data.

    With ``only``, who follow each other by their ids, nobody else is looked at.
    """
    span = None if only is None else Span(only[0], only[-1])
    right = await _right(conn, workspace, bucket, asked, span)
    inside = await load_inside(conn, workspace.workspace_id, bucket, asked.numbers, only)
    return right - inside, inside - right


async def _right(
    conn: Connection,
    workspace: Workspace,
    bucket: int,
    asked: Asked,
    only: Sequence[UUID] | Span | None = None,
) -> set[tuple[UUID, int]]:
    found = await list_which(conn, workspace.workspace_id, bucket, asked.sql, only)
    return {(customer_id, asked.numbers[place]) for customer_id, places in found for place in places}


async def _fill_together(
    handler: Handler, workspace: Workspace, bucket: int, asked: Asked
) -> AsyncIterator[None]:
    last: UUID = FIRST
    while True:
        async with handler.database.report(workspace.workspace_id) as conn:
            people = await next_people(conn, workspace.workspace_id, bucket, last, ASKED_AT_ONCE)
            if not people:
                return
            entering, leaving = await who_is_wrong(conn, workspace, bucket, asked, people)
            joining = await _who_joins(conn, workspace, bucket, entering)
        async for _ in _put_right(handler, workspace, bucket, asked, entering | leaving, joining):
            yield
        last = people[-1]


async def _put_right(
    handler: Handler,
    workspace: Workspace,
    bucket: int,
    asked: Asked,
    moving: set[tuple[UUID, int]],
    joining: set[UUID],
) -> AsyncIterator[None]:
    """Move whoever is to enter or to leave a segment; what follows from that is decided for some."""
    decided = sorted(joining | _who_is_told(workspace, moving))
    for start in range(0, len(decided), AT_ONCE):
        await _judge(handler, workspace, bucket, decided[start : start + AT_ONCE])
        yield
    rest = sorted({customer_id for customer_id, _ in moving} - set(decided))
    for start in range(0, len(rest), SLICE):
        part = rest[start : start + SLICE]
        await handler.database.retrying(lambda part=part: _move(handler, workspace, bucket, asked, part))  # type: ignore[misc]
        yield


async def _who_joins(
    conn: Connection, workspace: Workspace, bucket: int, entering: set[tuple[UUID, int]]
) -> set[UUID]:
    """Return whom entering makes a member of some program: that is decided, one customer after the other."""
    assert workspace.segments is not None
    kept, found = workspace.segments.kept, set[UUID]()
    for live in workspace.programs:
        enrollment = live.latest.program.enrollment
        code = enrollment.segment
        if code is None or code not in kept or not joins_by_entering(enrollment, (code,)):
            continue
        by_it = [who for who, number in entering if number == kept[code].segment_id]
        if by_it:
            known = await known_to_program(conn, workspace.workspace_id, bucket, live.program_id, by_it)
            found |= set(by_it) - known
    return found


def _who_is_told(workspace: Workspace, moving: set[tuple[UUID, int]]) -> set[UUID]:
    """Return whose way in or out is an event: everybody was judged by that segment before."""
    assert workspace.segments is not None
    filled = {kept.segment_id for kept in workspace.segments.kept.values() if kept.filled}
    return {customer_id for customer_id, number in moving if number in filled}


async def _move(
    handler: Handler, workspace: Workspace, bucket: int, asked: Asked, customers: list[UUID]
) -> None:
    workspace_id, now = workspace.workspace_id, business_now(workspace)
    async with handler.database.transaction(workspace_id) as conn:
        locked = await lock_customers(conn, workspace_id, bucket, customers)
        if not _is_asked_still(asked, await handler.configurations.current(conn, workspace_id)):
            return
        living = sorted(each for each, row in locked.items() if row.erased_at is None)
        right = await _right(conn, workspace, bucket, asked, living)
        inside = await load_inside(conn, workspace_id, bucket, asked.numbers, living)
        moves = [
            SegmentMove(customer_id, _ids.next(), segment_id, now, (customer_id, segment_id) in right, False)
            for customer_id, segment_id in sorted(right ^ inside)
        ]
        await write_segment_moves(conn, workspace_id, bucket, moves)


def _is_asked_still(asked: Asked, workspace: Workspace) -> bool:
    """Whether nothing was defined anew since the database was asked: that is filled by its own fill."""
    kept = workspace.segments.kept if workspace.segments is not None else {}
    now = [kept[live.code].version for live in asked.segments if live.code in kept]
    return now == [*asked.versions]


async def _is_small(handler: Handler, workspace_id: int, bucket: int) -> bool:
    async with handler.database.transaction(workspace_id) as conn:
        return len(await next_people(conn, workspace_id, bucket, FIRST, ONE_BY_ONE + 1)) <= ONE_BY_ONE


async def _arm(
    handler: Handler, workspace: Workspace, bucket: int, filled: Sequence[LiveSegment]
) -> AsyncIterator[None]:
    """Let everybody be judged at the next midnight, if time alone may move somebody."""
    zones = {live.version.zone for live in filled if live.fleeting}
    if not zones:
        return
    workspace_id, now = workspace.workspace_id, business_now(workspace)
    due: Instant = min(local_midnight(date.fromordinal(local_day(now, zone) + 1), zone) for zone in zones)
    last: UUID = FIRST
    while True:
        async with handler.database.transaction(workspace_id) as conn:
            part = await next_people(conn, workspace_id, bucket, last, SLICE)
            if not part:
                return
            await lock_customers(conn, workspace_id, bucket, part)
            await arm_timers(conn, workspace_id, bucket, part, due)
        last = part[-1]
        yield
