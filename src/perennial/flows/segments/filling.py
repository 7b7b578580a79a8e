"""Who judges everybody by a segment that is new, changed or gone: whoever put or removed it, or a worker.

The row of the segment says that it is not ``filled``, from the transaction that writes its definition on.
That transaction says as well which other segments are ``stale``, because they find their figures elsewhere
from now on; and so is a segment that is gone, until it is empty. Who holds the lease goes through the
customers slice by slice, and says at the end that all is settled if nothing was defined anew meanwhile. A
process that dies leaves the rows as they are, and the next one finds whom the first has judged where they
belong.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

from perennial.flows.handle_events import Handler
from perennial.flows.programs.backfill import STRAGGLERS_SECONDS
from perennial.flows.programs.catching_up import wall_now
from perennial.flows.segments.fill import fill
from perennial.store.history import mark_writing, oldest_writing
from perennial.store.leases import hold_lease, release_lease
from perennial.store.programs.backfills import segments_are_counted
from perennial.store.programs.programs import lock_configuration, raise_revision
from perennial.store.segments import SegmentRow, empty_segment, list_segments, set_filled
from perennial.units import SECOND, Instant

LEASE = "segments"
LEASED: Instant = 30 * SECOND
SEEN_EVERY: Instant = 10 * SECOND
AT_ONCE = 20
"""So many slices a worker does before it looks after other work."""
PAUSE_SECONDS = 0.05


class Filling:
    """One process at work on the segments of a workspace that are not settled."""

    def __init__(self, handler: Handler, workspace_id: int, holder: UUID | None = None) -> None:
        self.handler = handler
        self.database = handler.database
        self.holder = holder or uuid4()
        self._ws = workspace_id
        self._seen_at = 0
        self._mark: int | None = None
        self._defined: list[SegmentRow] = []
        self._slices: AsyncIterator[None] | None = None

    @property
    def waits(self) -> bool:
        """Whether batches that began before the definitions, or their figures, are under way yet."""
        return self._slices is None

    async def finish(self) -> bool:
        """Fill all, or see another process do it; False if what began before is under way for too long.

        Then, as after a death of this process, a worker does the rest.
        """
        bucket = (await self.handler.read_workspace(self._ws)).bucket_base
        patience, done = int(STRAGGLERS_SECONDS / PAUSE_SECONDS), False
        while not done and patience:
            if not await self._lease(bucket):
                done = not _unsettled(await self._read())
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            done = await self.go_on()
            if self.waits and not done:
                patience -= 1
                await asyncio.sleep(PAUSE_SECONDS)
        async with self.database.transaction(self._ws) as conn:
            await release_lease(conn, self._ws, bucket, LEASE, self.holder)
        return done

    async def go_on(self) -> bool:
        """Do the next slice of customers; True if nothing is left. The caller holds the lease."""
        if self._slices is None:
            return await self._begin()
        async for _ in self._slices:
            return False
        self._slices = None
        async with self.database.transaction(self._ws) as conn:
            await lock_configuration(conn, self._ws)
            if await list_segments(conn, self._ws, deleted=True) == self._defined:
                filled = [row.segment_id for row in _unsettled(self._defined)]
                await set_filled(conn, self._ws, filled, filled=True)
                await raise_revision(conn, self._ws)
        return not _unsettled(await self._read())

    async def _begin(self) -> bool:
        """Begin as soon as nobody writes by the definitions before any more; True if nothing is to be done.

        A batch that read the configuration before had locked its customers, so it is among those that write.
        """
        if self._mark is None:
            async with self.database.transaction(self._ws) as conn:
                self._defined = await list_segments(conn, self._ws, deleted=True)
                if not _unsettled(self._defined):
                    return True
                if not await segments_are_counted(conn, self._ws):
                    return False
                self._mark = await mark_writing(conn)
        async with self.database.transaction(self._ws) as conn:
            ended = await oldest_writing(conn) > self._mark
        if ended:
            self._mark = None
            self._slices = self._settle(_unsettled(self._defined))
        return False

    async def _settle(self, rows: list[SegmentRow]) -> AsyncIterator[None]:
        """Let everybody out of the segments that are gone, and judge everybody by the others."""
        workspace = await self.handler.read_workspace(self._ws)
        for gone in (row for row in rows if row.deleted_at is not None):
            for bucket in workspace.buckets:
                async with self.database.transaction(self._ws) as conn:
                    await empty_segment(conn, self._ws, bucket, gone.segment_id)
                yield
        there = [row.code for row in rows if row.deleted_at is None]
        if there:
            async for _ in fill(self.handler, self._ws, there):
                yield

    async def _lease(self, bucket: int) -> bool:
        now = wall_now()
        if now - self._seen_at < SEEN_EVERY:
            return True
        async with self.database.transaction(self._ws) as conn:
            held = await hold_lease(conn, self._ws, bucket, LEASE, self.holder, now + LEASED, now)
        self._seen_at = now if held else 0
        return held

    async def _read(self) -> list[SegmentRow]:
        async with self.database.transaction(self._ws) as conn:
            return await list_segments(conn, self._ws, deleted=True)


class FillingUp:
    """What a worker does of it, because whoever put the segments is gone."""

    def __init__(self, handler: Handler, holder: UUID) -> None:
        self.handler = handler
        self.holder = holder
        self._at_work: dict[int, Filling] = {}

    async def go_on(self, workspace_id: int, at_once: int = AT_ONCE) -> int:
        """Do some slices of a workspace whose lease the caller holds; return how many were tried.

        None are while nothing but waiting is left.
        """
        filling = self._at_work.setdefault(workspace_id, Filling(self.handler, workspace_id, self.holder))
        for tried in range(at_once):
            if await filling.go_on():
                del self._at_work[workspace_id]
                return tried
            if filling.waits:
                return tried
        return at_once


def _unsettled(rows: list[SegmentRow]) -> list[SegmentRow]:
    return [row for row in rows if not row.settled]
