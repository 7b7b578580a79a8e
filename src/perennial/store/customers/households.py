"""Households that keep what was earned in them: which orders' points stay when their buyer leaves."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

# What was paid earlier and left elsewhere stays there.
_KEEP_POINTS = """
update orders set kept_by = $4
where bucket = $2 and workspace_id = $1 and customer_id = $3 and paid_at is not null and kept_by is null
"""


async def keep_points(conn: Connection, ws: int, bucket: int, customer_id: UUID, household_id: UUID) -> None:
    """Let a household keep the points of all that a customer has ordered, who is locked and leaves it."""
    await conn.execute(_KEEP_POINTS, ws, bucket, customer_id, household_id)
