"""Marks: what a customer left behind (a device, an address, a card), as keyed hashes and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from asyncpg import Connection

from perennial.core.kinds.fraud_signal import Trace
from perennial.units import Instant

MAX_MARKS = 200
"""So many marks of a customer are compared, the latest."""

_READ_MARKS = """
select trace, mark
from customer_marks
where bucket = $2 and workspace_id = $1 and customer_id = $3
order by seen_at desc
limit $4
"""

_INSERT_MARKS = """
insert into customer_marks (workspace_id, bucket, customer_id, trace, mark, seen_at)
select $1, $2, $3, new.trace, new.mark, $6
from unnest($4::text[], $5::uuid[]) as new (trace, mark)
on conflict do nothing
"""

_ERASE_MARKS = """
delete from customer_marks
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""


async def read_marks(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> set[tuple[Trace, UUID]]:
    """Return what a customer left behind."""
    rows = await conn.fetch(_READ_MARKS, ws, bucket, customer_id, MAX_MARKS)
    return {(Trace(trace), mark) for trace, mark in rows}


async def insert_marks(
    conn: Connection, ws: int, bucket: int, customer_id: UUID, marks: Mapping[Trace, UUID], at: Instant
) -> None:
    """Note what a customer left behind; what is known changes nothing."""
    ordered = sorted(marks.items())
    traces, hashes = [trace.value for trace, _ in ordered], [mark for _, mark in ordered]
    await conn.execute(_INSERT_MARKS, ws, bucket, customer_id, traces, hashes, at)


async def erase_marks(conn: Connection, ws: int, bucket: int, customers: list[UUID]) -> None:
    """Forget what customers, who are locked, left behind."""
    await conn.execute(_ERASE_MARKS, ws, bucket, customers)
