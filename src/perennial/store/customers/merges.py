"""Who was merged into whom: a pointer where the absorbed one was, and what tells of it with the survivor."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.units import Instant

Place: TypeAlias = tuple[int, UUID]
"""The bucket and the internal id of a customer."""


class MergeRow(msgspec.Struct, frozen=True):
    """One row of ``merges``: who was absorbed, by whom and why, and what moved (``moved`` is JSON)."""

    customer_id: UUID
    merge_id: UUID
    absorbed_bucket: int
    absorbed_id: UUID
    merged_at: Instant
    external_id: str
    actor: str
    reason: str
    moved: bytes

    @property
    def absorbed(self) -> Place:
        """Where the absorbed customer was."""
        return self.absorbed_bucket, self.absorbed_id


_FIND_SURVIVOR = """
select into_bucket, into_id
from merged_customers
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_INSERT_POINTER = """
insert into merged_customers (bucket, workspace_id, customer_id, into_bucket, into_id)
values ($2, $1, $3, $4, $5)
"""

_COLUMNS = """customer_id, merge_id, absorbed_bucket, absorbed_id, merged_at, external_id, actor, reason,
    moved"""

_LIST_MERGES = f"""
select {_COLUMNS}
from merges
where bucket = $2 and workspace_id = $1 and customer_id = $3
order by merged_at, merge_id
"""

_INSERT_MERGE = f"""
insert into merges (bucket, workspace_id, {_COLUMNS})
values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

_ERASE_MERGES = """
delete from merges
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""


async def find_survivor(conn: Connection, ws: int, place: Place) -> Place | None:
    """Return who an absorbed customer is today, through all merges since; None: was not merged."""
    found: Place | None = None
    while (row := await conn.fetchrow(_FIND_SURVIVOR, ws, *(found or place))) is not None:
        found = (row[0], row[1])
    return found


async def insert_pointer(conn: Connection, ws: int, absorbed: Place, into: Place) -> None:
    """Let everybody who asks for the absorbed customer, who must be locked, find the survivor; for good."""
    await conn.execute(_INSERT_POINTER, ws, *absorbed, *into)


async def list_merges(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> list[MergeRow]:
    """Return everybody who was merged into a customer, the first one first."""
    rows = await conn.fetch(_LIST_MERGES, ws, bucket, customer_id)
    return [MergeRow(*row) for row in rows]


async def insert_merges(conn: Connection, ws: int, bucket: int, rows: Collection[MergeRow]) -> None:
    """Note with a survivor, who must be locked, who was merged into them."""
    await conn.executemany(_INSERT_MERGE, [(ws, bucket, *msgspec.structs.astuple(row)) for row in rows])


async def erase_merges(conn: Connection, ws: int, bucket: int, customers: list[UUID]) -> None:
    """Forget who was merged into customers who are locked."""
    await conn.execute(_ERASE_MERGES, ws, bucket, customers)
