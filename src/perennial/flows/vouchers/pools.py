"""One batch of codes as whoever looks after it sees it: how many are given and used, and each of them."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.flows.configuration import Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.pages import not_a_cursor, read_cursor, write_cursor
from perennial.flows.problems import problem
from perennial.flows.vouchers.batches import BatchView, batch_id_of
from perennial.flows.vouchers.export import batch_view
from perennial.flows.vouchers.vouchers import state_of
from perennial.store.codes.pools import BatchRow, count_pool, find_batch, read_pool
from perennial.store.codes.vouchers import VoucherRow, VoucherState
from perennial.store.customers.customers import read_names
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
        sums = await count_pool(conn, workspace_id, _buckets(workspace), row.batch_id, now)
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
    """Return a page of the codes of a batch, first those that somebody has.

    Raises the 404, and the problem of a cursor that names a bucket which is not the workspace's.
    """
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = await _require(conn, workspace_id, batch)
        begin = read_cursor(cursor, _Cursor, workspace_id, "codes", row.batch_id)
        first, last = _buckets(workspace)
        if begin is not None and not first <= begin.bucket <= last:
            raise not_a_cursor()
        codes: list[PoolCode] = []
        place: _Cursor | None = begin or _Cursor(False, first, UUID(int=0))
        while place is not None and len(codes) < limit:
            wanted = limit - len(codes)
            rows = await read_pool(
                conn,
                workspace_id,
                (place.bucket, last),
                row.batch_id,
                free=place.free,
                after=place.after,
                limit=wanted,
            )
            codes += await _shown(conn, workspace, rows, free=place.free)
            if len(rows) == wanted:
                bucket, code = rows[-1]
                place = _Cursor(place.free, bucket, code.voucher_id)
            else:
                place = None if place.free else _Cursor(True, first, UUID(int=0))
    return PoolPage(data=tuple(codes), next_cursor=write_cursor(place, workspace_id, "codes", row.batch_id))


async def _shown(
    conn: Connection, workspace: Workspace, rows: list[tuple[int, VoucherRow]], *, free: bool
) -> list[PoolCode]:
    holders = [] if free else [(bucket, row.customer_id) for bucket, row in rows]
    named = await read_names(conn, workspace.workspace_id, holders)
    now = business_now(workspace)
    return [
        PoolCode(
            id=str(row.voucher_id),
            last4=row.last4,
            state=state_of(row, now),
            used=row.used,
            uses=row.uses,
            expires_at=None if row.expires_at is None else format_instant(row.expires_at),
            customer=named.get(row.customer_id),
        )
        for _, row in rows
        if row.state is not VoucherState.ENDED
    ]


async def _require(conn: Connection, workspace_id: int, batch: str) -> BatchRow:
    row = await find_batch(conn, workspace_id, batch_id_of(workspace_id, batch))
    if row is None:
        raise problem(404, "batch_unknown", f"There is no batch {batch!r}.")
    return row


def _buckets(workspace: Workspace) -> tuple[int, int]:
    """Return the first and the last bucket."""
    base = workspace.row.bucket_base
    return base, base + workspace.row.bucket_count - 1
