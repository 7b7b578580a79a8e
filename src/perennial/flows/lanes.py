"""Natural batching: while one batch is handled, what arrives becomes the next one.

No timer and no waiting: with one client everything is its own batch, with many the cost of a transaction
is shared. A lane is one bucket of one workspace; one batch of a lane is in flight at a time, so what
concerns one customer is handled in the order in which it came.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Place = tuple[int, int]
"""A workspace and one of its buckets."""

Waiting = tuple[T, "asyncio.Future[R]"]

QUIET_TURNS = 3
"""After so many turns of the event loop without anything new, nothing that has arrived is still unread.

In one turn an answer is sent or a request read, in the next that request is handled up to its lane.
"""

MOST_TURNS = 24
"""So many turns the event loop gets between two batches at the most, whatever comes."""


class Lanes(Generic[T, R]):
    """Takes things one by one and has each batch of them handled together.

    ``handle`` answers every future of its batch; an exception that it raises answers those that are left.
    ``take`` removes the next batch from what is waiting, at least one.
    """

    def __init__(
        self,
        handle: Callable[[Place, Sequence[Waiting[T, R]]], Awaitable[None]],
        take: Callable[[deque[Waiting[T, R]]], list[Waiting[T, R]]],
    ) -> None:
        self._handle = handle
        self._take = take
        self._waiting: dict[Place, deque[Waiting[T, R]]] = {}
        self._tasks: dict[Place, asyncio.Task[None]] = {}

    def enqueue(self, place: Place, item: T) -> asyncio.Future[R]:
        """Put something into a lane and return the future of its answer."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(place, deque()).append((item, future))
        if place not in self._tasks:
            self._tasks[place] = asyncio.create_task(self._run(place))
        return future

    async def close(self) -> None:
        """Finish what is in flight. The doors must have stopped taking anything."""
        await asyncio.gather(*self._tasks.values())

    async def _run(self, place: Place) -> None:
        waiting = self._waiting[place]
        while waiting:
            taken = self._take(waiting)
            try:
                await self._handle(place, taken)
            except Exception as error:  # noqa: BLE001 - whatever it is, the callers must hear of it
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
            await _let_in(waiting)
        del self._tasks[place]


async def _let_in(waiting: deque[Waiting[T, R]]) -> None:
    """Let the answers of a batch leave and what has arrived meanwhile come in, without waiting for anything.

    Otherwise what lies unread in the sockets would miss the next batch, which costs much whatever its size.
    Whoever was answered needs a processor to ask again: when the answers have left, ours is to be had.
    """
    quiet = 0
    for turn in range(MOST_TURNS):
        if turn == 1:
            os.sched_yield()
        before = len(waiting)
        await asyncio.sleep(0)
        quiet = quiet + 1 if len(waiting) == before else 0
        if quiet == QUIET_TURNS:
            return
