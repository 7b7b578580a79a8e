"""64 callers of ``perennial serve`` are dealt evenly to its workers, also after one of them was killed."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.races.caller import Call, Caller, NoAnswerError, all_at_once, hang_up
from tests.races.conftest import FreshDatabase
from tests.races.served import Served, has_ended, served, wait_for

CALLERS = 64
PROBE = Call("GET", "/health/live")


async def called(port: int, count: int) -> tuple[list[Caller], Counter[str]]:
    """Open connections, and return them with how many each worker answered."""
    callers = [await Caller.connect(port, "") for _ in range(count)]
    replies = await all_at_once(callers, [PROBE] * count)
    assert {reply.status for reply in replies} == {200}
    return callers, Counter(reply.worker for reply in replies)


@pytest.fixture
def two(fresh_database: FreshDatabase) -> Iterator[Served]:
    """A server of two workers that nobody else calls."""
    with fresh_database() as url, served(url, 2) as running:
        yield running


async def test_callers_are_dealt_evenly(two: Served) -> None:
    """32 each; those of a killed worker are gone, and whoever calls then is served by the living."""
    callers, dealt = await called(two.port, CALLERS)
    assert sum(dealt.values()) == CALLERS
    assert all(abs(count - CALLERS // 2) <= 2 for count in dealt.values())

    killed = two.workers()[0]
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: has_ended(killed), "the worker lives")
    gone = 0
    for caller in callers:
        try:
            await caller.ask(PROBE.method, PROBE.path)
        except NoAnswerError:
            gone += 1
    assert abs(gone - CALLERS // 2) <= 2
    others, dealt_again = await called(two.port, CALLERS)
    assert dealt_again.total() == CALLERS
    await hang_up([*callers, *others])
