"""Lanes: what arrives while a batch is handled is the next one, whole, and nobody waits for a timer."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Sequence

import pytest

from perennial.flows.lanes import MOST_TURNS, Lanes, Place, Waiting

PLACE = (1, 1)


class Counted:
    """Lanes whose batches wait for a word each, and are remembered by their size."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.go = asyncio.Semaphore(0)
        self.lanes: Lanes[int, int] = Lanes(self._handle, _all)

    async def _handle(self, place: Place, taken: Sequence[Waiting[int, int]]) -> None:
        assert place == PLACE
        self.sizes.append(len(taken))
        await self.go.acquire()
        for number, future in taken:
            future.set_result(number)

    async def until_batches(self, count: int) -> None:
        """Wait until so many batches have begun."""
        async with asyncio.timeout(30):
            while len(self.sizes) < count:
                await asyncio.sleep(0)


def _all(waiting: deque[Waiting[int, int]]) -> list[Waiting[int, int]]:
    taken = [*waiting]
    waiting.clear()
    return taken


async def test_whoever_was_answered_and_comes_again_at_once_is_in_the_next_batch() -> None:
    """The next batch is not the one who came meanwhile alone: what is on its way gets in first."""
    counted = Counted()

    async def caller(times: int) -> None:
        for number in range(times):
            assert await counted.lanes.enqueue(PLACE, number) == number
            await asyncio.sleep(0)  # as long as it takes to read a request that is there

    callers = [asyncio.create_task(caller(2)) for _ in range(4)]
    await counted.until_batches(1)
    late = counted.lanes.enqueue(PLACE, 9)
    counted.go.release()
    await counted.until_batches(2)
    for _ in range(5):
        counted.go.release()
    assert await late == 9
    await asyncio.gather(*callers)
    await counted.lanes.close()
    assert counted.sizes == [4, 5]


async def test_a_stream_that_never_ends_does_not_hold_a_batch_up() -> None:
    """However many come, one after the other, the next batch begins after so many turns at the most."""
    counted = Counted()
    futures = [counted.lanes.enqueue(PLACE, 0)]
    await counted.until_batches(1)
    counted.go.release()
    async with asyncio.timeout(30):
        while len(counted.sizes) < 2:
            futures.append(counted.lanes.enqueue(PLACE, 0))
            await asyncio.sleep(0)
    for _ in range(len(futures)):
        counted.go.release()
    await asyncio.gather(*futures)
    await counted.lanes.close()
    assert len(counted.sizes) <= 3
    assert 1 < counted.sizes[1] <= MOST_TURNS + 2


async def test_a_processor_is_given_away_once_the_answers_have_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers on the same machine get to ask again: between two batches, after the answers, and once."""
    counted = Counted()
    said: list[str] = []
    monkeypatch.setattr(os, "sched_yield", lambda: said.append("gives way"))

    async def caller() -> None:
        await counted.lanes.enqueue(PLACE, 0)
        said.append("answered")

    callers = [asyncio.create_task(caller()) for _ in range(3)]
    await counted.until_batches(1)
    last = asyncio.create_task(caller())
    await asyncio.sleep(0)
    counted.go.release()
    await counted.until_batches(2)
    assert said == ["answered"] * 3 + ["gives way"]
    counted.go.release()
    await asyncio.gather(*callers, last)
    await counted.lanes.close()
    assert said == ["answered"] * 3 + ["gives way", "answered", "gives way"]
