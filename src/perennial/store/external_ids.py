"""Callers' own ids of things that happen once, and whose they are.

The hash of an id is the internal id of the order or event. This table has its own key: a batch first
finds the customers here, and then reads their rows by bucket and customer, never joined.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from typing import TypeAlias
from uuid import UUID

from asyncpg import Connection

from perennial.store.workspaces import COLUMNS, WorkspaceRow, workspace_row

Claimed: TypeAlias = dict[tuple[int, UUID], tuple[int, UUID]]
"""The bucket and the customer of each id ``(kind, hash)`` that was claimed."""


class IdKind(IntEnum):
    """What an external id names. The numbers are stored: never change or reuse one."""

    ORDER = 1
    RETURN = 2
    EVENT = 3
    CLAIM = 4
    ADJUSTMENT = 5
    TRANSFER = 6
    ASSIGNMENT = 7
    HOUSEHOLD = 8


_FIND_EXTERNAL_IDS = """
select found.*
from unnest($3::uuid[]) as wanted (id_hash)
cross join lateral (
    select id_hash, bucket, customer_id
    from external_ids
    where workspace_id = $1 and kind = $2 and id_hash = wanted.id_hash
    offset 0
) as found
"""

# The workspace comes first, in the columns of its own; behind it what was claimed.
_READ_WORKSPACE_AND_CLAIMED = f"""
select {COLUMNS}, null::smallint as kind, null::uuid as id_hash, null::int as bucket,
    null::uuid as customer_id
from workspaces
where workspace_id = $1
union all
select null, null, null, null, null, null, null, null, null, found.*
from unnest($2::smallint[], $3::uuid[]) as wanted (kind, id_hash)
cross join lateral (
    select kind, id_hash, bucket, customer_id
    from external_ids
    where workspace_id = $1 and kind = wanted.kind and id_hash = wanted.id_hash
    offset 0
) as found
"""

_CLAIM_EXTERNAL_IDS = """
insert into external_ids (workspace_id, kind, bucket, id_hash, customer_id)
select $1, claimed.kind, $2, claimed.id_hash, claimed.customer_id
from unnest($3::claimed_row[]) as claimed
"""

_GIVE_EXTERNAL_ID = """
update external_ids set bucket = $4, customer_id = $5
where workspace_id = $1 and kind = $2 and id_hash = $3 and customer_id = $3
"""


async def find_external_ids(
    conn: Connection, ws: int, kind: int, hashes: list[UUID]
) -> dict[UUID, tuple[int, UUID]]:
    """Return the bucket and the customer of each id of ``kind`` that was claimed before."""
    rows = await conn.fetch(_FIND_EXTERNAL_IDS, ws, kind, hashes)
    return {id_hash: (bucket, customer_id) for id_hash, bucket, customer_id in rows}


async def read_workspace_and_claimed(
    conn: Connection, ws: int, ids: Collection[tuple[int, UUID]]
) -> tuple[WorkspaceRow, Claimed]:
    """Return the workspace as it is now, and which of the ids ``(kind, hash)`` were claimed before."""
    kinds, hashes = zip(*ids, strict=True) if ids else ((), ())
    first, *rows = await conn.fetch(_READ_WORKSPACE_AND_CLAIMED, ws, kinds, hashes)
    claimed = {(row["kind"], row["id_hash"]): (row["bucket"], row["customer_id"]) for row in rows}
    return workspace_row(first), claimed


async def claim_external_ids(
    conn: Connection, rows: list[tuple[int, UUID, UUID]], ws: int, bucket: int
) -> None:
    """Claim ``(kind, id_hash, customer_id)`` for good, in the bucket of the customers.

    Raises ``asyncpg.UniqueViolationError`` if another transaction claimed one of them first.
    """
    if rows:
        # Sorted, for two transactions that claim the same ids must not wait for each other.
        rows = sorted(rows, key=lambda row: (row[0], row[1].int))
        await conn.execute(_CLAIM_EXTERNAL_IDS, ws, bucket, rows)


async def give_external_id(
    conn: Connection, ws: int, kind: int, id_hash: UUID, bucket: int, customer_id: UUID
) -> bool:
    """Give the id of a guest's order (its customer is the id itself) to a customer, once."""
    status = await conn.execute(_GIVE_EXTERNAL_ID, ws, kind, id_hash, bucket, customer_id)
    return status == "UPDATE 1"
