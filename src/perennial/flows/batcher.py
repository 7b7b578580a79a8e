"""Natural batching: while one batch commits, what arrives becomes the next one.

No timer and no waiting: with one client every command is its own batch, with many the cost of a
commit is shared. A lane is one bucket of one workspace; one batch of a lane is in flight at a time,
so the commands of a customer are handled in the order in which they came.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

import msgspec

from perennial.flows.answers import Answer
from perennial.flows.commands import (
    ChangeEntitlement,
    Command,
    ExpireHold,
    Identified,
    PostRedemption,
    PostRollback,
    PostTransfer,
    PutOrder,
    RedeemHold,
    RunTimers,
)
from perennial.flows.handle_events import Handler
from perennial.flows.identifying import Lookups, find_meant
from perennial.units import bucket_of

MAX_BATCH = 256

_OF_GUESTS = (PutOrder, PostRedemption, RedeemHold)
# What goes by its own id where no customer is named.


class Buckets(msgspec.Struct, frozen=True):
    """How the customers of a workspace are spread; never changes."""

    base: int
    count: int


class _Lane:
    def __init__(self) -> None:
        self.waiting: deque[tuple[Command, asyncio.Future[Answer]]] = deque()
        self.task: asyncio.Task[None] | None = None


class Intake:
    """Takes commands from the doors of one process and answers each when its batch is committed."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self._lanes: dict[tuple[int, int], _Lane] = {}
        self._buckets: dict[int, Buckets] = {}
        self._lookups = Lookups(handler.database)

    async def submit(self, workspace_id: int, command: Command | Identified) -> Answer:
        """Handle one command and return its answer, after the commit."""
        if isinstance(command, Identified):
            meant = await self._lookups.find(workspace_id, command)
            if isinstance(meant, Answer):
                return meant
            command = meant
        return await (await self._enqueue(workspace_id, command))

    async def submit_many(self, workspace_id: int, commands: Sequence[Command | Identified]) -> list[Answer]:
        """Handle commands in bulk; those of one customer in the order given.

        Identifiers are looked up before any of the commands is handled.
        """
        identified = [command for command in commands if isinstance(command, Identified)]
        found = iter(await find_meant(self.handler.database, workspace_id, identified) if identified else ())
        meant = [next(found) if isinstance(command, Identified) else command for command in commands]
        futures = {
            index: await self._enqueue(workspace_id, command)
            for index, command in enumerate(meant)
            if not isinstance(command, Answer)
        }
        answers = dict(zip(futures, await asyncio.gather(*futures.values()), strict=True))
        return [command if isinstance(command, Answer) else answers[i] for i, command in enumerate(meant)]

    async def has_one_bucket(self, workspace_id: int) -> bool:
        """Whether all customers of a workspace share a lane, so that a command need not name its own."""
        return (await self._spread(workspace_id)).count == 1

    async def close(self) -> None:
        """Finish what is in flight. The doors must have stopped taking commands."""
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
        await asyncio.gather(*tasks)

    async def _enqueue(self, workspace_id: int, command: Command) -> asyncio.Future[Answer]:
        buckets = self._buckets.get(workspace_id) or await self._spread(workspace_id)
        bucket = bucket_of_command(buckets, command)
        lane = self._lanes.setdefault((workspace_id, bucket), _Lane())
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        lane.waiting.append((command, future))
        if lane.task is None:
            lane.task = asyncio.create_task(self._run(lane, workspace_id, bucket))
        return future

    async def _spread(self, workspace_id: int) -> Buckets:
        buckets = self._buckets.get(workspace_id)
        if buckets is None:
            row = await self.handler.read_workspace(workspace_id)
            buckets = self._buckets[workspace_id] = Buckets(row.bucket_base, row.bucket_count)
        return buckets

    async def _run(self, lane: _Lane, workspace_id: int, bucket: int) -> None:
        while lane.waiting:
            size = min(MAX_BATCH, len(lane.waiting))
            taken = [lane.waiting.popleft() for _ in range(size)]
            try:
                answers = await self.handler.handle_batch(
                    workspace_id, bucket, [command for command, _ in taken]
                )
            except Exception as error:  # noqa: BLE001 - whatever it is, the callers must hear of it
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in zip(taken, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        lane.task = None


def bucket_of_command(buckets: Buckets, command: Command) -> int:
    """Return the bucket of the customer of a command; a guest's order goes by its own id."""
    if buckets.count == 1:
        return buckets.base
    if isinstance(command, ChangeEntitlement | RunTimers | ExpireHold):
        return command.bucket
    if isinstance(command, PostTransfer):
        return bucket_of(command.sender, buckets.base, buckets.count)
    if isinstance(command, _OF_GUESTS) and command.customer is None:
        return bucket_of(command.id, buckets.base, buckets.count)
    if isinstance(command, PostRollback) and command.customer is None:
        return bucket_of(command.redemption, buckets.base, buckets.count)
    assert command.customer is not None
    return bucket_of(command.customer, buckets.base, buckets.count)
