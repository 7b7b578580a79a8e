"""Timers: one row per customer, a lower bound of the next instant at which something is due.

The rows are written by ``store/effects.py`` in the decision's transaction. The dispatcher role reads
only workspace, bucket and instant, across workspaces; who is due is asked inside the workspace.
"""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

from perennial.units import Instant

# One probe of the index of instants per bucket, however many timers there are.
_DUE_BUCKETS = """
select workspaces.workspace_id, buckets.bucket
from workspaces
cross join lateral generate_series(bucket_base, bucket_base + bucket_count - 1) as buckets (bucket)
cross join lateral (
    select due_at
    from timers
    where timers.bucket = buckets.bucket and timers.workspace_id = workspaces.workspace_id
        and timers.due_at > '-infinity'
    order by due_at
    limit 1
) as next
where next.due_at <= coalesce(workspaces.clock_at, $1)
"""

# The condition on infinity always holds: it is that of the index, which only who repeats it can use.
_DUE_CUSTOMERS = """
select customer_id
from timers
where bucket = $2 and workspace_id = $1 and due_at <= $3 and due_at > '-infinity'
order by due_at
limit $4
for update skip locked
"""


# What is due and was not run yet: whoever is in there may be wrong about what time alone changes.
_LIST_DUE = """
select customer_id from timers
where bucket = $2 and workspace_id = $1 and due_at <= $3 and due_at > '-infinity'
"""


async def due_buckets(conn: Connection, now: Instant) -> list[tuple[int, int]]:
    """Return ``(workspace_id, bucket)`` of every bucket with a timer that is due.

    ``now`` is wall time; a sandbox whose test clock was set is judged by its clock. To be called as
    the dispatcher role, outside any workspace.
    """
    return [(ws, bucket) for ws, bucket in await conn.fetch(_DUE_BUCKETS, now)]


async def due_customers(conn: Connection, ws: int, bucket: int, now: Instant, limit: int) -> list[UUID]:
    """Lock and return at most ``limit`` customers whose timers are due, the longest due first.

    Rows that another worker holds are skipped. To be called under the bucket's lease, in a transaction
    of its own: a batch locks its customers before it writes their timers.
    """
    return [customer_id for (customer_id,) in await conn.fetch(_DUE_CUSTOMERS, ws, bucket, now, limit)]


async def list_due(conn: Connection, ws: int, bucket: int, now: Instant) -> set[UUID]:
    """Return every customer of a bucket whose timer is due; nothing is locked."""
    return {customer_id for (customer_id,) in await conn.fetch(_LIST_DUE, ws, bucket, now)}


_ARM_TIMERS = """
insert into timers (bucket, workspace_id, customer_id, due_at)
select $2, $1, armed.customer_id, $4
from unnest($3::uuid[]) as armed (customer_id)
on conflict (bucket, workspace_id, customer_id) do update set
    due_at = least(timers.due_at, excluded.due_at)
"""


async def arm_timers(conn: Connection, ws: int, bucket: int, customers: list[UUID], at: Instant) -> None:
    """Let the timers of customers, who must be locked, be due at ``at`` at the latest."""
    await conn.execute(_ARM_TIMERS, ws, bucket, customers, at)
