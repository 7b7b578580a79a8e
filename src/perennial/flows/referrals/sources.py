"""What converted referrals: the orders and events of friends, by the caller's own ids."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Connection

from perennial.store.customers.referrals import ReferralRow, load_referrals
from perennial.store.events import load_events
from perennial.store.external_ids import IdKind, find_external_ids
from perennial.store.orders import load_orders


async def sources_of_referrals(
    conn: Connection, workspace_id: int, referral_ids: Sequence[UUID]
) -> dict[UUID, str]:
    """Return by what each referral was converted; those of erased friends, or by joining, are left out."""
    found = await find_external_ids(conn, workspace_id, IdKind.REFERRAL, list(referral_ids))
    friends: dict[int, set[UUID]] = {}
    for bucket, friend_id in found.values():
        friends.setdefault(bucket, set()).add(friend_id)
    names: dict[UUID, str] = {}
    for bucket, ids in sorted(friends.items()):
        rows = await load_referrals(conn, workspace_id, bucket, sorted(ids))
        names |= await names_of(
            conn, workspace_id, bucket, [row for row in rows if row.referral.referral_id in found]
        )
    return names


async def names_of(
    conn: Connection, workspace_id: int, bucket: int, rows: Sequence[ReferralRow]
) -> dict[UUID, str]:
    """Return the order or event that converted each referral of friends of a bucket, by the referral."""
    keys = [(row.friend_id, row.referral.source_id) for row in rows if row.referral.source_id is not None]
    orders = await load_orders(conn, workspace_id, bucket, keys)
    events = await load_events(conn, workspace_id, bucket, [key for key in keys if key[1] not in orders])
    names = {source_id: order.external_id for source_id, order in orders.items()}
    names |= {source_id: event.external_id for source_id, event in events.items()}
    return {
        row.referral.referral_id: name
        for row in rows
        if row.referral.source_id is not None and (name := names.get(row.referral.source_id))
    }
