"""Who waits for what is all taken, in order. A ticket says who was first.

A line goes over all buckets of a workspace. Whoever adds to one, or gives somebody what came free, has
locked the budget of the reward's stock: so nobody else does either at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.store.one_statement import GuardError
from perennial.units import Instant

Line: TypeAlias = tuple[int, str]
"""The program and the reward for which members wait."""


class WaitState(IntEnum):
    """What became of a wait. The numbers are stored: never change or reuse one."""

    WAITING = 1
    SERVED = 2
    LEFT = 3
    PASSED_OVER = 4

    @property
    def word(self) -> str:
        """Return how the API names it."""
        return self.name.lower()


class WaitRow(msgspec.Struct):
    """One row of ``waits``: ``external_id`` is the caller's, ``claim`` that of the claim that was made.

    ``asked_at`` is when it was their turn and they could not have it, for the ``reason`` (a stable code).
    """

    customer_id: UUID
    wait_id: UUID
    external_id: str
    program_id: int
    reward: str
    ticket: int
    state: WaitState
    since: Instant
    changed_at: Instant
    asked_at: Instant | None = None
    reason: str | None = None
    claim: str | None = None


class Next(msgspec.Struct, frozen=True):
    """Somebody whose turn it is, and where they are."""

    bucket: int
    customer_id: UUID
    wait_id: UUID


_COLUMNS = """customer_id, wait_id, external_id, program_id, reward, ticket, state, since, changed_at,
    asked_at, reason, claim"""

# The last in line, if there is a place; every one that waits is in the index.
_JOIN_LINE = """
insert into waits (bucket, workspace_id, customer_id, wait_id, external_id, program_id, reward, state, since,
    changed_at, ticket)
select $2, $1, $5, $6, $7, $8, $9, 1, $10, $10, coalesce(max(ticket), 0) + 1
from waits
where bucket between $3 and $4 and workspace_id = $1 and program_id = $8 and reward = $9 and state = 1
having $11::bigint is null or count(*) < $11
returning ticket
"""

_COUNT_LINES = """
select program_id, reward, count(*)
from waits
where bucket between $2 and $3 and workspace_id = $1 and state = 1
    and ($4::int[] is null or (program_id, reward) in (select * from unnest($4::int[], $5::text[])))
group by program_id, reward
"""

_COUNT_AHEAD = """
select count(*)
from waits
where bucket between $2 and $3 and workspace_id = $1 and program_id = $4 and reward = $5 and state = 1
    and ticket < $6
"""

# Whoever was asked a moment ago is not asked again yet.
_FIND_NEXT = """
select bucket, customer_id, wait_id
from waits
where bucket between $2 and $3 and workspace_id = $1 and program_id = $4 and reward = $5 and state = 1
    and (asked_at is null or asked_at <= $6)
order by ticket, bucket
limit $7
"""

_LOAD_WAITS = f"""
select found.*
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, wait_id)
cross join lateral (
    select {_COLUMNS}
    from waits
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id and wait_id = wanted.wait_id
    offset 0
) as found
"""

_LIST_WAITS = f"""
select {_COLUMNS}
from waits
where bucket = $2 and workspace_id = $1 and customer_id = $3
order by since desc, wait_id desc
"""

# The database itself lets nobody be served who does not wait any more.
_UPDATE_WAIT = """
update waits set state = $5, changed_at = $6, asked_at = $7, reason = $8, claim = $9
where bucket = $2 and workspace_id = $1 and customer_id = $3 and wait_id = $4 and state = 1
returning wait_id
"""

_MOVE_WAITS = f"""
insert into waits (bucket, workspace_id, {_COLUMNS})
select $4, $1, $5, wait_id, external_id, program_id, reward, ticket, state, since, changed_at,
    asked_at, reason, claim
from waits
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_ERASE_WAITS = "delete from waits where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])"

_WORKSPACES_WITH_LINES = """
select workspace_id
from workspaces
where exists (
    select from waits
    where waits.bucket between workspaces.bucket_base and workspaces.bucket_base + workspaces.bucket_count - 1
        and waits.workspace_id = workspaces.workspace_id and state = 1
)
order by workspace_id
"""


