"""Customers and everything that decisions about them read, loaded for one batch at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.member import Member, Membership, Wallet
from perennial.core.order import Scalar
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.units import Instant

Attributes: TypeAlias = dict[str, Scalar]

Reads: TypeAlias = Callable[[Instant | None], tuple[Mapping[int, int], Mapping[int, int]]]
"""What is read of counters and of limits: the number of each, with the earliest period."""


class CustomerRow(msgspec.Struct):
    """One row of ``customers``; a household is one too, under its own id."""

    customer_id: UUID
    external_id: str
    created_at: Instant
    attributes: Attributes = {}
    household_id: UUID | None = None
    erased_at: Instant | None = None

    @property
    def owner(self) -> UUID:
        """Whose wallets are used: the household that pools them, or the customer."""
        return self.household_id or self.customer_id


_LOCK_CUSTOMERS = """
select customer_id, external_id, created_at, attributes, household_id, erased_at
from customers
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
order by customer_id
for update
"""

_READ_CUSTOMERS = """
select customer_id, external_id, created_at, attributes, household_id, erased_at
from customers
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_INSERT_CUSTOMERS = """
insert into customers
    (bucket, workspace_id, customer_id, household_id, created_at, external_id, attributes)
select $2, $1, new.customer_id, new.household_id, new.created_at, new.external_id, new.attributes::jsonb
from unnest($3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::text[])
    as new (customer_id, household_id, created_at, external_id, attributes)
on conflict (bucket, workspace_id, customer_id) do nothing
returning customer_id
"""

_UPDATE_CUSTOMERS = """
update customers
set household_id = changed.household_id, attributes = changed.attributes::jsonb
from unnest($3::uuid[], $4::uuid[], $5::text[]) as changed (customer_id, household_id, attributes)
where customers.bucket = $2 and customers.workspace_id = $1
    and customers.customer_id = any($3) and customers.customer_id = changed.customer_id
"""

