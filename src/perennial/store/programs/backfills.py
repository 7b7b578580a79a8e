"""What versions and segments have to do for customers: how far each is, bucket by bucket.

A slice of customers and the cursor behind it are written in one transaction. The cursor moves from where its
writer found it, and from nowhere else: of two who do the same slice one does it.
"""

from __future__ import annotations

from enum import IntEnum
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.units import Instant


class BackfillState(IntEnum):
    """How far a publication is with it. The numbers are stored."""

    PREPARING = 1
    """Everybody is counted before the version is there; what ends here publishes nothing."""
    WAITING = 2
    """The version is there; batches that began before it are waited for."""
    WALKING = 3
    DONE = 4


class SliceStep(IntEnum):
    """What is done for a bucket's customers. The numbers are stored."""

    COUNTING = 1
    RECOUNTING = 2
    """Whoever changed while the version was published is counted again."""
    ARMING = 3
    DONE = 4


class BackfillRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``backfills``. ``arms_at`` is business time (None: it arms nothing), the rest is wall time.

    Customers with an operation from ``since`` on, and before ``until``, are counted again. What a segment
    asks for is of no program and no version.
    """

    backfill_id: UUID
    program_id: int | None
    version: int | None
    metrics: list[int]
    since: UUID
    until: UUID | None = None
    arms_at: Instant | None = None
    state: BackfillState
    started_at: Instant
    seen_at: Instant
    ended_at: Instant | None = None


class SliceRow(msgspec.Struct, frozen=True, kw_only=True):
    """How far one bucket is: customers up to ``walked_to`` are done with the step."""

    bucket: int
    step: SliceStep
    walked_to: UUID | None
    counted: int = 0
    recounted: int = 0
    armed: int = 0


_COLUMNS = """backfill_id, program_id, version, metrics, since, until, arms_at, state, started_at, seen_at,
    ended_at"""

_INSERT_BACKFILL = f"""
insert into backfills (workspace_id, {_COLUMNS})
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

_INSERT_SLICES = """
insert into backfill_slices (bucket, workspace_id, backfill_id, step, counted, recounted, armed)
select bucket, $1, $2, $5, 0, 0, 0 from generate_series($3::int, $4::int) as buckets (bucket)
"""

_FOLLOW_VERSION = """
update backfills set version = $3, arms_at = $4, state = 2, seen_at = $5
where workspace_id = $1 and backfill_id = $2 and state = 1
returning 1
"""

_START_WALKING = """
update backfills set until = $3, state = 3, seen_at = $4
where workspace_id = $1 and backfill_id = $2 and state = 2
"""

_SEE_BACKFILL = """
update backfills set seen_at = greatest(seen_at, $3) where workspace_id = $1 and backfill_id = $2
"""

_END_BACKFILL = """
update backfills set state = 4, ended_at = $3, seen_at = $3
where workspace_id = $1 and backfill_id = $2 and state = 3
"""

_READ_BACKFILL = f"select {_COLUMNS} from backfills where workspace_id = $1 and backfill_id = $2"

_OPEN_BACKFILLS = f"""
select {_COLUMNS} from backfills where workspace_id = $1 and state in (2, 3) order by started_at, backfill_id
"""

_LIST_BACKFILLS = f"""
select {_COLUMNS} from backfills where workspace_id = $1 and program_id = $2
order by started_at desc, backfill_id desc
limit $3
"""

_READ_SLICE = """
select bucket, step, walked_to, counted, recounted, armed from backfill_slices
where bucket = $2 and workspace_id = $1 and backfill_id = $3
"""

# Over all buckets of a workspace, for whoever asks how far it is.
_LIST_SLICES = """
select bucket, step, walked_to, counted, recounted, armed from backfill_slices
where bucket between $2 and $3 and workspace_id = $1 and backfill_id = $4
order by bucket
"""

# Whoever comes second with the same slice finds the cursor elsewhere.
_MOVE_SLICE = """
update backfill_slices set step = $6, walked_to = $7, counted = counted + $8, recounted = recounted + $9,
    armed = armed + $10
where bucket = $2 and workspace_id = $1 and backfill_id = $3 and step = $4
    and walked_to is not distinct from $5
returning 1
"""

_SEGMENTS_ARE_COUNTED = """
select not exists (
    select from backfills where workspace_id = $1 and state in (2, 3) and program_id is null
)
"""

_WORKSPACES_WITH_OPEN_BACKFILLS = """
select distinct workspace_id from backfills where state in (2, 3)
"""


