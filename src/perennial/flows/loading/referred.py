"""What a batch reads of referrals: those of its customers, where a program of the workspace has any."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

from perennial.flows.batch import Batch
from perennial.flows.commands import ReferralPair
from perennial.store.customers.referrals import load_referrals


async def load_referred(conn: Connection, batch: Batch) -> None:
    """Load how the customers of the batch, who are locked, were referred."""
    if not any(version.offers for live in batch.workspace.programs for version in live.versions):
        return
    friends = [customer_id for customer_id, row in batch.customers.items() if not row.erased_at]
    for bucket, there in batch.by_bucket(friends):
        for row in await load_referrals(conn, batch.workspace.workspace_id, bucket, there):
            batch.referrals.setdefault(row.friend_id, []).append(row)


def sides_of(pair: ReferralPair, bucket: int) -> list[tuple[UUID, str | None]]:
    """Return the sides of a referral that live in ``bucket``, with the name of a friend who may be new."""
    sides = (
        (pair.friend_bucket, pair.friend_id, pair.friend),
        (pair.advocate_bucket, pair.advocate_id, None),
    )
    return [(UUID(hex=customer_id), name) for place, customer_id, name in sides if place == bucket]
