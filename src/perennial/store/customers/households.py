"""Households that keep what was earned in them: which points stay when somebody leaves."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from asyncpg import Connection

from perennial.store.events import EventKind

# What was paid earlier and left elsewhere stays there.
_KEEP_POINTS = """
update orders set kept_by = $4
where bucket = $2 and workspace_id = $1 and customer_id = $3 and paid_at is not null and kept_by is null
"""


# Ids of operations ascend.
_FIND_KEEPERS = """
select wanted.operation_id, found.household_id
from unnest($4::uuid[]) as wanted (operation_id)
cross join lateral (
    select source_id as household_id
    from events
    where bucket = $2 and workspace_id = $1 and customer_id = $3 and kind = $5
        and operation_id > wanted.operation_id
    order by operation_id
    limit 1
) as found
"""


async def keep_points(conn: Connection, ws: int, bucket: int, customer_id: UUID, household_id: UUID) -> None:
    """Let a household keep the points of all that a customer has ordered, who is locked and leaves it."""
    await conn.execute(_KEEP_POINTS, ws, bucket, customer_id, household_id)


async def find_keepers(
    conn: Connection, ws: int, bucket: int, customer_id: UUID, operations: Collection[UUID]
) -> dict[UUID, UUID]:
    """Return the first household that a customer has left after each operation, by the operation.

    What the operation gave stayed there. Those after which no household was left are missing.
    """
    rows = await conn.fetch(_FIND_KEEPERS, ws, bucket, customer_id, list(operations), EventKind.PARTED.value)
    return dict(map(tuple, rows))
