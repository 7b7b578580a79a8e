"""Identifiers: by what else a customer is known, and whose each is.

The table has its own key: who is meant is first found here by the hash of what is compared, and then
read by bucket and customer, never joined. What was given stands nowhere else; one delete erases it.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType, comparable
from perennial.units import named_id


class IdentifierRow(msgspec.Struct, frozen=True):
    """One row of ``identifiers``: what was ``given``, as it is shown."""

    customer_id: UUID
    id_hash: UUID
    type: str
    given: str

    @property
    def identifier(self) -> CustomerIdentifier:
        """What the row says of its customer."""
        return CustomerIdentifier(type=IdentifierType(self.type), value=self.given)


_FIND_IDENTIFIERS = """
select found.*
from unnest($2::uuid[]) as wanted (id_hash)
cross join lateral (
    select id_hash, bucket, customer_id
    from identifiers
    where workspace_id = $1 and id_hash = wanted.id_hash
    offset 0
) as found
"""

_READ_IDENTIFIERS = """
select found.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id, id_hash, type, given
    from identifiers
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_READ_IDENTIFIERS_AT = """
select found.*
from unnest($2::int[], $3::uuid[]) as wanted (bucket, customer_id)
cross join lateral (
    select customer_id, id_hash, type, given
    from identifiers
    where bucket = wanted.bucket and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_INSERT_IDENTIFIERS = """
insert into identifiers (workspace_id, bucket, id_hash, customer_id, type, given)
select $1, $2, new.id_hash, new.customer_id, new.type, new.given
from unnest($3::identifier_row[]) as new
"""

_DELETE_IDENTIFIER = """
delete from identifiers
where workspace_id = $1 and id_hash = $2
"""

_ERASE_IDENTIFIERS = """
delete from identifiers
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""


def identifier_hash(ws: int, identifier: CustomerIdentifier) -> UUID:
    """Return the key under which a normalized identifier is found."""
    return named_id(ws, "identifier", comparable(identifier))


async def find_identifiers(
    conn: Connection, ws: int, hashes: Collection[UUID]
) -> dict[UUID, tuple[int, UUID]]:
    """Return the bucket and the customer of each identifier that somebody has."""
    rows = await conn.fetch(_FIND_IDENTIFIERS, ws, list(hashes))
    return {id_hash: (bucket, customer_id) for id_hash, bucket, customer_id in rows}


async def read_identifiers(
    conn: Connection, ws: int, bucket: int, customer_ids: Collection[UUID]
) -> list[IdentifierRow]:
    """Return all identifiers of these customers."""
    rows = await conn.fetch(_READ_IDENTIFIERS, ws, bucket, list(customer_ids))
    return [IdentifierRow(*row) for row in rows]


async def read_identifiers_at(
    conn: Connection, ws: int, places: Collection[tuple[int, UUID]]
) -> list[IdentifierRow]:
    """Return all identifiers of these customers, in whichever buckets they are."""
    buckets, ids = [bucket for bucket, _ in places], [customer_id for _, customer_id in places]
    return [IdentifierRow(*row) for row in await conn.fetch(_READ_IDENTIFIERS_AT, ws, buckets, ids)]


async def insert_identifiers(conn: Connection, ws: int, bucket: int, rows: list[IdentifierRow]) -> None:
    """Give customers of the bucket identifiers that nobody has.

    Raises ``asyncpg.UniqueViolationError`` if another transaction gave one of them to somebody first.
    """
    # Sorted, for two transactions that give the same identifiers must not wait for each other.
    rows = sorted(rows, key=lambda row: row.id_hash.int)
    values = [(row.customer_id, row.id_hash, row.type, row.given) for row in rows]
    await conn.execute(_INSERT_IDENTIFIERS, ws, bucket, values)


async def delete_identifiers(conn: Connection, ws: int, hashes: Collection[UUID]) -> None:
    """Take identifiers from customers who are locked."""
    await conn.executemany(_DELETE_IDENTIFIER, [(ws, id_hash) for id_hash in sorted(hashes)])


async def erase_identifiers(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> None:
    """Erase all identifiers of a customer who is locked: nobody is found by them any more."""
    await conn.execute(_ERASE_IDENTIFIERS, ws, bucket, customer_id)
