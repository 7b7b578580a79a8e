"""Which redemptions of guests are on which order, across buckets.

A guest's redemption lies in the bucket of its own id, and its order in that of the order's; nobody is there
by whom the one would be found from the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from asyncpg import Connection

_PUT_GUEST_REDEMPTIONS = """
insert into guest_redemptions (workspace_id, order_id, bucket, redemption_id)
select $1, new.order_id, $2, new.redemption_id
from unnest($3::uuid[], $4::uuid[]) as new (order_id, redemption_id)
on conflict do nothing
"""

_FIND_GUEST_REDEMPTIONS = """
select found.*
from unnest($2::uuid[]) as wanted (order_id)
cross join lateral (
    select bucket, redemption_id
    from guest_redemptions
    where workspace_id = $1 and order_id = wanted.order_id
    offset 0
) as found
"""


async def put_guest_redemptions(
    conn: Connection, ws: int, bucket: int, pairs: Iterable[tuple[UUID, UUID]]
) -> None:
    """Note ``(order_id, redemption_id)`` of redemptions of the bucket; what is known stays."""
    rows = sorted(set(pairs))
    await conn.execute(_PUT_GUEST_REDEMPTIONS, ws, bucket, *zip(*rows, strict=True))


async def find_guest_redemptions(
    conn: Connection, ws: int, order_ids: Iterable[UUID]
) -> dict[int, list[UUID]]:
    """Return the redemptions on these orders, sorted, by the bucket that they lie in, ascending."""
    rows = await conn.fetch(_FIND_GUEST_REDEMPTIONS, ws, sorted(set(order_ids)))
    found: dict[int, list[UUID]] = {}
    for bucket, redemption_id in sorted((row[0], row[1]) for row in rows):
        found.setdefault(bucket, []).append(redemption_id)
    return found
