"""Households that keep what was earned in them: which points stay when somebody leaves."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from asyncpg import Connection

from perennial.core.entitlements import UNDONE
from perennial.store.events import EventKind

# What was paid earlier and left elsewhere stays there.
_KEEP_POINTS = """
update orders set kept_by = $4
where bucket = $2 and workspace_id = $1 and customer_id = $3 and paid_at is not null and kept_by is null
"""


# What may still move the points of a household that was left: an order that was paid before, or a claim that
# was paid there and can be canceled.
_IS_BOUND = """
select exists (
    select
    from orders
    where bucket = $2 and workspace_id = $1 and customer_id = $3 and kept_by is not null and status <> 4
) or exists (
    select
    from entitlements
    join events on events.customer_id = entitlements.customer_id and events.kind = $4
    join customers as households on households.customer_id = events.source_id
    join postings on postings.customer_id = events.source_id
        and postings.operation_id = entitlements.operation_id
    where entitlements.bucket = $2 and events.bucket = $2 and households.bucket = $2 and postings.bucket = $2
        and entitlements.workspace_id = $1 and events.workspace_id = $1 and households.workspace_id = $1
        and postings.workspace_id = $1 and entitlements.customer_id = $3 and entitlements.points > 0
        and entitlements.state = any($5::smallint[]) and households.erased_at is null
)
"""


# Ids of operations ascend. Of a household in another bucket a merge has come between.
_FIND_KEEPERS = """
select wanted.operation_id, found.household_id
from unnest($4::uuid[]) as wanted (operation_id)
cross join lateral (
    select events.source_id as household_id
    from events
    join customers as households on households.customer_id = events.source_id
    where events.bucket = $2 and households.bucket = $2 and events.workspace_id = $1
        and households.workspace_id = $1 and events.customer_id = $3 and events.kind = $5
        and events.operation_id > wanted.operation_id
    order by events.operation_id
    limit 1
) as found
"""


async def keep_points(conn: Connection, ws: int, bucket: int, customer_id: UUID, household_id: UUID) -> None:
    """Let a household keep the points of all that a customer has ordered, who is locked and leaves it."""
    await conn.execute(_KEEP_POINTS, ws, bucket, customer_id, household_id)


async def is_bound_to_household(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> bool:
    """Whether something of a customer, who is locked, may still move points of a household that was left."""
    undone = [state.value for state in UNDONE]
    bound: bool = await conn.fetchval(_IS_BOUND, ws, bucket, customer_id, EventKind.POOLED.value, undone)
    return bound


async def find_keepers(
    conn: Connection, ws: int, bucket: int, customer_id: UUID, operations: Collection[UUID]
) -> dict[UUID, UUID]:
    """Return the first household that a customer has left after each operation, by the operation.

    What the operation gave stayed there. Those after which no household was left are missing.
    """
    rows = await conn.fetch(_FIND_KEEPERS, ws, bucket, customer_id, list(operations), EventKind.PARTED.value)
    return dict(map(tuple, rows))
