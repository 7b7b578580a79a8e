"""The past of whole slices of customers, read for a simulation: what happened, and nothing that was given.

A slice is a range of customers' ids within one bucket; ids are hashes, so that equal ranges hold about as
many customers. Households come with the slice of their bucket in which their own id lies, and with them
whoever lives there. The reading transaction is read
only, and shares its snapshot with the other processes of the simulation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.store.database import WORKER_ROLE, connect
from perennial.store.events import EventKind
from perennial.store.external_ids import IdKind
from perennial.units import Instant


class Slice(msgspec.Struct, frozen=True):
    """The customers of ``bucket`` whose ids lie behind ``after`` and up to ``last``; both in hex."""

    bucket: int
    after: str
    last: str


class PersonRow(msgspec.Struct, frozen=True):
    """A customer who was not erased. ``owner`` is whose wallets are used; attributes are JSON."""

    bucket: int
    customer_id: UUID
    owner: UUID
    external_id: str
    attributes: str


class PastOrderRow(msgspec.Struct, frozen=True, gc=False):
    """An order as it stands; ``operation_id`` is that of its last change."""

    customer_id: UUID
    order_id: UUID
    operation_id: UUID
    revision: int
    occurred_at: Instant
    paid_at: Instant | None
    body: bytes


class PastEventRow(msgspec.Struct, frozen=True, gc=False):
    """Something else that happened. ``decision`` is read where it alone names the program."""

    customer_id: UUID
    event_id: UUID
    operation_id: UUID
    kind: int
    source_id: UUID | None
    occurred_at: Instant
    recorded_at: Instant
    body: bytes
    decision: bytes | None


_PERSONS = """
select bucket, customer_id, coalesce(household_id, customer_id), external_id, attributes::text
from customers
where bucket = $2 and workspace_id = $1 and customer_id > $3 and customer_id <= $4
    and household_id is null and erased_at is null
order by customer_id
limit $5
"""

_PERSONS_OF_HOUSEHOLDS = """
select lives.bucket, lives.customer_id, lives.household_id, lives.external_id, lives.attributes::text
from external_ids as home
join customers as lives on lives.bucket = any($5::int[]) and lives.workspace_id = $1
    and lives.household_id = home.id_hash
where home.workspace_id = $1 and home.kind = $6 and home.bucket = $2 and home.id_hash > $3
    and home.id_hash <= $4 and lives.erased_at is null
order by lives.household_id, lives.customer_id
"""

_PERSONS_NAMED = """
select bucket, customer_id, customer_id, external_id, attributes::text
from customers
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[]) and household_id is null
    and erased_at is null
union all
select bucket, customer_id, household_id, external_id, attributes::text
from customers
where bucket = any($4::int[]) and workspace_id = $1 and household_id = any($3::uuid[]) and erased_at is null
order by 3, 2
"""

_PAST_ORDERS = """
select customer_id, order_id, operation_id, revision, occurred_at, paid_at, body
from orders
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_PAST_EVENTS = """
select customer_id, event_id, operation_id, kind, source_id, occurred_at, recorded_at, body,
    case when kind = any($5::smallint[]) then decision end
from events
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[]) and kind <> $4
"""

_PAST_TIMERS = """
select customer_id, array_agg(operation_id), array_agg(occurred_at)
from events
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[]) and kind = $4
group by customer_id
"""

_JOINED_BY_SEGMENT = """
select customer_id, joined_at from memberships
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[]) and program_id = $4
    and source = 'segment'
"""

_RECEIVED_LOTS = """
select postings.customer_id, postings.operation_id, postings.unit_id, postings.amount, lots.available_at,
    lots.expires_at
from postings
join lots on lots.bucket = $2 and lots.workspace_id = $1 and lots.customer_id = postings.customer_id
    and lots.unit_id = postings.unit_id and lots.lot_id = postings.lot_id
where postings.bucket = $2 and postings.workspace_id = $1 and postings.customer_id = any($3::uuid[])
    and postings.operation_id = any($4::uuid[])
"""

_PAST_BLOCKS = """
select substring(object from 10)::uuid, entry_id, coalesce((after ->> 'earning')::boolean, false),
    coalesce((after ->> 'spending')::boolean, false)
from audit_entries
where workspace_id = $1 and action in ('customer.blocked', 'customer.unblocked')
order by entry_id
"""

_DECIDED_ALONE = [EventKind.JOIN.value, EventKind.CHALLENGE.value]


_COUNT_PEOPLE = """
select count(*) from customers where bucket between $2 and $3 and workspace_id = $1 and erased_at is null
"""


