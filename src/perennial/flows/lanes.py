"""Natural batching: while one batch is handled, what arrives becomes the next one.

No timer and no waiting: with one client everything is its own batch, with many the cost of a transaction
is shared. A lane is one bucket of one workspace; one batch of a lane is in flight at a time, so what
concerns one customer is handled in the order in which it came.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Place = tuple[int, int]
"""A workspace and one of its buckets."""

Waiting = tuple[T, "asyncio.Future[R]"]


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
        del self._tasks[place]
