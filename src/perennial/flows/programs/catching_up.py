"""What a version does for everybody: figures that it asks for are counted, and timers are armed anew.

A version that asks for a figure nobody has counted so far finds it complete: it is worked out for every
customer before the version is there. What happens meanwhile is not counted yet, so whoever changed since is
counted again after it, and then every timer is armed for what the version may have made due. What a segment
asks for is counted in the same way.

What is left to do is written in the transaction that writes the version or the segment, and every slice moves
its cursor in its own. A process that dies leaves it open: a worker takes it up where it is, and it ends once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

from asyncpg import Connection

from perennial.core.compiling.compile import compile_version
from perennial.core.segments.compile_segments import based_on, compile_segments
from perennial.flows.configuration import in_order, kept_of
from perennial.flows.programs.backfill import SLICE, STRAGGLERS_SECONDS, Asked, latest_versions, recompute
from perennial.store.customers.customers import lock_customers
from perennial.store.database import Database
from perennial.store.history import FIRST, changed_customers, mark_writing, next_customers, oldest_writing
from perennial.store.leases import hold_lease, release_lease
from perennial.store.programs.backfills import (
    BackfillRow,
    BackfillState,
    SliceRow,
    SliceStep,
    end_backfill,
    list_slices,
    move_slice,
    open_backfills,
    read_backfill,
    read_slice,
    see_backfill,
    start_walking,
)
from perennial.store.programs.programs import load_versions
from perennial.store.segments import list_segments
from perennial.store.timers import arm_timers
from perennial.store.workspaces import WorkspaceRow
from perennial.units import SECOND, Instant

LEASE = "backfills"
LEASED: Instant = 30 * SECOND
SEEN_EVERY: Instant = 10 * SECOND
AT_ONCE = 20
"""So many slices a worker does before it looks after other work."""
CLOCKS_DIFFER: Instant = 60 * SECOND


class Walk:
    """One process at work on one back-fill. ``asked`` is found out where it is not given."""

    def __init__(
        self,
        database: Database,
        workspace: WorkspaceRow,
        backfill_id: UUID,
        asked: Sequence[Asked] | None = None,
        holder: UUID | None = None,
    ) -> None:
        self.database = database
        self.workspace = workspace
        self.backfill_id = backfill_id
        self.asked = asked
        self.holder = holder or uuid4()
        self._ws = workspace.workspace_id
        self._mark: int | None = None
        self._changed: dict[int, list[UUID]] = {}
        self._seen_at = 0
        self._row: BackfillRow | None = None
        self._open = [*reversed(workspace.buckets)]

    async def count_everybody(self) -> None:
        """Count what a version will ask for all customers; it is not there yet."""
        for bucket in self.workspace.buckets:
            while await self._step(bucket, None, SliceStep.COUNTING):
                await self._be_seen(leased=False)

    async def lease(self, conn: Connection) -> bool:
        """Take or keep the lease of the workspace's back-fills, in the caller's transaction."""
        now = wall_now()
        bucket = self.workspace.bucket_base
        return await hold_lease(conn, self._ws, bucket, LEASE, self.holder, now + LEASED, now)

    @property
    def waits(self) -> bool:
        """Whether batches that began before the version are under way yet."""
        return self._mark is not None

    async def finish(self) -> bool:
        """Do all that is left; False if what began before the version is under way for too long.

        Then, as after a death of this process, a worker does the rest.
        """
        patience = int(STRAGGLERS_SECONDS * 20)
        while not await self.go_on():
            if self.waits:
                patience -= 1
                if patience < 0:
                    break
                await asyncio.sleep(0.05)
        async with self.database.transaction(self._ws) as conn:
            await release_lease(conn, self._ws, self.workspace.bucket_base, LEASE, self.holder)
            return (await read_backfill(conn, self._ws, self.backfill_id)).state is BackfillState.DONE

    async def go_on(self) -> bool:
        """Do the next slice of what is left, whoever has done the one before; True if nothing is left."""
        await self._be_seen(leased=True)
        row = self._row
        if row is None:
            async with self.database.transaction(self._ws) as conn:
                row = await read_backfill(conn, self._ws, self.backfill_id)
                if self.asked is None and row.state is BackfillState.WALKING:
                    self.asked = await asked_by(conn, self._ws, row)
            if row.state is BackfillState.DONE:
                return True
            if row.state is BackfillState.WAITING:
                await self._wait(row)
                return False
            self._row = row
        if self._open:
            if not await self._step(self._open[-1], row, SliceStep.RECOUNTING, SliceStep.ARMING):
                self._open.pop()
            return False
        async with self.database.transaction(self._ws) as conn:
            await end_backfill(conn, self._ws, self.backfill_id, wall_now())
        return True

    async def _wait(self, row: BackfillRow) -> None:
        """Begin to walk as soon as all transactions have ended that were writing when this first looked.

        A batch that read the configuration before the version was there had locked its customers before.
        """
        if self._mark is None:
            async with self.database.transaction(self._ws) as conn:
                self._mark = await mark_writing(conn)
        async with self.database.transaction(self._ws) as conn:
            if await oldest_writing(conn) > self._mark:
                now = wall_now()
                await start_walking(conn, self._ws, row.backfill_id, id_at(now + CLOCKS_DIFFER), now)
                self._mark = None

    async def _step(self, bucket: int, row: BackfillRow | None, *steps: SliceStep) -> bool:
        """Do one slice of a bucket that is at one of ``steps``; False if nothing of them is left after it."""

        async def once() -> bool:
            async with self.database.transaction(self._ws) as conn:
                found = await read_slice(conn, self._ws, bucket, self.backfill_id)
                return found.step in steps and await self._do(conn, found, row) in steps

        return await self.database.retrying(once)

    async def _do(self, conn: Connection, found: SliceRow, row: BackfillRow | None) -> SliceStep:
        """Do the slice behind the cursor, unless somebody else does; return the bucket's step then."""
        ws, bucket = self._ws, found.bucket
        part = await self._next(conn, found, row)
        last = len(part) < SLICE
        after = _after(found.step, row) if last else found.step
        to = None if last else part[-1]
        if not await move_slice(conn, ws, self.backfill_id, found, after, to, len(part)):
            return found.step
        if found.step is SliceStep.ARMING and part:
            assert row is not None
            assert row.arms_at is not None, "it arms timers"
            locked = await lock_customers(conn, ws, bucket, part)
            living = [customer_id for customer_id, customer in locked.items() if customer.erased_at is None]
            await arm_timers(conn, ws, bucket, living, row.arms_at)
        elif part:
            await recompute(conn, ws, bucket, part, self.asked or ())
        return after

    async def _next(self, conn: Connection, found: SliceRow, row: BackfillRow | None) -> list[UUID]:
        """Return the customers behind the cursor, a slice of them."""
        if found.step is not SliceStep.RECOUNTING:
            return await next_customers(conn, self._ws, found.bucket, found.walked_to or FIRST, SLICE)
        assert row is not None
        assert row.until is not None, "it walks already"
        if found.bucket not in self._changed:
            span = (row.since, row.until)
            self._changed = {
                found.bucket: await changed_customers(conn, self._ws, found.bucket, span, found.walked_to)
            }
        left = self._changed[found.bucket]
        behind = found.walked_to or FIRST
        return [customer_id for customer_id in left if customer_id > behind][:SLICE]

    async def _be_seen(self, *, leased: bool) -> None:
        now = wall_now()
        if now - self._seen_at < SEEN_EVERY:
            return
        self._seen_at = now
        async with self.database.transaction(self._ws) as conn:
            if leased:
                await self.lease(conn)
            await see_backfill(conn, self._ws, self.backfill_id, now)


