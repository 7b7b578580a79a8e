"""What comes through the doors of one process: commands in batches, one transaction each; see ``lanes``."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from zlib import crc32

import msgspec

from perennial.flows.answers import Answer
from perennial.flows.commands import (
    ApplyEntered,
    ChangeEntitlement,
    ChangeHold,
    Command,
    ConvertOwner,
    ExpireHold,
    Identified,
    Introduced,
    MoveInSegment,
    PostEvent,
    PostRedemption,
    PostReturn,
    PostRollback,
    PostTransfer,
    PutCustomer,
    PutOrder,
    RedeemHold,
    ReferralPair,
    ReviewReferral,
    RunTimers,
    TakeTurn,
)
from perennial.flows.handle_events import Handler
from perennial.flows.identifying import Lookups, find_meant
from perennial.flows.lanes import Lanes, Place, Waiting
from perennial.flows.merged import GONE, merged_into
from perennial.flows.referring.introduce import introduce, with_note
from perennial.units import bucket_of

MAX_BATCH = 256

SPLIT_FROM = 2 * MAX_BATCH
"""From so many commands on what comes in bulk goes down two lanes: while one writes, the other decides."""

# What names its customer by an internal id, and so its bucket.
_BY_THEIR_BUCKET = (
    ChangeEntitlement,
    TakeTurn,
    RunTimers,
    ExpireHold,
    ReviewReferral,
    ConvertOwner,
    MoveInSegment,
    ApplyEntered,
)
# What goes by its own id where no customer is named.
_OF_GUESTS = (PutOrder, PostRedemption, ChangeHold, RedeemHold)


class Buckets(msgspec.Struct, frozen=True):
    """How the customers of a workspace are spread; never changes."""

    base: int
    count: int


class Intake:
    """Takes commands from the doors of one process and answers each when its batch is committed."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self._lanes: Lanes[Command, Answer] = Lanes(self._handle, _take)
        self._lanes_beside: Lanes[Command, Answer] = Lanes(self._handle, _take)
        self._buckets: dict[int, Buckets] = {}
        self._lookups = Lookups(handler.database)

    async def submit(self, workspace_id: int, command: Command | Identified | Introduced) -> Answer:
        """Handle one command and return its answer, after the commit."""
        if isinstance(command, Introduced):
            return await self._introduce(workspace_id, command)
        if isinstance(command, Identified):
            meant = await self._lookups.find(workspace_id, command)
            if isinstance(meant, Answer):
                return meant
            command = meant
        answer = await (await self._enqueue(workspace_id, command))
        return answer if answer.status != GONE else await self._follow(workspace_id, command, answer)

    async def _follow(self, workspace_id: int, command: Command, answer: Answer) -> Answer:
        """Send a command for a customer who was merged again, for the survivor."""
        survivor = merged_into(answer)
        if survivor is None or getattr(command, "customer", None) is None:
            return answer
        return await self.submit(workspace_id, msgspec.structs.replace(command, customer=survivor))

    async def _introduce(self, workspace_id: int, introduced: Introduced) -> Answer:
        """Handle a command with where its customer came from: an order after that, a customer before.

        By what a customer is known is compared with the advocate, and so it has to be known first.
        """
        command: Command | Identified | Answer = introduced.command
        if isinstance(command, Identified):
            command = await self._lookups.find(workspace_id, command)
            if isinstance(command, Answer):
                return command
        if isinstance(command, PutCustomer):
            answer = await self.submit(workspace_id, command)
            if answer.status >= 400:
                return answer
            note = await introduce(self.handler, workspace_id, command.customer, introduced)
            return with_note(answer, note)
        assert isinstance(command, PutOrder), "nothing else is introduced"
        found = msgspec.structs.replace(introduced, command=command)
        note = await introduce(self.handler, workspace_id, command.customer, found)
        return with_note(await self.submit(workspace_id, command), note)

    async def submit_many(
        self, workspace_id: int, commands: Sequence[Command | Identified | Introduced]
    ) -> list[Answer]:
        """Handle commands in bulk; those of one customer in the order given.

        Identifiers are looked up before any of the commands is handled. What comes with where its customer
        came from is handled alone: what was before it first.
        """
        answered: list[Answer] = []
        waiting: list[Command | Identified] = []
        for command in commands:
            if isinstance(command, Introduced):
                answered += await self._submit_many(workspace_id, waiting)
                waiting = []
                answered.append(await self._introduce(workspace_id, command))
            else:
                waiting.append(command)
        return answered + await self._submit_many(workspace_id, waiting)

    async def _submit_many(self, workspace_id: int, commands: Sequence[Command | Identified]) -> list[Answer]:
        identified = [command for command in commands if isinstance(command, Identified)]
        found = iter(await find_meant(self.handler.database, workspace_id, identified) if identified else ())
        meant = [next(found) if isinstance(command, Identified) else command for command in commands]
        splits = may_be_split(meant)
        futures = {
            index: await self._enqueue(workspace_id, command, beside=splits and _goes_beside(command))
            for index, command in enumerate(meant)
            if not isinstance(command, Answer)
        }
        answers = dict(zip(futures, await asyncio.gather(*futures.values()), strict=True))
        for index, answer in answers.items():
            command = meant[index]
            if answer.status == GONE and not isinstance(command, Answer):
                answers[index] = await self._follow(workspace_id, command, answer)
        return [command if isinstance(command, Answer) else answers[i] for i, command in enumerate(meant)]

    async def has_one_bucket(self, workspace_id: int) -> bool:
        """Whether all customers of a workspace share a lane, so that a command need not name its own."""
        return (await self._spread(workspace_id)).count == 1

    async def close(self) -> None:
        """Finish what is in flight. The doors must have stopped taking commands."""
        await asyncio.gather(self._lanes.close(), self._lanes_beside.close())

    async def _enqueue(
        self, workspace_id: int, command: Command, *, beside: bool = False
    ) -> asyncio.Future[Answer]:
        lanes = self._lanes_beside if beside else self._lanes
        return lanes.enqueue((workspace_id, await self.bucket(workspace_id, command)), command)

    async def bucket(self, workspace_id: int, command: Command) -> int:
        """Return the bucket in which a command is handled."""
        buckets = self._buckets.get(workspace_id) or await self._spread(workspace_id)
        return bucket_of_command(buckets, command)

    async def _spread(self, workspace_id: int) -> Buckets:
        buckets = self._buckets.get(workspace_id)
        if buckets is None:
            row = await self.handler.read_workspace(workspace_id)
            buckets = self._buckets[workspace_id] = Buckets(row.bucket_base, row.bucket_count)
        return buckets

    async def _handle(self, place: Place, taken: Sequence[Waiting[Command, Answer]]) -> None:
        answers = await self.handler.handle_batch(*place, [command for command, _ in taken])
        for (_, future), answer in zip(taken, answers, strict=True):
            if not future.done():
                future.set_result(answer)


