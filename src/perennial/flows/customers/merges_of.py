"""Who is part of a customer by now: every merge, with what it brought and the postings from before."""

from __future__ import annotations

import msgspec

from perennial.flows.customers.merge_answers import MovedWallet
from perennial.flows.customers.statements import StatementEntry, statement_before
from perennial.flows.handle_events import Handler
from perennial.flows.merged import follows_merges
from perennial.flows.reading import bucket_of_customer, load_customer
from perennial.store.customers.merges import list_merges
from perennial.units import format_instant

_decode = msgspec.json.Decoder(tuple[MovedWallet, ...]).decode


class MergeView(msgspec.Struct, frozen=True, kw_only=True):
    """One merge: ``absorbed`` is the id that the customer had, ``wallets`` what came of their wallets."""

    absorbed: str
    at: str
    actor: str
    reason: str
    wallets: tuple[MovedWallet, ...]


class MergeList(msgspec.Struct, frozen=True):
    """Everybody who was merged into a customer, the first one first."""

    data: tuple[MergeView, ...]


class MergedLedger(msgspec.Struct, frozen=True):
    """The statement of somebody who is part of another customer by now: from before, to the last lot."""

    absorbed: str
    ledger: tuple[StatementEntry, ...]


async def ledgers_before(
    handler: Handler, workspace_id: int, customer: str, limit: int
) -> tuple[MergedLedger, ...]:
    """Return the whole statement of everybody who was merged into a customer."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row, _ = await load_customer(conn, workspace, customer)
        rows = await list_merges(conn, workspace_id, bucket_of_customer(workspace, customer), row.customer_id)
    found = []
    for each in rows:
        entries: list[StatementEntry] = []
        cursor: str | None = None
        while True:
            page = await statement_before(handler, workspace_id, each.absorbed, cursor=cursor, limit=limit)
            entries += page.data
            cursor = page.next_cursor
            if cursor is None:
                break
        found.append(MergedLedger(each.external_id, tuple(entries)))
    return tuple(found)


@follows_merges
async def merges_of(handler: Handler, workspace_id: int, customer: str) -> MergeList:
    """Return who was merged into a customer, directly or on the way, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row, _ = await load_customer(conn, workspace, customer)
        bucket = bucket_of_customer(workspace, customer)
        rows = await list_merges(conn, workspace_id, bucket, row.customer_id)
    return MergeList(
        tuple(
            MergeView(
                absorbed=each.external_id,
                at=format_instant(each.merged_at),
                actor=each.actor,
                reason=each.reason,
                wallets=_decode(each.moved),
            )
            for each in rows
        )
    )
