"""The job worker: due timers and messages of every workspace, and the sealing of what was committed.

Several workers may run at once: a bucket is worked on by whoever holds its lease. A lease is taken
and renewed by wall time; business time of a sandbox is its own clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from perennial.flows.checkout.expire_holds import expire_holds
from perennial.flows.claims.take_turns import take_turns
from perennial.flows.conversions.run_conversions import run_conversions
from perennial.flows.handle_events import Handler
from perennial.flows.messaging.send_messages import NO_CHANNELS, Channels, send_messages
from perennial.flows.programs.catching_up import LEASE as LEASE_OF_BACKFILLS
from perennial.flows.programs.catching_up import CatchingUp
from perennial.flows.programs.planned_versions import publish_due_plans
from perennial.flows.referring.settle_referrals import settle_referrals
from perennial.flows.run_timers import run_due_timers
from perennial.flows.segments.filling import LEASE as LEASE_OF_SEGMENTS
from perennial.flows.segments.filling import FillingUp
from perennial.store.audits.seal import seal
from perennial.store.codes.redemptions import buckets_with_due_holds
from perennial.store.codes.waits import workspaces_with_lines
from perennial.store.conversions import buckets_with_due_conversions
from perennial.store.customers.referrals import buckets_with_due_referrals
from perennial.store.database import AWAY, Database
from perennial.store.leases import hold_lease
from perennial.store.messages import buckets_with_due_messages
from perennial.store.programs.backfills import workspaces_with_open_backfills
from perennial.store.programs.planned_versions import workspaces_with_due_plans
from perennial.store.segments import workspaces_with_unsettled_segments
from perennial.store.timers import due_buckets
from perennial.store.workspaces import WorkspaceRow, list_workspaces
from perennial.units import SECOND, Instant

PAUSE_SECONDS = 0.5
"""How long the worker rests when nothing is due."""

SEAL_EVERY_SECONDS = 5.0
BLOCKS_AT_A_TURN = 50
"""So much of a bucket is sealed each time: 10,000 rows a second, over twice what `bench ingest` writes."""

LEASE: Instant = 30 * SECOND

_log = logging.getLogger("perennial.jobs")


class Worker:
    """Runs due work until it is told to stop; a failure of one bucket is logged and tried again.

    A database that is away is said once, and once more when it is back.

    ``dispatcher`` is a pool in the dispatcher's role, which sees where something is due and no more.
    ``channels`` are how messages leave.
    """

    def __init__(self, handler: Handler, dispatcher: Database, channels: Channels = NO_CHANNELS) -> None:
        self.handler = handler
        self.database = handler.database
        self.dispatcher = dispatcher
        self.channels = channels
        self.holder: UUID = uuid4()
        self._waiting = False
        self.catching_up = CatchingUp(self.database, self.holder)
        self.filling_up = FillingUp(handler, self.holder)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; what is in flight is finished.

        Messages are sent beside everything else: a server that is slow to take them holds up nothing.
        """
        async with asyncio.TaskGroup() as both:
            both.create_task(self._run_jobs(stop))
            both.create_task(self._run_messages(stop))

    async def _run_messages(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not await self._guarded(self.send_messages):
                await _rest(stop)

    async def _run_jobs(self, stop: asyncio.Event) -> None:
        sealed_at = 0.0
        while not stop.is_set():
            busy = await self._guarded(self.run_timers) + await self._guarded(self.expire_holds)
            busy += await self._guarded(self.settle_referrals)
            busy += await self._guarded(self.convert)
            busy += await self._guarded(self.take_turns)
            busy += await self._guarded(self.publish_planned)
            busy += await self._guarded(self.catch_up)
            busy += await self._guarded(self.fill_segments)
            if time.monotonic() - sealed_at >= SEAL_EVERY_SECONDS:
                await self._guarded(self.seal_all)
                sealed_at = time.monotonic()
            if not busy:
                await _rest(stop)

    async def _guarded(self, work: Callable[[], Awaitable[int]]) -> int:
        try:
            done = await work()
        except AWAY as error:
            if not self._waiting:
                _log.warning("jobs wait: the database is not available: %r", error)
            self._waiting = True
            return 0
        except Exception:  # noqa: BLE001 - one bucket must not end the work on all others
            _log.exception("a job failed; it is tried again")
            return 0
        if self._waiting:
            _log.warning("jobs go on: the database is available again")
        self._waiting = False
        return done

    async def run_timers(self) -> int:
        """Run what is due now in every bucket that this worker gets the lease of."""
        now = time.time_ns() // 1000
        async with self.dispatcher.unbound() as conn:
            due = await due_buckets(conn, now)
        ran = 0
        for workspace_id, bucket in due:
            row = await self.handler.read_workspace(workspace_id)
            if await self._leased(workspace_id, bucket, "timers"):
                ran += await run_due_timers(self.handler, workspace_id, bucket, _business_now(row, now))
        return ran

    async def expire_holds(self) -> int:
        """Release the holds that are over in every bucket that this worker gets the lease of."""
        now = time.time_ns() // 1000
        async with self.dispatcher.unbound() as conn:
            due = await buckets_with_due_holds(conn, now)
        released = 0
        for workspace_id, bucket in due:
            row = await self.handler.read_workspace(workspace_id)
            if await self._leased(workspace_id, bucket, "holds"):
                released += await expire_holds(self.handler, workspace_id, bucket, _business_now(row, now))
        return released

    async def settle_referrals(self) -> int:
        """Go through with the referrals that are due in every bucket that this worker gets the lease of."""
        now = time.time_ns() // 1000
        async with self.dispatcher.unbound() as conn:
            due = await buckets_with_due_referrals(conn, now)
        settled = 0
        for workspace_id, bucket in due:
            row = await self.handler.read_workspace(workspace_id)
            if await self._leased(workspace_id, bucket, "referrals"):
                until = _business_now(row, now)
                settled += await settle_referrals(self.handler, workspace_id, bucket, until)
        return settled

    async def convert(self) -> int:
        """Do what conversions have to do in every bucket that this worker gets the lease of."""
        now = time.time_ns() // 1000
        async with self.dispatcher.unbound() as conn:
            due = await buckets_with_due_conversions(conn, now)
        handled = 0
        for workspace_id, bucket in due:
            row = await self.handler.read_workspace(workspace_id)
            if await self._leased(workspace_id, bucket, "conversions"):
                handled += await run_conversions(self.handler, workspace_id, bucket, _business_now(row, now))
        return handled

    async def take_turns(self) -> int:
        """Give what came free to those who wait, in every workspace that this worker gets the lease of."""
        async with self.dispatcher.unbound() as conn:
            waiting = await workspaces_with_lines(conn)
        served = 0
        for workspace_id in waiting:
            row = await self.handler.read_workspace(workspace_id)
            if await self._leased(workspace_id, row.bucket_base, "lines"):
                served += await take_turns(self.handler, workspace_id)
        return served

    async def publish_planned(self) -> int:
        """Publish what was planned for now, in every workspace that this worker gets the lease of."""
        now = time.time_ns() // 1000
        async with self.dispatcher.unbound() as conn:
            due = await workspaces_with_due_plans(conn, now)
        ended = 0
        for workspace_id in due:
            row = await self.handler.read_workspace(workspace_id)
            if await self._leased(workspace_id, row.bucket_base, "plans"):
                until = _business_now(row, now)
                codebook = self.handler.codebook
                ended += await publish_due_plans(self.database, workspace_id, until, codebook)
        return ended

    async def catch_up(self) -> int:
        """Go on with what versions have left to do, in every workspace that this worker gets the lease of."""
        async with self.dispatcher.unbound() as conn:
            left = await workspaces_with_open_backfills(conn)
        tried = 0
        for workspace_id in left:
            row = await self.handler.read_workspace(workspace_id)
            if await self._leased(workspace_id, row.bucket_base, LEASE_OF_BACKFILLS):
                tried += await self.catching_up.go_on(row)
        return tried

    async def fill_segments(self) -> int:
        """Go on with filling segments, in every workspace that this worker gets the lease of."""
        async with self.dispatcher.unbound() as conn:
            unsettled = await workspaces_with_unsettled_segments(conn)
        tried = 0
        for workspace_id in unsettled:
            row = await self.handler.read_workspace(workspace_id)
            if await self._leased(workspace_id, row.bucket_base, LEASE_OF_SEGMENTS):
                tried += await self.filling_up.go_on(workspace_id)
        return tried

    async def send_messages(self) -> int:
        """Send what is due in every bucket that this worker gets the lease of."""
        async with self.dispatcher.unbound() as conn:
            due = await buckets_with_due_messages(conn, time.time_ns() // 1000)
        self.channels.figures.oldest_due(min((at for _, _, at in due if at is not None), default=None))
        sent = 0
        for workspace_id, bucket, _ in due:
            if await self._leased(workspace_id, bucket, "messages"):
                sent += await send_messages(self.handler, workspace_id, bucket, self.channels)
        return sent

    async def seal_all(self) -> int:
        """Seal what was committed since the last blocks, in every bucket; return how many blocks."""
        blocks = 0
        async with self.database.unbound() as conn:
            workspaces = await list_workspaces(conn)
        for row in workspaces:
            for bucket in row.buckets:
                if await self._leased(row.workspace_id, bucket, "seal"):
                    blocks += await self._seal(row.workspace_id, bucket)
        return blocks

    async def _seal(self, workspace_id: int, bucket: int) -> int:
        async with self.database.transaction(workspace_id) as conn:
            for made in range(BLOCKS_AT_A_TURN):
                if await seal(conn, workspace_id, bucket, time.time_ns() // 1000) is None:
                    return made
        return BLOCKS_AT_A_TURN

    async def _leased(self, workspace_id: int, bucket: int, name: str) -> bool:
        now = time.time_ns() // 1000
        async with self.database.transaction(workspace_id) as conn:
            return await hold_lease(conn, workspace_id, bucket, name, self.holder, now + LEASE, now)


async def _rest(stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)


def _business_now(row: WorkspaceRow, now: Instant) -> Instant:
    return row.clock_at if row.sandbox and row.clock_at is not None else now
