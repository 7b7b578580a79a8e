"""Entitlements of members: what they were given besides vouchers. Decisions make them (``store/effects.py``).

An entitlement is found by its id in ``external_ids``, which tells its bucket and customer.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.entitlements import TO_COME, UNDONE, EntitlementState
from perennial.ledger.lot import LotKey, Origin
from perennial.units import Instant, Minor, Points, named_id


class EntitlementRow(msgspec.Struct):
    """One row of ``entitlements``; ``points`` of ``unit_id`` were paid for it and what came with it.

    ``amount`` is in minor units of ``currency``; ``quantity`` counts pieces, seats or points. ``reference``
    is the caller's: of a payment, of a parcel. ``voucher_id`` is the code of a pool that came with it
    unasked.
    """

    customer_id: UUID
    entitlement_id: UUID
    operation_id: UUID
    program_id: int
    version: int
    kind: str
    reward: str
    name: str
    state: EntitlementState
    amount: Minor
    currency: str | None
    quantity: int
    unit_id: int
    points: Points
    issued_at: Instant
    changed_at: Instant
    starts_at: Instant | None
    expires_at: Instant | None
    reference: str | None = None
    voucher_id: UUID | None = None


class EntitlementPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of a list ends: what comes next was issued later, or has a larger id."""

    issued_at: Instant
    entitlement_id: UUID


_COLUMNS = """customer_id, entitlement_id, operation_id, program_id, version, kind, reward, name, state,
    amount, currency, quantity, unit_id, points, issued_at, changed_at, starts_at, expires_at, reference,
    voucher_id"""

INSERT_ENTITLEMENTS = f"""
insert into entitlements (bucket, workspace_id, {_COLUMNS})
select $2, $1, new.*
from unnest($3::entitlement_row[]) as new
"""

_LOAD_ENTITLEMENTS = f"""
select found.*
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, entitlement_id)
cross join lateral (
    select {_COLUMNS}
    from entitlements
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and entitlement_id = wanted.entitlement_id
    offset 0
) as found
"""

# How much else the same operation handed out that was not canceled.
_COUNT_COMPANIONS = """
select
    (select count(*) from entitlements
        where bucket = $2 and workspace_id = $1 and customer_id = $3 and operation_id = $4
            and entitlement_id <> $5 and state <> $6)
    + (select count(*) from vouchers
        where bucket = $2 and workspace_id = $1 and customer_id = $3 and operation_id = $4)
"""

# The lots out of which an operation redeemed points, and how many.
_READ_PAID = """
select lots.origin, lots.available_at, lots.expires_at, lots.waits_for, sum(amount)::bigint
from postings
join lots using (bucket, workspace_id, customer_id, unit_id, lot_id)
where postings.bucket = $2 and lots.bucket = $2 and postings.workspace_id = $1
    and customer_id = any($3::uuid[]) and operation_id = $4 and unit_id = $5 and debit = 1 and credit = 3
group by lots.origin, lots.available_at, lots.expires_at, lots.waits_for
order by lots.expires_at, lots.available_at
"""

_UPDATE_ENTITLEMENT = """
update entitlements set state = $5, changed_at = $6, reference = $7
where bucket = $2 and workspace_id = $1 and customer_id = $3 and entitlement_id = $4
"""

_LIST_OF_CUSTOMER = f"""
select {_COLUMNS}
from entitlements
where bucket = $2 and workspace_id = $1 and customer_id = $3
    and ($5::timestamptz is null or (issued_at, entitlement_id) < ($5, $6))
order by issued_at desc, entitlement_id desc
limit $4
"""

_LIST_TO_COME = f"""
select {_COLUMNS}
from entitlements
where bucket = $2 and workspace_id = $1 and customer_id = $3 and state = any($4::smallint[])
order by issued_at, entitlement_id
"""

_FIND_HELD = f"""
select {_COLUMNS}
from entitlements
where bucket = $2 and workspace_id = $1 and customer_id = $3 and state = $4 and name = $5
    and (starts_at is null or starts_at <= $6) and (expires_at is null or expires_at > $6)
order by expires_at desc nulls first
limit 1
"""

# Off the hot path, over all buckets of the workspace; what is undone has an index.
_LIST_UNDONE = f"""
select bucket, {_COLUMNS}
from entitlements
where bucket between $2 and $3 and workspace_id = $1 and state in (2, 4, 5, 7)
    and state = any($4::smallint[]) and ($5::text is null or kind = $5)
    and ($6::timestamptz is null or (issued_at, entitlement_id) > ($6, $7))
order by issued_at, entitlement_id
limit $8
"""