@asynccontextmanager
async def reading(
    url: str, workspace_id: int, snapshot: str | None = None, application: str = "perennial simulate"
) -> AsyncIterator[Connection]:
    """Hand out a connection in one read-only transaction of a workspace, without a time limit.

    ``snapshot`` is the name of the snapshot of another one (:func:`export_snapshot`), so that both see the
    same moment. The server refuses any write.
    """
    conn = await connect(
        url,
        role=WORKER_ROLE,
        statement_timeout="0",
        idle_in_transaction_session_timeout="0",
        application_name=application,
    )
    try:
        await conn.execute("begin isolation level repeatable read read only")
        if snapshot is not None:
            await conn.execute(f"set transaction snapshot '{_checked(snapshot)}'")
        await conn.execute(f"set local app.workspace = '{int(workspace_id)}'")
        yield conn
    finally:
        conn.terminate()


async def export_snapshot(conn: Connection) -> str:
    """Return the name of the transaction's snapshot, usable while the transaction is open."""
    name: str = await conn.fetchval("select pg_export_snapshot()")
    return name


def _checked(snapshot: str) -> str:
    if not snapshot.replace("-", "").isalnum():
        raise ValueError("no name of a snapshot")
    return snapshot


async def count_people(conn: Connection, ws: int, first: int, last: int) -> int:
    """Return how many customers there are in the buckets ``first`` to ``last``."""
    count: int = await conn.fetchval(_COUNT_PEOPLE, ws, first, last)
    return count


async def read_people(conn: Connection, ws: int, part: Slice, after: UUID, limit: int) -> list[PersonRow]:
    """Return at most ``limit`` people of a slice who pool with nobody, behind ``after``."""
    last = UUID(hex=part.last)
    rows = await conn.fetch(_PERSONS, ws, part.bucket, after, last, limit)
    return [PersonRow(*row) for row in rows]


async def read_people_of_households(
    conn: Connection, ws: int, part: Slice, buckets: Iterable[int]
) -> list[PersonRow]:
    """Return the people of a slice's households, household by household: of whichever of ``buckets``."""
    bounds = UUID(hex=part.after), UUID(hex=part.last)
    rows = await conn.fetch(_PERSONS_OF_HOUSEHOLDS, ws, part.bucket, *bounds, list(buckets), IdKind.HOUSEHOLD)
    return [PersonRow(*row) for row in rows]


async def read_people_of(
    conn: Connection, ws: int, bucket: int, owners: Sequence[UUID], buckets: Iterable[int]
) -> list[PersonRow]:
    """Return the people who use the wallets of ``owners`` of a bucket, owner by owner.

    Who lives in a household may be of any of ``buckets``.
    """
    rows = await conn.fetch(_PERSONS_NAMED, ws, bucket, owners, list(buckets))
    return [PersonRow(*row) for row in rows]


async def read_orders(
    conn: Connection, ws: int, bucket: int, customers: Sequence[UUID]
) -> list[PastOrderRow]:
    """Return all orders of customers."""
    return [PastOrderRow(*row) for row in await conn.fetch(_PAST_ORDERS, ws, bucket, customers)]


async def read_events(
    conn: Connection, ws: int, bucket: int, customers: Sequence[UUID]
) -> list[PastEventRow]:
    """Return everything else that happened to customers, but for timers."""
    rows = await conn.fetch(_PAST_EVENTS, ws, bucket, customers, EventKind.TIMERS.value, _DECIDED_ALONE)
    return [PastEventRow(*row) for row in rows]


async def read_timers(
    conn: Connection, ws: int, bucket: int, customers: Sequence[UUID]
) -> list[tuple[UUID, list[UUID], list[Instant]]]:
    """Return when timers ran for customers: the operations, and the instants that were due."""
    rows = await conn.fetch(_PAST_TIMERS, ws, bucket, customers, EventKind.TIMERS.value)
    return [tuple(row) for row in rows]


async def read_joined_by_segment(
    conn: Connection, ws: int, bucket: int, customers: Sequence[UUID], program_id: int
) -> list[tuple[UUID, Instant]]:
    """Return who joined a program by entering a segment, and when."""
    rows = await conn.fetch(_JOINED_BY_SEGMENT, ws, bucket, customers, program_id)
    return [(customer_id, joined_at) for customer_id, joined_at in rows]


async def read_blocks(conn: Connection, ws: int) -> list[tuple[UUID, UUID, bool, bool]]:
    """Return who was blocked and let go, in turn: customer, entry of the audit log, earning, spending."""
    return [tuple(row) for row in await conn.fetch(_PAST_BLOCKS, ws)]


async def read_received_lots(
    conn: Connection, ws: int, bucket: int, customers: Sequence[UUID], operations: Sequence[UUID]
) -> list[tuple[Any, ...]]:
    """Return the lots that transfers brought: customer, operation, unit, amount, and both dates."""
    return [tuple(row) for row in await conn.fetch(_RECEIVED_LOTS, ws, bucket, customers, operations)]
