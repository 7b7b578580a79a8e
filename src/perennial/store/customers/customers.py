"""Customers: everybody whom a workspace knows, joined or not, and the households that pool wallets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.orders.order import Scalar
from perennial.units import Instant

Attributes: TypeAlias = dict[str, Scalar]


class CustomerRow(msgspec.Struct):
    """One row of ``customers``; a household is one too, under its own id.

    ``blocked`` is what the customer may not do (``core/customers/blocks.py``); ``store/customers/blocks.py``
    writes it.
    """

    customer_id: UUID
    external_id: str
    created_at: Instant
    attributes: Attributes = {}
    household_id: UUID | None = None
    erased_at: Instant | None = None
    blocked: int | None = None

    @property
    def owner(self) -> UUID:
        """Whose wallets are used: the household that pools them, or the customer."""
        return self.household_id or self.customer_id


# The rows are looked up, and locked, one after the other in the order of the ids that are given.
_LOCK_CUSTOMERS = """
select found.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id, external_id, created_at, attributes, household_id, erased_at, blocked
    from customers
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
    for update
) as found
"""

_READ_CUSTOMERS = """
select found.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id, external_id, created_at, attributes, household_id, erased_at, blocked
    from customers
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_READ_CUSTOMERS_AT = """
select found.*
from unnest($2::int[], $3::uuid[]) as wanted (bucket, customer_id)
cross join lateral (
    select customer_id, external_id, created_at, attributes, household_id, erased_at, blocked
    from customers
    where bucket = wanted.bucket and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_READ_NAMES = """
select found.*
from unnest($2::int[], $3::uuid[]) as wanted (bucket, customer_id)
cross join lateral (
    select customer_id, external_id
    from customers
    where bucket = wanted.bucket and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
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

_UPDATE_CUSTOMER = """
update customers
set household_id = $4, attributes = $5
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

_FIND_COMPANIONS = """
select found.*
from unnest($3::uuid[]) as wanted (household_id)
cross join lateral (
    select household_id, bucket, customer_id
    from customers
    where bucket = $2 and workspace_id = $1 and household_id = wanted.household_id
    offset 0
) as found
"""

# Whoever lives in a household may be of any bucket: the index is asked once for each.
_FIND_COMPANIONS_ANYWHERE = """
select found.*
from unnest($3::uuid[]) as wanted (household_id)
cross join unnest($2::int[]) as place (bucket)
cross join lateral (
    select household_id, bucket, customer_id
    from customers
    where bucket = place.bucket and workspace_id = $1 and household_id = wanted.household_id
    offset 0
) as found
"""

_decode_attributes = msgspec.json.Decoder(Attributes).decode
_encode_attributes = msgspec.json.Encoder().encode


def _customer(record: Record) -> CustomerRow:
    customer_id, external_id, created_at, attributes, household_id, erased_at, blocked = record
    return CustomerRow(
        customer_id,
        external_id,
        created_at,
        {} if attributes == b"{}" else _decode_attributes(attributes),
        household_id,
        erased_at,
        blocked,
    )


async def lock_customers(conn: Connection, ws: int, bucket: int, ids: list[UUID]) -> dict[UUID, CustomerRow]:
    """Lock the customers that exist, in the order of their ids, until the end of the transaction."""
    rows = await conn.fetch(_LOCK_CUSTOMERS, ws, bucket, sorted(set(ids)))
    return {row[0]: _customer(row) for row in rows}


async def read_customers(conn: Connection, ws: int, bucket: int, ids: list[UUID]) -> dict[UUID, CustomerRow]:
    """Return the customers that exist, without locking them."""
    rows = await conn.fetch(_READ_CUSTOMERS, ws, bucket, ids)
    return {row[0]: _customer(row) for row in rows}


async def read_customers_at(
    conn: Connection, ws: int, places: Collection[tuple[int, UUID]]
) -> dict[UUID, CustomerRow]:
    """Return the customers that exist, in whichever buckets, without locking them."""
    buckets, ids = [bucket for bucket, _ in places], [customer_id for _, customer_id in places]
    rows = await conn.fetch(_READ_CUSTOMERS_AT, ws, buckets, ids)
    return {row[0]: _customer(row) for row in rows}


async def find_companions(
    conn: Connection, ws: int, buckets: Sequence[int], households: list[UUID]
) -> dict[UUID, set[tuple[int, UUID]]]:
    """Return bucket and id of who lives in each of these households; ``buckets`` are all of the workspace.

    Lock the households first, and nobody enters or leaves.
    """
    found: dict[UUID, set[tuple[int, UUID]]] = {}
    if len(buckets) == 1:
        rows = await conn.fetch(_FIND_COMPANIONS, ws, buckets[0], households)
    else:
        rows = await conn.fetch(_FIND_COMPANIONS_ANYWHERE, ws, list(buckets), households)
    for household_id, bucket, customer_id in rows:
        found.setdefault(household_id, set()).add((bucket, customer_id))
    return found


async def read_names(conn: Connection, ws: int, places: Collection[tuple[int, UUID]]) -> dict[UUID, str]:
    """Return the callers' own ids of the customers that exist, in whichever buckets, by the internal ones."""
    if not places:
        return {}
    buckets, ids = zip(*sorted(set(places)), strict=True)
    return {row[0]: row[1] for row in await conn.fetch(_READ_NAMES, ws, buckets, ids)}


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
    await conn.executemany(
        _UPDATE_CUSTOMER,
        [(ws, bucket, row.customer_id, row.household_id, _encode_attributes(row.attributes)) for row in rows],
    )
