"""What a workspace adds to its programs: versions of its declared attributes, and its locations.

Whoever writes here holds the lock of the configuration and raises its revision.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from asyncpg import Connection

from perennial.core.document.program import Declarations
from perennial.core.orders.order import Scalar
from perennial.units import Instant

_LATEST_DECLARATIONS = """
select version, document::text from attribute_versions
where workspace_id = $1 order by version desc limit 1
"""

_INSERT_DECLARATIONS = """
insert into attribute_versions (workspace_id, version, document, published_at, actor)
values ($1, $2, $3::text::jsonb, $4, $5)
"""

_LIST_LOCATIONS = "select location_id, attributes::text from locations where workspace_id = $1"

_COUNT_LOCATIONS = "select count(*) from locations where workspace_id = $1"

_FIND_LOCATION = "select attributes::text from locations where workspace_id = $1 and location_id = $2"

_PUT_LOCATION = """
insert into locations (workspace_id, location_id, attributes) values ($1, $2, $3::text::jsonb)
on conflict (workspace_id, location_id) do update set attributes = excluded.attributes
"""

_decode_declarations = msgspec.json.Decoder(Declarations).decode
_decode_attributes = msgspec.json.Decoder(dict[str, Scalar]).decode

_MOST_PURPOSES = 50

# From each purpose the index leads to the next, past all who have said something about it.
_KNOWN_PURPOSES = """
with recursive seen (bucket, purpose, place) as (
    select wanted.bucket, first.purpose, 1
    from unnest($2::int[]) as wanted (bucket)
    cross join lateral (
        select purpose
        from consents
        where bucket = wanted.bucket and workspace_id = $1 and purpose <> ''
        order by purpose
        limit 1
    ) as first
    union all
    select seen.bucket, next.purpose, place + 1
    from seen
    cross join lateral (
        select purpose
        from consents
        where bucket = seen.bucket and workspace_id = $1 and purpose <> ''
            and purpose > seen.purpose
        order by purpose
        limit 1
    ) as next
    where place < $3
)
select distinct purpose from seen order by purpose limit $3
"""


async def latest_declarations(conn: Connection, workspace_id: int) -> tuple[int, Declarations]:
    """Return the newest version of the workspace's declarations and its number; 0 if there is none."""
    record = await conn.fetchrow(_LATEST_DECLARATIONS, workspace_id)
    return (0, Declarations()) if record is None else (record[0], _decode_declarations(record[1]))


async def insert_declarations(
    conn: Connection, workspace_id: int, version: int, declared: Declarations, at: Instant, actor: str
) -> None:
    """Store a new version of the declarations."""
    document = msgspec.json.encode(declared).decode()
    await conn.execute(_INSERT_DECLARATIONS, workspace_id, version, document, at, actor)


async def list_locations(conn: Connection, workspace_id: int) -> dict[str, dict[str, Scalar]]:
    """Return the attributes of every location by its id."""
    records = await conn.fetch(_LIST_LOCATIONS, workspace_id)
    return {location: _decode_attributes(attributes) for location, attributes in records}


async def count_locations(conn: Connection, workspace_id: int) -> int:
    """Return how many locations a workspace has."""
    count: int = await conn.fetchval(_COUNT_LOCATIONS, workspace_id)
    return count


async def find_location(conn: Connection, workspace_id: int, location: str) -> dict[str, Scalar] | None:
    """Return the attributes of a location, or None."""
    attributes = await conn.fetchval(_FIND_LOCATION, workspace_id, location)
    return None if attributes is None else _decode_attributes(attributes)


async def put_location(
    conn: Connection, workspace_id: int, location: str, attributes: dict[str, Scalar]
) -> None:
    """Write all attributes of a location, new or known."""
    document = msgspec.json.encode(attributes).decode()
    await conn.execute(_PUT_LOCATION, workspace_id, location, document)


async def known_purposes(conn: Connection, ws: int, buckets: Collection[int]) -> list[str]:
    """Return the purposes that customers have said something about, of very many the first ones by name."""
    rows = await conn.fetch(_KNOWN_PURPOSES, ws, list(buckets), _MOST_PURPOSES)
    return [purpose for (purpose,) in rows]
