"""The evidence about a referral, gathered from both sides."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

from perennial.core.document.referral_terms import ReferralOffer
from perennial.core.kinds.fraud_signal import Evidence, Verdict, verdict_on
from perennial.flows.batch import Batch
from perennial.flows.traces import Traces, traces_of
from perennial.store.customers.referrals import (
    ReferralRow,
    count_from_place,
    count_orders_before,
    read_referral_of,
)
from perennial.units import Instant

MAX_GENERATIONS = 20
"""So far is followed who referred whom."""


async def verdict_for(
    conn: Connection, giving: Batch, taking: Batch, row: ReferralRow, offer: ReferralOffer
) -> Verdict:
    """Return what an offer's signals say; ``giving`` is the advocate's batch, ``taking`` the friend's."""
    signals = offer.signals()
    if not signals:
        return verdict_on((), Evidence())
    workspace_id = giving.workspace.workspace_id
    ours = await _traces(conn, giving, row.advocate_id)
    theirs = await _traces(conn, taking, row.friend_id)
    began = row.referral.attributed_at
    evidence = Evidence(
        shared=ours.shared_with(theirs),
        hosts=theirs.hosts,
        orders_before=await count_orders_before(conn, workspace_id, taking.bucket, row.friend_id, began),
        from_ip={days: await _from_place(conn, taking, row, days, began) for days in offer.windows()},
    )
    return verdict_on(signals, evidence)


async def advocates_of(conn: Connection, batch: Batch, row: ReferralRow) -> list[UUID]:
    """Return who referred the advocate of a referral in its program, who referred them, and so on."""
    found: list[UUID] = []
    bucket, customer_id = row.advocate_bucket, row.advocate_id
    for _ in range(MAX_GENERATIONS):
        before = await read_referral_of(
            conn, batch.workspace.workspace_id, bucket, customer_id, row.referral.program_id
        )
        if before is None:
            break
        found.append(before.advocate_id)
        bucket, customer_id = before.advocate_bucket, before.advocate_id
    return found


async def _traces(conn: Connection, batch: Batch, customer_id: UUID) -> Traces:
    attributes = batch.members[customer_id].attributes if customer_id in batch.members else {}
    workspace_id = batch.workspace.workspace_id
    return await traces_of(conn, batch.codebook, workspace_id, batch.bucket, customer_id, attributes)


async def _from_place(conn: Connection, batch: Batch, row: ReferralRow, days: int, at: Instant) -> int:
    if row.ip_mark is None:
        return 0
    workspace = batch.workspace.row
    known = any(
        other.referral.referral_id == row.referral.referral_id
        for other in batch.referrals.get(row.friend_id, ())
    )
    return await count_from_place(
        conn, workspace.workspace_id, workspace.span, row.ip_mark, at, days, is_new=not known
    )
