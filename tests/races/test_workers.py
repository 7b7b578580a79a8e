"""Several workers behind one port share the work, and whoever is left takes it over."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter

from tests.races.caller import Call, Caller, all_at_once, hang_up
from tests.races.served import Served, has_ended, wait_for
from tests.races.shop import Shop

CONNECTIONS = 64


async def test_connections_are_spread_over_the_workers(shop: Shop) -> None:
    """Of 64 connections that stay open, either worker has half, opened at once or one by one."""
    at_once = await asyncio.gather(*(Caller.connect(shop.port, shop.secret) for _ in range(CONNECTIONS)))
    one_by_one = []
    for _ in range(CONNECTIONS):
        one_by_one.append(await Caller.connect(shop.port, shop.secret))
        assert (await one_by_one[-1].ask("GET", "/health/live")).status == 200
    for callers in (at_once, one_by_one):
        replies = await all_at_once(callers, [Call("GET", "/health/live")] * CONNECTIONS)
        shares = Counter(reply.worker for reply in replies)
        assert len(shares) == 2
        assert all(abs(share - CONNECTIONS // 2) <= 2 for share in shares.values())
        await hang_up(callers)


async def test_the_one_that_is_left_takes_over(shop: Shop, two_workers: Served) -> None:
    """As soon as a worker has been killed, every new connection is answered by the other one."""
    killed, left = two_workers.workers()
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: has_ended(killed), "the worker does not end")
    callers = [await Caller.connect(shop.port, shop.secret) for _ in range(20)]
    replies = await all_at_once(callers, [Call("GET", "/health/live")] * 20)
    assert len({reply.worker for reply in replies}) == 1
    await hang_up(callers)
    await asyncio.to_thread(two_workers.wait_until_ready)
    assert left in two_workers.workers()
