"""One batch of codes as whoever looks after it sees it: how many are given and used, and each of them."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.flows.configuration import Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.problems import problem
from perennial.flows.voucher_batches import BatchView, batch_id_of
from perennial.flows.voucher_export import batch_view
from perennial.flows.vouchers import state_of
from perennial.store.customers import read_customers
from perennial.store.voucher_pools import BatchRow, PoolCounts, count_pool, find_batch, read_pool
from perennial.store.vouchers import VoucherRow, VoucherState
from perennial.units import format_instant


class PoolView(msgspec.Struct, frozen=True, kw_only=True):
    """A batch and what has become of its codes now.

    ``codes`` are all that there are, ``given`` those that somebody has; ``used`` were used at least once,
    ``voided`` taken back, ``expired`` have run out. Codes whose holder was erased are not counted.
    """

    batch: BatchView
    codes: int
    given: int
    used: int
    voided: int
    expired: int


class PoolCode(msgspec.Struct, frozen=True, kw_only=True):
    """One code of a batch by its last characters. ``uses`` is null where there is no end."""

    id: str
    last4: str
    state: str
    used: int
    uses: int | None
    expires_at: str | None
    customer: str | None


class PoolPage(msgspec.Struct, frozen=True):
    """A page of codes, those that are nobody's last; ``next_cursor`` is null on the last page."""

    data: tuple[PoolCode, ...]
    next_cursor: str | None


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    free: bool
    bucket: int
    after: UUID


async def read_batch(handler: Handler, workspace_id: int, batch: str) -> PoolView:
    """Return a batch with the counts of its codes, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = await _require(conn, workspace_id, batch)
        now = business_now(workspace)
        counts = [
            await count_pool(conn, workspace_id, bucket, row.batch_id, now) for bucket in _buckets(workspace)
        ]
    sums = PoolCounts(*(sum(column) for column in zip(*counts, strict=True)))
    return PoolView(
        batch=batch_view(workspace, row),
        codes=sums.codes,
        given=sums.given,
        used=sums.used,
        voided=sums.voided,
        expired=sums.expired,
    )


async def codes_of(
    handler: Handler, workspace_id: int, batch: str, *, cursor: str | None = None, limit: int = 50
) -> PoolPage:
    """Return a page of the codes of a batch, first those that somebody has; raises the 404."""
    begin = read_cursor(cursor, _Cursor)
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = await _require(conn, workspace_id, batch)
        codes: list[PoolCode] = []
        place: _Cursor | None = begin or _Cursor(False, workspace.row.bucket_base, UUID(int=0))
        while place is not None and len(codes) < limit:
            wanted = limit - len(codes)
            rows = await read_pool(
                conn,
                workspace_id,
                place.bucket,
                row.batch_id,
                free=place.free,
                after=place.after,
                limit=wanted,
            )
            codes += await _shown(conn, workspace, place, rows)
            place = (
                _Cursor(place.free, place.bucket, rows[-1].voucher_id)
                if len(rows) == wanted
                else _next_place(workspace, place)
            )
    return PoolPage(data=tuple(codes), next_cursor=write_cursor(place))


def _next_place(workspace: Workspace, place: _Cursor) -> _Cursor | None:
    """Return where to go on behind the codes of one bucket."""
    last = workspace.row.bucket_base + workspace.row.bucket_count - 1
    if place.bucket < last:
        return _Cursor(place.free, place.bucket + 1, UUID(int=0))
    return None if place.free else _Cursor(True, workspace.row.bucket_base, UUID(int=0))


async def _shown(
    conn: Connection, workspace: Workspace, place: _Cursor, rows: list[VoucherRow]
) -> list[PoolCode]:
    holders = [] if place.free else sorted({row.customer_id for row in rows})
    named = await read_customers(conn, workspace.workspace_id, place.bucket, holders) if holders else {}
    now = business_now(workspace)
    return [
        PoolCode(
            id=str(row.voucher_id),
            last4=row.last4,
            state=state_of(row, now),
            used=row.used,
            uses=row.uses,
            expires_at=None if row.expires_at is None else format_instant(row.expires_at),
            customer=named[row.customer_id].external_id if row.customer_id in named else None,
        )
        for row in rows
        if row.state is not VoucherState.ENDED
    ]


async def _require(conn: Connection, workspace_id: int, batch: str) -> BatchRow:
    row = await find_batch(conn, workspace_id, batch_id_of(workspace_id, batch))
    if row is None:
        raise problem(404, "batch_unknown", f"There is no batch {batch!r}.")
    return row


def _buckets(workspace: Workspace) -> range:
    base = workspace.row.bucket_base
    return range(base, base + workspace.row.bucket_count)