_LOAD_MEMBERSHIPS = """
select customer_id, program_id, joined_at, source, tier, tier_since, tier_until, tier_floor, left_at
from memberships
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_LOAD_TIMERS = """
select customer_id, due_at
from timers
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_LOAD_WALLETS = """
select customer_id, unit_id, balance, pending, debt, shortfall, earned, spent, expired,
    activated_until, active_at
from wallets
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_LOAD_LOTS = """
select customer_id, unit_id, lot_id, origin, available_at, expires_at, waits_for, granted, remaining
from lots
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[]) and remaining > 0
"""

_LOAD_COUNTERS = """
select customer.customer_id, wanted.metric, found.period, found.value
from unnest($3::uuid[]) as customer (customer_id)
cross join unnest($4::bigint[], $5::int[]) as wanted (metric, since)
cross join lateral (
    select counters.period, counters.value
    from counters
    where counters.bucket = $2 and counters.workspace_id = $1 and counters.customer_id = customer.customer_id
        and counters.metric = wanted.metric and counters.period >= wanted.since
    offset 0
) as found
"""

_LOAD_LIMIT_USES = """
select customer.customer_id, wanted.limit_id, found.period, found.used
from unnest($3::uuid[]) as customer (customer_id)
cross join unnest($4::bigint[], $5::int[]) as wanted (limit_id, since)
cross join lateral (
    select limit_uses.period, limit_uses.used
    from limit_uses
    where limit_uses.bucket = $2 and limit_uses.workspace_id = $1 and limit_uses.customer_id = customer.customer_id
        and limit_uses.limit_id = wanted.limit_id and limit_uses.period >= wanted.since
    offset 0
) as found
"""

_decode_attributes = msgspec.json.Decoder(Attributes).decode
_encode_attributes = msgspec.json.Encoder().encode


def _customer(record: Record) -> CustomerRow:
    customer_id, external_id, created_at, attributes, household_id, erased_at = record
    return CustomerRow(
        customer_id,
        external_id,
        created_at,
        {} if attributes == b"{}" else _decode_attributes(attributes),
        household_id,
        erased_at,
    )


async def lock_customers(conn: Connection, ws: int, bucket: int, ids: list[UUID]) -> dict[UUID, CustomerRow]:
    """Lock the customers that exist, in the order of their ids, until the end of the transaction."""
    rows = await conn.fetch(_LOCK_CUSTOMERS, ws, bucket, sorted(set(ids)))
    return {row[0]: _customer(row) for row in rows}


async def read_customers(conn: Connection, ws: int, bucket: int, ids: list[UUID]) -> dict[UUID, CustomerRow]:
    """Return the customers that exist, without locking them."""
    rows = await conn.fetch(_READ_CUSTOMERS, ws, bucket, ids)
    return {row[0]: _customer(row) for row in rows}


async def insert_customers(conn: Connection, ws: int, bucket: int, rows: list[CustomerRow]) -> set[UUID]:
    """Insert customers and households; return the ids of those that were not there already.

    The inserted ones are locked by their insertion; lock the others before reading them.
    """
    rows = sorted(rows, key=lambda row: row.customer_id)
    inserted = await conn.fetch(
        _INSERT_CUSTOMERS,
        ws,
        bucket,
        [row.customer_id for row in rows],
        [row.household_id for row in rows],
        [row.created_at for row in rows],
        [row.external_id for row in rows],
        [_encode_attributes(row.attributes).decode() for row in rows],
    )
    return {customer_id for (customer_id,) in inserted}


async def update_customers(conn: Connection, ws: int, bucket: int, rows: list[CustomerRow]) -> None:
    """Write the attributes and the household of customers that are locked."""
    await conn.execute(
        _UPDATE_CUSTOMERS,
        ws,
        bucket,
        [row.customer_id for row in rows],
        [row.household_id for row in rows],
        [_encode_attributes(row.attributes).decode() for row in rows],
    )


async def load_members(
    conn: Connection,
    ws: int,
    bucket: int,
    customers: Iterable[CustomerRow],
    *,
    lots_for: AbstractSet[UUID] = frozenset(),
    due_until: Instant | None = None,
    reads: Reads,
) -> dict[UUID, Member]:
    """Load the members behind locked ``customers``, by customer id.

    ``lots_for`` names the owners whose open lots are read, besides those of members with a timer due
    at or before ``due_until``. ``reads`` says which metrics and limits are read and how far back,
    given the earliest timer that is due (None: none is). Members of one household share the same
    wallets: the same objects.
    """
    members = {
        row.customer_id: Member(customer_id=row.customer_id, owner=row.owner, attributes=row.attributes)
        for row in customers
    }
    ids = list(members)
    for customer_id, program_id, *values in await conn.fetch(_LOAD_MEMBERSHIPS, ws, bucket, ids):
        members[customer_id].memberships[program_id] = Membership(*values)
    earliest: Instant | None = None
    for customer_id, due_at in await conn.fetch(_LOAD_TIMERS, ws, bucket, ids):
        members[customer_id].due_at = due_at
        if due_until is not None and due_at <= due_until:
            lots_for = lots_for | {members[customer_id].owner}
            earliest = due_at if earliest is None else min(earliest, due_at)
    metrics, limits = reads(earliest)
    wallets = await _load_wallets(conn, ws, bucket, {member.owner for member in members.values()}, lots_for)
    for member in members.values():
        member.wallets = wallets[member.owner]
    if metrics:
        found = await conn.fetch(_LOAD_COUNTERS, ws, bucket, ids, list(metrics), list(metrics.values()))
        for customer_id, metric, period, value in found:
            members[customer_id].counters.setdefault(metric, {})[period] = value
    if limits:
        found = await conn.fetch(_LOAD_LIMIT_USES, ws, bucket, ids, list(limits), list(limits.values()))
        for customer_id, limit_id, period, used in found:
            members[customer_id].limits.setdefault(limit_id, {})[period] = used
    return members


async def _load_wallets(
    conn: Connection, ws: int, bucket: int, owners: AbstractSet[UUID], lots_for: AbstractSet[UUID]
) -> dict[UUID, dict[int, Wallet]]:
    wallets: dict[UUID, dict[int, Wallet]] = {owner: {} for owner in owners}
    for owner, unit, *values in await conn.fetch(_LOAD_WALLETS, ws, bucket, list(owners)):
        wallet = wallets[owner][unit] = Wallet(*values)
        if owner in lots_for:
            wallet.lots = {}
    wanted = [owner for owner in owners if owner in lots_for]
    if wanted:
        for owner, unit, lot_id, origin, *dates, granted, remaining in await conn.fetch(
            _LOAD_LOTS, ws, bucket, wanted
        ):
            lots = wallets[owner][unit].lots
            assert lots is not None, "the owner's lots are wanted"
            lots[lot_id] = Lot(lot_id, LotKey(Origin(origin), *dates), granted, remaining)
    return wallets