def _take(waiting: deque[Waiting[Command, Answer]]) -> list[Waiting[Command, Answer]]:
    return [waiting.popleft() for _ in range(min(MAX_BATCH, len(waiting)))]


def may_be_split(commands: Sequence[Command | Answer]) -> bool:
    """Whether commands in bulk may go down two lanes: they are many, and no two of different customers meet.

    All of them concern one customer alone, and no id stands for two of them, of which the first has to come
    first.
    """
    if len(commands) < SPLIT_FROM:
        return False
    ids: set[tuple[type, str | None]] = set()
    for command in commands:
        if isinstance(command, Answer):
            continue
        if _concerns_alone(command) is None:
            return False
        given = (type(command), getattr(command, "id", None))
        if given[1] is not None and given in ids:
            return False
        ids.add(given)
    return True


def _concerns_alone(command: Command) -> str | None:
    """Return the customer whom alone a command concerns; None where an earlier line of another may matter.

    Who spends may spend what somebody else of the household has earned just before, an address may have
    been another customer's, and the return of an order names none.
    """
    match command:
        case PutOrder() | PostEvent() | PutCustomer(identifiers=None):
            return command.customer
    return None


def _goes_beside(command: Command) -> bool:
    """Whether a command in bulk goes down the second lane: half of the customers do, whatever they do."""
    return crc32((_concerns_alone(command) or "").encode()) & 1 == 1


def bucket_of_command(buckets: Buckets, command: Command) -> int:
    """Return the bucket of the customer of a command; a guest's order goes by its own id."""
    if buckets.count == 1:
        return buckets.base
    if isinstance(command, _BY_THEIR_BUCKET):
        return command.bucket
    if isinstance(command, PostTransfer):
        return bucket_of(command.sender, buckets.base, buckets.count)
    if isinstance(command, _OF_GUESTS) and command.customer is None:
        return bucket_of(command.id, buckets.base, buckets.count)
    if isinstance(command, PostReturn) and command.customer is None:
        return bucket_of(command.order, buckets.base, buckets.count)
    if isinstance(command, PostRollback) and command.customer is None:
        return bucket_of(command.redemption, buckets.base, buckets.count)
    assert not isinstance(command, ReferralPair), "it has a transaction of its own"
    assert command.customer is not None
    return bucket_of(command.customer, buckets.base, buckets.count)
