"""Leases: who works on a bucket's queue.

A row, and not an advisory lock, because a row is the same on every engine and survives its holder by
a known time only.
"""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

from perennial.units import Instant

_HOLD_LEASE = """
insert into leases (bucket, workspace_id, name, holder, until)
values ($2, $1, $3, $4, $5)
on conflict (bucket, workspace_id, name) do update set holder = excluded.holder, until = excluded.until
where leases.holder = excluded.holder or leases.until <= $6
returning holder
"""

_RELEASE_LEASE = """
delete from leases where bucket = $2 and workspace_id = $1 and name = $3 and holder = $4
"""


async def hold_lease(
    conn: Connection, ws: int, bucket: int, name: str, holder: UUID, until: Instant, now: Instant
) -> bool:
    """Take or renew the lease ``name`` of a bucket until ``until``; False while another holds it.

    ``until`` and ``now`` are wall time (UTC), never a sandbox clock.
    """
    return await conn.fetchval(_HOLD_LEASE, ws, bucket, name, holder, until, now) is not None


async def release_lease(conn: Connection, ws: int, bucket: int, name: str, holder: UUID) -> None:
    """Give a lease back early, if ``holder`` still has it."""
    await conn.execute(_RELEASE_LEASE, ws, bucket, name, holder)