def _row(record: Record) -> WaitRow:
    values = list(record)
    values[6] = WaitState(values[6])
    return WaitRow(*values)


async def join_line(
    conn: Connection, ws: int, bucket: int, buckets: tuple[int, int], row: WaitRow, places: int | None
) -> int | None:
    """Put somebody, whose row is locked as the stock is, at the end of a line; return the ticket.

    None: all ``places`` are taken. ``buckets`` are the first and the last of the workspace.
    """
    ticket: int | None = await conn.fetchval(
        _JOIN_LINE,
        ws,
        bucket,
        *buckets,
        row.customer_id,
        row.wait_id,
        row.external_id,
        row.program_id,
        row.reward,
        row.since,
        places,
    )
    return ticket


async def count_lines(
    conn: Connection, ws: int, buckets: tuple[int, int], lines: Iterable[Line] | None = None
) -> dict[Line, int]:
    """Return how many wait in each of ``lines`` (None: in all) in which somebody does."""
    wanted = None if lines is None else sorted(set(lines))
    if wanted is not None and not wanted:
        return {}
    programs, rewards = (None, None) if wanted is None else zip(*wanted, strict=True)
    rows = await conn.fetch(_COUNT_LINES, ws, *buckets, programs, rewards)
    return {(program_id, reward): count for program_id, reward, count in rows}


async def count_ahead(conn: Connection, ws: int, buckets: tuple[int, int], row: WaitRow) -> int:
    """Return how many are in line before somebody."""
    count: int = await conn.fetchval(_COUNT_AHEAD, ws, *buckets, row.program_id, row.reward, row.ticket)
    return count


async def find_next(
    conn: Connection, ws: int, buckets: tuple[int, int], line: Line, asked_until: Instant, limit: int
) -> list[Next]:
    """Return the first of a line in order, without those who were asked after ``asked_until``."""
    rows = await conn.fetch(_FIND_NEXT, ws, *buckets, *line, asked_until, limit)
    return [Next(*row) for row in rows]


async def load_waits(
    conn: Connection, ws: int, bucket: int, keys: Iterable[tuple[UUID, UUID]]
) -> dict[UUID, WaitRow]:
    """Return the waits among ``(customer_id, wait_id)``, by their id."""
    rows = await conn.fetch(_LOAD_WAITS, ws, bucket, *zip(*sorted(set(keys)), strict=True))
    return {row.wait_id: row for row in map(_row, rows)}


async def list_waits(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> list[WaitRow]:
    """Return everything that a customer waits and waited for, the latest first."""
    return [_row(row) for row in await conn.fetch(_LIST_WAITS, ws, bucket, customer_id)]


async def end_waits(conn: Connection, ws: int, bucket: int, rows: Iterable[WaitRow]) -> None:
    """Write what became of waits, whose customers are locked; raises GuardError for one that was over."""
    for row in rows:
        written = await conn.fetchval(
            _UPDATE_WAIT,
            ws,
            bucket,
            row.customer_id,
            row.wait_id,
            row.state,
            row.changed_at,
            row.asked_at,
            row.reason,
            row.claim,
        )
        if written is None:
            raise GuardError("waits", 1, 0)


async def move_waits(conn: Connection, ws: int, absorbed: tuple[int, UUID], into: tuple[int, UUID]) -> None:
    """Let somebody who is merged wait as the survivor; both are locked, and no line has them both."""
    await conn.execute(_MOVE_WAITS, ws, *absorbed, *into)
    await erase_waits(conn, ws, absorbed[0], [absorbed[1]])


async def erase_waits(conn: Connection, ws: int, bucket: int, ids: list[UUID]) -> None:
    """Forget what customers waited for."""
    await conn.execute(_ERASE_WAITS, ws, bucket, ids)


async def workspaces_with_lines(conn: Connection) -> list[int]:
    """Return the workspaces in which somebody waits; to be called as the dispatcher."""
    return [row[0] for row in await conn.fetch(_WORKSPACES_WITH_LINES)]