def _after(step: SliceStep, row: BackfillRow | None) -> SliceStep:
    if step is SliceStep.COUNTING:
        return SliceStep.RECOUNTING
    arms = step is SliceStep.RECOUNTING and row is not None and row.arms_at is not None
    return SliceStep.ARMING if arms else SliceStep.DONE


class CatchingUp:
    """What a worker does of what versions have left, because whoever published them is gone."""

    def __init__(self, database: Database, holder: UUID) -> None:
        self.database = database
        self.holder = holder
        self._walks: dict[UUID, Walk] = {}

    async def go_on(self, workspace: WorkspaceRow, at_once: int = AT_ONCE) -> int:
        """Do some slices of a workspace whose lease the caller holds; return how many were tried.

        None are while nothing but waiting is left.
        """
        tried = 0
        async with self.database.transaction(workspace.workspace_id) as conn:
            rows = await open_backfills(conn, workspace.workspace_id)
        for row in rows:
            walk = self._walks.get(row.backfill_id)
            if walk is None:
                walk = Walk(self.database, workspace, row.backfill_id, holder=self.holder)
                self._walks[row.backfill_id] = walk
            done = False
            while not done and tried < at_once:
                done = await walk.go_on()
                if walk.waits:
                    break
                tried += 1
            if done:
                del self._walks[row.backfill_id]
        return tried


async def asked_by(conn: Connection, workspace_id: int, row: BackfillRow) -> list[Asked]:
    """Return what asks for the metrics of a back-fill: its version that is there, and segments."""
    stored = await load_versions(conn, workspace_id)
    asking = [
        compile_version(each.program, each.program_id, each.number, each.valid_from, each.units)
        for each in stored
        if (each.program_id, each.number) == (row.program_id, row.version)
    ]
    if segments := [kept_of(each) for each in await list_segments(conn, workspace_id)]:
        bases = [based_on(each) for each in latest_versions(stored).values()]
        asking += compile_segments(segments, in_order(bases)).versions
    wanted = frozenset(row.metrics)
    asked = [(each, wanted & {metric.number for metric in each.metrics}) for each in asking]
    return [(version, metrics) for version, metrics in asked if metrics]


async def slices_of(conn: Connection, workspace: WorkspaceRow, backfill_id: UUID) -> list[SliceRow]:
    """Return how far every bucket of a workspace is."""
    return await list_slices(conn, workspace.workspace_id, workspace.span, backfill_id)


def id_at(instant: Instant) -> UUID:
    """Return an id that comes before all that are made at an instant of wall time or later."""
    return UUID(int=(instant // 1_000) << 80)


def wall_now() -> Instant:
    """Return the instant that the wall clock shows."""
    return time.time_ns() // 1_000