_LIST_ALL = f"""
select bucket, {_COLUMNS}
from entitlements
where bucket between $2 and $3 and workspace_id = $1
    and state = any($4::smallint[]) and ($5::text is null or kind = $5)
    and ($6::timestamptz is null or (issued_at, entitlement_id) > ($6, $7))
order by issued_at, entitlement_id
limit $8
"""


def entitlement_id(ws: int, operation_id: UUID, number: int) -> UUID:
    """Return the id of the entitlement that an operation handed out as its ``number``-th, from 0."""
    return named_id(ws, "entitlement", f"{operation_id}/{number}")


def entitlement_records(rows: Iterable[EntitlementRow]) -> list[tuple[object, ...]]:
    """Return entitlements as they travel: the type ``entitlement_row``."""
    return [msgspec.structs.astuple(row) for row in rows]


def _row(record: Record, start: int = 0) -> EntitlementRow:
    values = list(record)[start:]
    values[8] = EntitlementState(values[8])
    return EntitlementRow(*values)


async def load_entitlements(
    conn: Connection, ws: int, bucket: int, keys: Iterable[tuple[UUID, UUID]]
) -> dict[UUID, EntitlementRow]:
    """Return the entitlements among ``(customer_id, entitlement_id)``, by their id."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = await conn.fetch(_LOAD_ENTITLEMENTS, ws, bucket, *zip(*wanted, strict=True))
    return {row[1]: _row(row) for row in rows}


async def count_companions(conn: Connection, ws: int, bucket: int, row: EntitlementRow) -> int:
    """Return how many other things the same claim handed out that were not canceled."""
    count: int = await conn.fetchval(
        _COUNT_COMPANIONS,
        ws,
        bucket,
        row.customer_id,
        row.operation_id,
        row.entitlement_id,
        EntitlementState.CANCELED,
    )
    return count


async def read_paid(
    conn: Connection, ws: int, bucket: int, row: EntitlementRow, owners: Iterable[UUID]
) -> tuple[tuple[LotKey, Points], ...]:
    """Return the lots out of which the claim of an entitlement was paid, in the wallets of ``owners``."""
    found = await conn.fetch(_READ_PAID, ws, bucket, sorted(set(owners)), row.operation_id, row.unit_id)
    return tuple((LotKey(Origin(origin), *dates), points) for origin, *dates, points in found)


async def update_entitlements(conn: Connection, ws: int, bucket: int, rows: Iterable[EntitlementRow]) -> None:
    """Write the state and the reference of entitlements whose customers are locked."""
    values = [
        (ws, bucket, row.customer_id, row.entitlement_id, row.state, row.changed_at, row.reference)
        for row in rows
    ]
    await conn.executemany(_UPDATE_ENTITLEMENT, values)


async def list_of_customer(
    conn: Connection, ws: int, bucket: int, customer_id: UUID, before: EntitlementPlace | None, limit: int
) -> list[EntitlementRow]:
    """Return the entitlements of a customer, the latest first, from ``before`` on."""
    at, last = (None, None) if before is None else (before.issued_at, before.entitlement_id)
    rows = await conn.fetch(_LIST_OF_CUSTOMER, ws, bucket, customer_id, limit, at, last)
    return [_row(row) for row in rows]


async def list_to_come(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> list[EntitlementRow]:
    """Return what a customer was given that has not left the shop yet, the oldest first."""
    rows = await conn.fetch(_LIST_TO_COME, ws, bucket, customer_id, list(TO_COME))
    return [_row(row) for row in rows]


async def find_held(
    conn: Connection, ws: int, bucket: int, customer_id: UUID, name: str, at: Instant
) -> EntitlementRow | None:
    """Return the seat or perk of this name that a customer holds at ``at``: the one that lasts longest."""
    row = await conn.fetchrow(_FIND_HELD, ws, bucket, customer_id, EntitlementState.HELD, name, at)
    return None if row is None else _row(row)


async def list_entitlements(
    conn: Connection,
    ws: int,
    buckets: tuple[int, int],
    *,
    states: Iterable[EntitlementState],
    kind: str | None,
    after: EntitlementPlace | None,
    limit: int,
) -> list[tuple[int, EntitlementRow]]:
    """Return entitlements of a workspace with their buckets, the oldest first, from ``after`` on.

    ``buckets`` are the first and the last of the workspace, ``kind`` None for every kind.
    """
    wanted = sorted(set(states))
    statement = _LIST_UNDONE if set(wanted) <= set(UNDONE) else _LIST_ALL
    at, last = (None, None) if after is None else (after.issued_at, after.entitlement_id)
    rows = await conn.fetch(statement, ws, *buckets, wanted, kind, at, last, limit)
    return [(row[0], _row(row, 1)) for row in rows]
