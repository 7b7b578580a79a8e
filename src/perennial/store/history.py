"""The stored past of customers, a slice of a bucket at a time, and counters recomputed from it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.store.events import EventKind
from perennial.units import Instant

FIRST = UUID(int=0)
"""Comes before every customer."""
LAST = UUID(int=2**128 - 1)
"""Comes after every customer."""


class PastOrder(msgspec.Struct, frozen=True):
    """What counts of a stored order; ``canceled`` orders count nothing but what they caused."""

    customer_id: UUID
    order_id: UUID
    canceled: bool
    paid_at: Instant
    body: bytes
    decision: bytes
    returned: list[int] | None


class PastEvent(msgspec.Struct, frozen=True):
    """What counts of a stored event; ``source_id`` is the order of a return or revision."""

    customer_id: UUID
    kind: EventKind
    source_id: UUID | None
    occurred_at: Instant
    body: bytes
    decision: bytes


_NEXT_CUSTOMERS = """
select customer_id from customers
where bucket = $2 and workspace_id = $1 and customer_id > $3
order by customer_id limit $4
"""

# Operation ids are ordered by time: whoever has one since then has changed since then.
_CHANGED_CUSTOMERS = """
select customer_id from orders
where bucket = $2 and workspace_id = $1 and operation_id >= $3 and operation_id < $4
    and ($5::uuid is null or customer_id > $5)
union
select customer_id from events
where bucket = $2 and workspace_id = $1 and operation_id >= $3 and operation_id < $4
    and ($5::uuid is null or customer_id > $5)
order by customer_id
"""

_READ_ORDERS = """
select customer_id, order_id, status = 4, paid_at, body, decision, returned from orders
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[]) and paid_at is not null
"""

_PAID_ORDER_KEYS = """
select customer_id, order_id from orders
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
    and paid_at is not null and status <> 4
"""

_READ_EVENTS = """
select customer_id, kind, source_id, occurred_at, body, decision from events
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_CLEAR_COUNTERS = """
update counters set value = 0
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[]) and metric = any($4::bigint[])
"""

_SET_COUNTERS = """
insert into counters (bucket, workspace_id, customer_id, metric, period, value)
select $2, $1, new.* from unnest($3::uuid[], $4::bigint[], $5::int[], $6::bigint[])
    as new (customer_id, metric, period, value)
on conflict (bucket, workspace_id, customer_id, metric, period) do update set value = excluded.value
"""

# A number of one's own is higher than those of all that write by now. The end of a snapshot is not: it only
# lies behind the last one that has ended, and who began after that one may be under way.
_MARK = "select pg_current_xact_id()::text::bigint"

_OLDEST_WRITING = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


async def next_customers(conn: Connection, ws: int, bucket: int, after: UUID, limit: int) -> list[UUID]:
    """Return at most ``limit`` customers of a bucket behind ``after``, in the order of their ids."""
    return [row[0] for row in await conn.fetch(_NEXT_CUSTOMERS, ws, bucket, after, limit)]


async def changed_customers(
    conn: Connection, ws: int, bucket: int, span: tuple[UUID, UUID], after: UUID | None = None
) -> list[UUID]:
    """Return the customers behind ``after`` with an operation in a span of ids, in the order of their ids.

    ``span`` is the first id and the one behind the last.
    """
    return [row[0] for row in await conn.fetch(_CHANGED_CUSTOMERS, ws, bucket, *span, after)]


async def paid_order_keys(
    conn: Connection, ws: int, bucket: int, customers: list[UUID]
) -> list[tuple[UUID, UUID]]:
    """Return ``(customer_id, order_id)`` of the customers' orders that were paid and not canceled."""
    rows = await conn.fetch(_PAID_ORDER_KEYS, ws, bucket, customers)
    return [(customer_id, order_id) for customer_id, order_id in rows]


async def read_past(
    conn: Connection, ws: int, bucket: int, customers: list[UUID]
) -> tuple[list[PastOrder], list[PastEvent]]:
    """Return all paid orders and all events of customers, who should be locked."""
    orders = await conn.fetch(_READ_ORDERS, ws, bucket, customers)
    events = await conn.fetch(_READ_EVENTS, ws, bucket, customers)
    return (
        [PastOrder(*row) for row in orders],
        [PastEvent(row[0], EventKind(row[1]), *row[2:]) for row in events],
    )


async def replace_counters(
    conn: Connection,
    ws: int,
    bucket: int,
    customers: list[UUID],
    metrics: list[int],
    counters: Iterable[tuple[UUID, int, int, int]],
) -> None:
    """Set what the customers have counted for ``metrics``: rows of customer, metric, period, value."""
    await conn.execute(_CLEAR_COUNTERS, ws, bucket, customers, metrics)
    if columns := list(zip(*sorted(counters), strict=True)):
        await conn.execute(_SET_COUNTERS, ws, bucket, *columns)


async def mark_writing(conn: Connection) -> int:
    """Return a number that is higher than those of all transactions that write now.

    It is the number of the caller's own transaction, which has to end before anybody waits for the mark.
    """
    return int(await conn.fetchval(_MARK))


async def oldest_writing(conn: Connection) -> int:
    """Return the number of the oldest transaction that writes and has not ended, or one that is to come."""
    return int(await conn.fetchval(_OLDEST_WRITING))