async def insert_backfill(
    conn: Connection, ws: int, row: BackfillRow, buckets: tuple[int, int], step: SliceStep
) -> None:
    """Begin a back-fill with every bucket, from the first to the last, at ``step``."""
    await conn.execute(
        _INSERT_BACKFILL,
        ws,
        row.backfill_id,
        row.program_id,
        row.version,
        row.metrics,
        row.since,
        row.until,
        row.arms_at,
        row.state,
        row.started_at,
        row.seen_at,
        row.ended_at,
    )
    await conn.execute(_INSERT_SLICES, ws, row.backfill_id, *buckets, step)


async def follow_version(
    conn: Connection, ws: int, backfill_id: UUID, version: int | None, arms_at: Instant | None, now: Instant
) -> bool:
    """Let what was prepared follow what the same transaction writes, a version or a segment (None).

    False for what is not being prepared.
    """
    return await conn.fetchval(_FOLLOW_VERSION, ws, backfill_id, version, arms_at, now) is not None


async def start_walking(conn: Connection, ws: int, backfill_id: UUID, until: UUID, now: Instant) -> None:
    """Note that nobody writes by the version before any more, with ids of ``until`` or later."""
    await conn.execute(_START_WALKING, ws, backfill_id, until, now)


async def see_backfill(conn: Connection, ws: int, backfill_id: UUID, now: Instant) -> None:
    """Note that somebody is at work on it."""
    await conn.execute(_SEE_BACKFILL, ws, backfill_id, now)


async def end_backfill(conn: Connection, ws: int, backfill_id: UUID, now: Instant) -> None:
    """Note that everything is done; a second time changes nothing."""
    await conn.execute(_END_BACKFILL, ws, backfill_id, now)


async def read_backfill(conn: Connection, ws: int, backfill_id: UUID) -> BackfillRow:
    """Return a back-fill that is there."""
    return _row(await conn.fetchrow(_READ_BACKFILL, ws, backfill_id))


async def open_backfills(conn: Connection, ws: int) -> list[BackfillRow]:
    """Return what versions of a workspace have not done yet, the oldest first."""
    return [_row(record) for record in await conn.fetch(_OPEN_BACKFILLS, ws)]


async def segments_are_counted(conn: Connection, ws: int) -> bool:
    """Return whether all that the segments of a workspace ask for is counted."""
    counted: bool = await conn.fetchval(_SEGMENTS_ARE_COUNTED, ws)
    return counted


async def list_backfills(conn: Connection, ws: int, program_id: int, limit: int) -> list[BackfillRow]:
    """Return the back-fills of a program, the latest first."""
    return [_row(record) for record in await conn.fetch(_LIST_BACKFILLS, ws, program_id, limit)]


async def read_slice(conn: Connection, ws: int, bucket: int, backfill_id: UUID) -> SliceRow:
    """Return how far one bucket is."""
    return _slice(await conn.fetchrow(_READ_SLICE, ws, bucket, backfill_id))


async def list_slices(
    conn: Connection, ws: int, buckets: tuple[int, int], backfill_id: UUID
) -> list[SliceRow]:
    """Return how far every bucket is, from the first to the last."""
    return [_slice(record) for record in await conn.fetch(_LIST_SLICES, ws, *buckets, backfill_id)]


async def move_slice(
    conn: Connection, ws: int, backfill_id: UUID, found: SliceRow, step: SliceStep, to: UUID | None, done: int
) -> bool:
    """Move a bucket's cursor on from where it was ``found``, past ``done`` customers of the step.

    False if somebody else has moved it: then nothing of the slice is to be done.
    """
    figures = [done if found.step is each else 0 for each in SliceStep if each is not SliceStep.DONE]
    return (
        await conn.fetchval(
            _MOVE_SLICE, ws, found.bucket, backfill_id, found.step, found.walked_to, step, to, *figures
        )
        is not None
    )


async def workspaces_with_open_backfills(conn: Connection) -> list[int]:
    """Return the workspaces in which a version has something to do; for a connection of the dispatcher."""
    return [workspace_id for (workspace_id,) in await conn.fetch(_WORKSPACES_WITH_OPEN_BACKFILLS)]


def _row(record: Record | None) -> BackfillRow:
    assert record is not None, "back-fills are never deleted"
    values = dict(record)
    return BackfillRow(**values | {"state": BackfillState(values["state"])})


def _slice(record: Record | None) -> SliceRow:
    assert record is not None, "slices are never deleted"
    values = dict(record)
    return SliceRow(**values | {"step": SliceStep(values["step"])})
