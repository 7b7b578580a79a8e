"""Blocks of customers: what one may not do, since when, by whom and why."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.units import Instant


class BlockRow(msgspec.Struct, frozen=True):
    """What a customer may not do (``core/customers/blocks.py``), since when, by whom and why."""

    blocked: int
    since: Instant
    actor: str
    reason: str


_PUT_BLOCK = """
update customers
set blocked = $4, blocked_since = $5, blocked_by = $6, block_reason = $7
where bucket = $2 and workspace_id = $1 and customer_id = $3 and erased_at is null
"""

_LIFT_BLOCK = """
update customers
set blocked = null, blocked_since = null, blocked_by = null, block_reason = null
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_READ_BLOCK = """
select blocked, blocked_since, blocked_by, block_reason
from customers
where bucket = $2 and workspace_id = $1 and customer_id = $3 and blocked is not null
"""


async def put_block(conn: Connection, ws: int, bucket: int, customer_id: UUID, row: BlockRow) -> None:
    """Block a customer, who must be locked, in the place of the block that there may be."""
    await conn.execute(_PUT_BLOCK, ws, bucket, customer_id, row.blocked, row.since, row.actor, row.reason)


async def lift_block(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> None:
    """Let a customer, who must be locked, do everything again."""
    await conn.execute(_LIFT_BLOCK, ws, bucket, customer_id)


async def read_block(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> BlockRow | None:
    """Return the block of a customer, or None."""
    record = await conn.fetchrow(_READ_BLOCK, ws, bucket, customer_id)
    return None if record is None else BlockRow(*record)
