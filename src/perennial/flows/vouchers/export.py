"""The batches of a workspace, and all codes of one of them for whoever hands them out."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import msgspec

from perennial.flows.configuration import Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.problems import problem
from perennial.flows.vouchers.batches import BatchView, batch_id_of
from perennial.flows.vouchers.vouchers import state_of
from perennial.store.codes.pools import BatchRow, find_batch, list_batches, read_pool
from perennial.store.codes.vouchers import VoucherRow, VoucherState
from perennial.store.customers.customers import read_customers
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry
from perennial.units import Instant, format_instant

PAGE = 1_000


class BatchPage(msgspec.Struct, frozen=True):
    """A page of batches, the latest first; ``next_cursor`` is null on the last page."""

    data: tuple[BatchView, ...]
    next_cursor: str | None


class ExportedCode(msgspec.Struct, frozen=True, kw_only=True):
    """One code of a batch, in full. ``state`` as in a voucher; ``uses`` is null where there is no end."""

    code: str
    state: str
    used: int
    uses: int | None
    starts_at: str | None
    expires_at: str | None
    customer: str | None


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    at: Instant
    id: UUID


async def batches_of(
    handler: Handler, workspace_id: int, *, cursor: str | None = None, limit: int = 50
) -> BatchPage:
    """Return a page of the batches of a workspace, without the rows that were refused."""
    begin = read_cursor(cursor, _Cursor, workspace_id, "batches")
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        before = None if begin is None else (begin.at, begin.id)
        found = await list_batches(conn, workspace_id, limit + 1, before)
    rows = found[:limit]
    following = _Cursor(rows[-1].created_at, rows[-1].batch_id) if len(found) > limit else None
    return BatchPage(
        data=tuple(batch_view(workspace, row) for row in rows),
        next_cursor=write_cursor(following, workspace_id, "batches"),
    )


def batch_view(workspace: Workspace, row: BatchRow) -> BatchView:
    """Return a batch as it is told to everybody: without the rows that were refused."""
    return BatchView(
        id=row.external_id,
        reward=f"{workspace.program_by_id(row.program_id).code}/{row.reward}",
        version=row.version,
        imported=row.imported,
        made=row.made,
        created_at=format_instant(row.created_at),
        starts_at=_text(row.starts_at),
        expires_at=_text(row.expires_at),
    )


async def export_codes(
    handler: Handler, workspace_id: int, batch: str, actor: str
) -> AsyncIterator[list[ExportedCode]]:
    """Return the codes of a batch, page by page, or raise the 404; ``actor`` is named in the audit log."""
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = await find_batch(conn, workspace_id, batch_id_of(workspace_id, batch))
        if row is None:
            raise problem(404, "batch_unknown", f"There is no batch {batch!r}.")
        entry = AuditEntry(
            entry_id=handler.ids.next(),
            at=time.time_ns() // 1_000,
            actor=actor,
            action="voucher_batch.exported",
            object=f"voucher_batch/{batch}",
            after={"codes": row.made},
        )
        await insert_audit_entry(conn, workspace_id, entry)
    return _pages(handler, workspace, row)


async def _pages(
    handler: Handler, workspace: Workspace, batch: BatchRow
) -> AsyncIterator[list[ExportedCode]]:
    """Yield the codes of each bucket, each page as of its own moment.

    Those that somebody has come last, so that a code which is given away meanwhile is not missed; it may
    then come twice.
    """
    for free in (True, False):
        for bucket in _buckets(workspace):
            after = UUID(int=0)
            while True:
                async with handler.database.snapshot(workspace.workspace_id) as conn:
                    found = await read_pool(
                        conn,
                        workspace.workspace_id,
                        (bucket, bucket),
                        batch.batch_id,
                        free=free,
                        after=after,
                        limit=PAGE,
                    )
                    rows = [row for _, row in found]
                    holders = [] if free else sorted({row.customer_id for row in rows})
                    named = await read_customers(conn, workspace.workspace_id, bucket, holders)
                if not rows:
                    break
                after = rows[-1].voucher_id
                names = {customer_id: customer.external_id for customer_id, customer in named.items()}
                yield [
                    _exported(handler, workspace, row, names.get(row.customer_id))
                    for row in rows
                    if row.state is not VoucherState.ENDED
                ]


def _buckets(workspace: Workspace) -> Iterator[int]:
    base = workspace.row.bucket_base
    return iter(range(base, base + workspace.row.bucket_count))


def _exported(handler: Handler, workspace: Workspace, row: VoucherRow, customer: str | None) -> ExportedCode:
    return ExportedCode(
        code=handler.codebook.open(workspace.workspace_id, row.sealed),
        state=state_of(row, business_now(workspace)),
        used=row.used,
        uses=row.uses,
        starts_at=_text(row.starts_at),
        expires_at=_text(row.expires_at),
        customer=customer,
    )


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
