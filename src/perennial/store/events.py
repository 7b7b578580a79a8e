"""Everything but orders that happens to a customer once: stored for good, never changed."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.store.answer_text import restore_answer, shorten_answer
from perennial.units import Instant


class EventKind(IntEnum):
    """What happened. The numbers are stored, and equal those of ``IdKind`` where both have one."""

    RETURN = 2
    EVENT = 3
    CLAIM = 4
    ADJUSTMENT = 5
    TRANSFER = 6
    ASSIGNMENT = 7
    TIMERS = 8
    """Time alone: points that became available or expired, a tier review, a birthday."""
    JOIN = 9
    LEAVE = 10
    ORDER_REVISION = 11
    """What an order was before it changed."""
    POOLED = 12
    """A member's lots moved to the wallets of a household."""
    TRANSFER_RECEIVED = 13
    """The receiving side of a transfer."""
    ERASURE = 14
    """The balance of somebody who was erased was closed."""
    REDEMPTION = 15
    """Vouchers, rewards or points were used on an order, or what was held for it."""
    HOLD = 16
    """The same was reserved for an order."""
    ROLLBACK = 17
    """What was held or redeemed came back, whole or in part."""
    CHALLENGE = 19
    """A challenge was started on request."""
    VOUCHER = 20
    """A code of a pool was given to a member."""
    CARD = 21
    """A gift card was sold, topped up, or its money moved to another one."""
    CARD_CLOSED = 22
    """A gift card was taken back: what was left on it is nobody's any more."""
    PARTED = 23
    """A member left a household, whose wallets keep what is in them."""
    TIER_SHARED = 24
    """The tier moved with that of the household, by what somebody else of it did."""
    ENTITLEMENT = 30
    """Something that was handed out was paid, sent, used or canceled."""
    REFERRAL = 40
    """One side of a referral got what it gets, or it was taken back."""
    SEGMENTS = 44
    """What entering or leaving segments caused, where no event of the customer was the cause."""
    CONVERSION = 60
    """A balance was carried over into another unit."""
    CONVERSION_BACK = 61
    """What was carried over came back."""
    MERGE = 70
    """Another customer was merged into this one."""
    MERGED = 71
    """The absorbed side of a merge: what the wallets held went to the survivor."""


class EventRow(msgspec.Struct):
    """One row of ``events``. ``source_id`` is the order that a return or revision belongs to."""

    customer_id: UUID
    event_id: UUID
    operation_id: UUID
    kind: EventKind
    external_id: str
    source_id: UUID | None
    occurred_at: Instant
    recorded_at: Instant
    body: bytes
    decision: bytes
    answer: bytes


EVENT_COLUMNS = """customer_id, event_id, operation_id, kind, external_id, source_id, occurred_at,
    recorded_at, body, decision, answer"""

_LOAD_EVENTS = f"""
select found.*
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, event_id)
cross join lateral (
    select {EVENT_COLUMNS}
    from events
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and event_id = wanted.event_id
    offset 0
) as found
"""

_LOAD_OF_ORDER = f"""
select {EVENT_COLUMNS}
from events
where bucket = $2 and workspace_id = $1 and customer_id = $3 and source_id = $4
    and kind in ({EventKind.RETURN:d}, {EventKind.ORDER_REVISION:d})
order by recorded_at, event_id
"""

INSERT_EVENTS = f"""
insert into events (bucket, workspace_id, {EVENT_COLUMNS})
select $2, $1, new.*
from unnest($3::event_row[]) as new
"""


def event_of(record: Record) -> EventRow:
    """Return the event of a record with the columns of an event."""
    values = list(record)
    values[3] = EventKind(values[3])
    values[10] = restore_answer(values[10])
    return EventRow(*values)


async def load_events(
    conn: Connection, ws: int, bucket: int, keys: list[tuple[UUID, UUID]]
) -> dict[UUID, EventRow]:
    """Return the stored events among ``(customer_id, event_id)``, by event id."""
    if not keys:
        return {}
    customers, events = zip(*sorted(set(keys)), strict=True)
    rows = await conn.fetch(_LOAD_EVENTS, ws, bucket, customers, events)
    return {row[1]: event_of(row) for row in rows}


async def load_events_of_order(
    conn: Connection, ws: int, bucket: int, customer_id: UUID, order_id: UUID
) -> list[EventRow]:
    """Return the returns of an order and what it was before each change, as they were recorded."""
    return [event_of(row) for row in await conn.fetch(_LOAD_OF_ORDER, ws, bucket, customer_id, order_id)]


async def insert_events(conn: Connection, ws: int, bucket: int, rows: Iterable[EventRow]) -> None:
    """Insert events of customers of one bucket, who must be locked."""
    if records := event_records(rows):
        await conn.execute(INSERT_EVENTS, ws, bucket, records)


def event_records(rows: Iterable[EventRow]) -> list[tuple[Any, ...]]:
    """Return events as they travel: the type ``event_row``."""
    return [(*msgspec.structs.astuple(row)[:-1], shorten_answer(row.answer)) for row in rows]
