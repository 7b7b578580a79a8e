"""Callers who never stop: they note every write, and repeat the ones of which they heard nothing."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from random import Random
from typing import Any, NamedTuple

import msgspec

from tests.races.caller import Call, Caller, NoAnswerError, Reply
from tests.races.shop import adjustment, order

MEMBERS = tuple(f"m{number}" for number in range(24))
HOMES = {"m0": "north", "m1": "north", "m2": "south", "m3": "south"}
"""Who lives in which household: what they do is posted there, in whatever bucket it lies."""

START = 1_000_000
"""What every member has at the beginning, so that nothing is refused."""

SETTLE_SECONDS = 60.0
"""How long a write may stay unknown before the test fails."""

THINK_SECONDS = 0.06
"""How long a caller waits at most before the next write: the server must also get to start again."""

_PAUSE_SECONDS = 0.03


class Change(NamedTuple):
    """By how much one member's balance changes."""

    member: str
    points: int


class Write(msgspec.Struct):
    """One request: how its id is named inside, what it does, and what its caller heard.

    ``unknown`` says that at least one attempt got no answer, or a 503; ``done_before``, that the
    repeated request was answered as a replay: the lost answer was that of a write.
    """

    kind: str
    name: str
    call: Call
    changes: tuple[Change, ...]
    unknown: bool = False
    done_before: bool = False
    answer: bytes | None = None


class Load:
    """Callers at work; :meth:`pause` returns when all of them have settled what they had begun."""

    def __init__(self, port: int, secret: str, callers: int, seed: int) -> None:
        self.writes: list[Write] = []
        self._port = port
        self._secret = secret
        self._going = asyncio.Event()
        self._idle = 0
        self._tasks = [
            asyncio.create_task(self._shop(number, Random(f"{seed}-{number}"))) for number in range(callers)
        ]

    @property
    def settled(self) -> int:
        """How many writes were answered."""
        return sum(write.answer is not None for write in self.writes)

    @property
    def unanswered(self) -> list[Write]:
        """The writes that wait for an answer."""
        return [write for write in self.writes if write.answer is None]

    def resume(self) -> None:
        """Let the callers go on."""
        self._going.set()

    async def pause(self) -> None:
        """Let every caller settle its last write, and none begin another."""
        self._going.clear()
        await self.until(lambda: self._idle == len(self._tasks))

    async def until(self, holds: Any) -> None:
        """Wait until ``holds()``; fail if a caller failed, or if it takes too long."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while not holds():
            for task in self._tasks:
                if task.done():
                    task.result()
            assert time.monotonic() < deadline, f"{len(self.unanswered)} writes are not answered"
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """End all callers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _shop(self, number: int, random: Random) -> None:
        writer = _Writer(number, random)
        line = _Line(self._port, self._secret)
        try:
            while True:
                if not self._going.is_set():
                    self._idle += 1
                    await self._going.wait()
                    self._idle -= 1
                write = writer.next()
                self.writes.append(write)
                await line.settle(write)
                await asyncio.sleep(random.uniform(0, THINK_SECONDS))
        finally:
            await line.close()


class _Line:
    """A connection that is opened again whenever it breaks."""

    def __init__(self, port: int, secret: str) -> None:
        self._port = port
        self._secret = secret
        self._caller: Caller | None = None

    async def settle(self, write: Write) -> None:
        """Send a write until it is answered."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while (reply := await self._attempt(write)) is None:
            write.unknown = True
            assert time.monotonic() < deadline, f"{write.name} is not answered"
            await asyncio.sleep(_PAUSE_SECONDS)
        assert reply.status in {200, 201}, (write.call, reply)
        assert reply.status == 201 or write.unknown, (write.call, reply)
        write.done_before = reply.replayed
        write.answer = reply.body

    async def _attempt(self, write: Write) -> Reply | None:
        """Send a write once; None says that its outcome is unknown."""
        try:
            if self._caller is None:
                self._caller = await Caller.connect(self._port, self._secret)
            reply = await self._caller.ask(*write.call[:3])
        except (NoAnswerError, OSError):
            await self.close()
            return None
        return None if reply.status == 503 else reply

    async def close(self) -> None:
        """Hang up."""
        if self._caller is not None:
            caller, self._caller = self._caller, None
            await caller.close()


class _Writer:
    """Makes up the writes of one caller: orders, returns of them, events, claims, transfers, corrections."""

    def __init__(self, number: int, random: Random) -> None:
        self._number = number
        self._random = random
        self._count = 0
        self._orders: list[tuple[str, str, int]] = []

    def next(self) -> Write:
        """Return the next write."""
        self._count += 1
        name = f"w{self._number}-{self._count}"
        member = self._random.choice(MEMBERS)
        turn = self._random.randrange(10)
        if turn < 4:
            return self._order(name, member)
        if turn == 4 and self._orders:
            return self._return(name)
        if turn < 7:
            others = [each for each in MEMBERS if owner_of(each) != owner_of(member)]
            other = self._random.choice(others)
            return _transfer(name, member, other, self._random.randrange(1, 9))
        if turn == 7:
            body = {"id": name, "reward": "five-off"}
            call = Call("POST", f"/v1/customers/{member}/claims", body)
            return Write("claim", name, call, (Change(member, -500),))
        if turn == 8:
            body = {"id": name, "type": "review.posted", "customer": member}
            return Write("event", name, Call("POST", "/v1/events", body), (Change(member, 50),))
        points = self._random.randrange(1, 9)
        call = Call("POST", "/v1/adjustments", adjustment(name, member, points))
        return Write("adjustment", name, call, (Change(member, points),))

    def _order(self, name: str, member: str) -> Write:
        first, second = (self._random.randrange(1, 40) for _ in range(2))
        self._orders.append((name, member, second))
        call = Call("PUT", f"/v1/orders/{name}", order(member, 100 * first, 100 * second))
        return Write("order", name, call, (Change(member, first + second),))

    def _return(self, name: str) -> Write:
        """Return the second line of an order that this caller has placed, and heard of, before."""
        placed, member, points = self._orders.pop(0)
        body = {"id": name, "lines": [{"line": "2", "quantity": 1}]}
        return Write(
            "return", name, Call("POST", f"/v1/orders/{placed}/returns", body), (Change(member, -points),)
        )


def _transfer(name: str, sender: str, receiver: str, points: int) -> Write:
    body = {"id": name, "from": sender, "to": receiver, "wallet": "points", "points": points, "reason": "r"}
    call = Call("POST", "/v1/transfers", body)
    return Write("transfer", name, call, (Change(sender, -points), Change(receiver, points)))


def owner_of(member: str) -> tuple[str, str]:
    """Return of what kind and name is whoever keeps a member's points."""
    return ("household", HOMES[member]) if member in HOMES else ("customer", member)


def totals(writes: list[Write]) -> Counter[str]:
    """Return what every member who lives alone and every household has after these writes."""
    balances = Counter[str]()
    for member in MEMBERS:
        balances[owner_of(member)[1]] += START
    for write in writes:
        for change in write.changes:
            balances[owner_of(change.member)[1]] += change.points
    return balances
