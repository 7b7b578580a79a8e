"""Redemptions and holds: the state of what was used on orders. Their events say how it came to be.

The customer of a guest's redemption is the redemption itself. Rows are locked when they are loaded,
because a guest has no customer to lock; they are locked after customers and before budgets.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.checkout.used import Used
from perennial.store.answer_text import restore_answer, shorten_answer
from perennial.units import Instant


class RedemptionState(IntEnum):
    """The life of a redemption. The numbers are stored: never change or reuse one."""

    HELD = 1
    REDEEMED = 2
    RELEASED = 3
    """It was held, and came back or expired without having been redeemed."""
    ROLLED_BACK = 4


class RedemptionRow(msgspec.Struct):
    """One row of ``redemptions``; ``answer`` is what was last answered about it.

    ``asked`` is what its cart was changed to since it was held; None: it stands as it was made.
    """

    customer_id: UUID
    redemption_id: UUID
    order_id: UUID | None
    held_until: Instant | None
    state: RedemptionState
    used: Used
    answer: bytes
    asked: bytes | None = None


_COLUMNS = "customer_id, redemption_id, order_id, held_until, state, taken, answer, asked"

_LOAD_REDEMPTIONS = f"""
select found.*
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, redemption_id)
cross join lateral (
    select {_COLUMNS}
    from redemptions
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and redemption_id = wanted.redemption_id
    offset 0
    for update
) as found
"""

_LOAD_OF_ORDERS = f"""
select found.*
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, order_id)
cross join lateral (
    select {_COLUMNS}
    from redemptions
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and order_id = wanted.order_id
    order by redemption_id
    offset 0
    for update
) as found
"""

_READ_REDEMPTION = f"""
select {_COLUMNS}
from redemptions
where bucket = $2 and workspace_id = $1 and customer_id = $3 and redemption_id = $4
"""

_COUNT_HELD = """
select held.customer_id, count(*)
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id
    from redemptions
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id and state = 1
    offset 0
) as held
group by held.customer_id
"""

_LIST_HELD = """
select redemption_id
from redemptions
where bucket = $2 and workspace_id = $1 and customer_id = $3 and state = 1
"""

PUT_REDEMPTIONS = f"""
insert into redemptions (bucket, workspace_id, {_COLUMNS})
select $2, $1, new.*
from unnest($3::redemption_row[]) as new
on conflict (bucket, workspace_id, customer_id, redemption_id) do update set
    order_id = excluded.order_id, held_until = excluded.held_until, state = excluded.state,
    taken = excluded.taken, answer = excluded.answer, asked = excluded.asked
"""

# The condition on the state is that of the index.
_DUE_HOLDS = """
select customer_id, redemption_id
from redemptions
where bucket = $2 and workspace_id = $1 and held_until <= $3 and state = 1
order by held_until
limit $4
for update skip locked
"""

# One probe of the index per bucket, as for timers.
_DUE_BUCKETS = """
select workspaces.workspace_id, buckets.bucket
from workspaces
cross join lateral generate_series(bucket_base, bucket_base + bucket_count - 1) as buckets (bucket)
cross join lateral (
    select held_until
    from redemptions
    where redemptions.bucket = buckets.bucket and redemptions.workspace_id = workspaces.workspace_id
        and redemptions.state = 1
    order by held_until
    limit 1
) as next
where next.held_until <= coalesce(workspaces.clock_at, $1)
"""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Used).decode
_NOTHING = Used((), (), (), (), (), captured=True, over=True)


def decode_used(taken: bytes) -> Used:
    """Read what a redemption took, as it is stored; of somebody who was erased nothing is left."""
    return _decode(taken) if taken else _NOTHING


def _redemption(record: Record) -> RedemptionRow:
    customer_id, redemption_id, order_id, held_until, state, taken, answer, asked = record
    used = decode_used(taken)
    return RedemptionRow(
        customer_id,
        redemption_id,
        order_id,
        held_until,
        RedemptionState(state),
        used,
        restore_answer(answer),
        asked,
    )


async def load_redemptions(
    conn: Connection, ws: int, bucket: int, keys: Iterable[tuple[UUID, UUID]]
) -> list[RedemptionRow]:
    """Lock and return the redemptions among ``(customer_id, redemption_id)``."""
    wanted = sorted(set(keys))
    if not wanted:
        return []
    return [
        _redemption(row)
        for row in await conn.fetch(_LOAD_REDEMPTIONS, ws, bucket, *zip(*wanted, strict=True))
    ]


async def load_redemptions_of_orders(
    conn: Connection, ws: int, bucket: int, keys: Iterable[tuple[UUID, UUID]]
) -> list[RedemptionRow]:
    """Lock and return the redemptions on the orders among ``(customer_id, order_id)``."""
    wanted = sorted(set(keys))
    if not wanted:
        return []
    return [
        _redemption(row) for row in await conn.fetch(_LOAD_OF_ORDERS, ws, bucket, *zip(*wanted, strict=True))
    ]


async def read_redemption(
    conn: Connection, ws: int, bucket: int, customer_id: UUID, redemption_id: UUID
) -> RedemptionRow | None:
    """Return one redemption without locking it, or None."""
    row = await conn.fetchrow(_READ_REDEMPTION, ws, bucket, customer_id, redemption_id)
    return None if row is None else _redemption(row)


async def count_held(conn: Connection, ws: int, bucket: int, customers: list[UUID]) -> dict[UUID, int]:
    """Return how many holds each of these customers has open; who has none is left out."""
    rows = await conn.fetch(_COUNT_HELD, ws, bucket, customers)
    return {row[0]: row[1] for row in rows}


async def list_held(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> list[UUID]:
    """Return the open holds of a customer, by their ids."""
    return [row[0] for row in await conn.fetch(_LIST_HELD, ws, bucket, customer_id)]


async def put_redemptions(conn: Connection, ws: int, bucket: int, rows: Iterable[RedemptionRow]) -> None:
    """Write redemptions, new ones and those that changed; the latter must be locked."""
    await conn.execute(PUT_REDEMPTIONS, ws, bucket, redemption_records(rows))


def redemption_records(rows: Iterable[RedemptionRow]) -> list[tuple[Any, ...]]:
    """Return redemptions as :data:`PUT_REDEMPTIONS` takes them."""
    return [
        (
            row.customer_id,
            row.redemption_id,
            row.order_id,
            row.held_until,
            row.state,
            _encode(row.used),
            shorten_answer(row.answer),
            row.asked,
        )
        for row in rows
    ]


async def buckets_with_due_holds(conn: Connection, now: Instant) -> list[tuple[int, int]]:
    """Return ``(workspace_id, bucket)`` of every bucket with a hold that is over.

    ``now`` is wall time; a sandbox whose test clock was set is judged by its clock. To be called as the
    dispatcher role, outside any workspace.
    """
    return [(ws, bucket) for ws, bucket in await conn.fetch(_DUE_BUCKETS, now)]


async def due_holds(
    conn: Connection, ws: int, bucket: int, now: Instant, limit: int
) -> list[tuple[UUID, UUID]]:
    """Return ``(customer_id, redemption_id)`` of holds that are over by ``now``, the longest first.

    Rows that another transaction holds are skipped. To be called in a transaction of its own.
    """
    return [(row[0], row[1]) for row in await conn.fetch(_DUE_HOLDS, ws, bucket, now, limit)]
