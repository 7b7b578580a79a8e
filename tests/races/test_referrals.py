"""Two hundred friends of one member convert at the same moment: as many count as the limit lets through."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from functools import partial

import pytest

from tests.races.caller import Call, all_at_once, hang_up
from tests.races.served import PATIENCE_SECONDS, Served, has_ended, wait_for
from tests.races.shop import CLIENTS, open_shop, order

LIMIT = 20
MANY_KILLS = 100

PROGRAM = f"""\
program: points
name: Points
currency: USD
wallets:
  - {{id: points, name: Points}}
referrals:
  offers:
    - id: friends
      name: Friends
      advocate:
        gets: {{gives: [{{type: points, points: 500}}]}}
        limits: [{{times: {LIMIT}}}]
      friend: {{gets: {{gives: [{{type: points, points: 300}}]}}}}
      converts: {{on: order, min_order: 100}}
"""


@pytest.mark.torture
@pytest.mark.parametrize("buckets", [1, 4])
async def test_two_hundred_friends_at_a_limit(two_workers: Served, buckets: int, kills: int) -> None:
    """The orders come at once, and twice; 20 friends convert, and nobody else gets a point.

    In the full run both workers are killed while the referrals are due.
    """
    shop = await open_shop(two_workers, f"friends-{buckets}", PROGRAM, buckets=buckets)
    await shop.do("POST", "/v1/customers/anna/memberships", {"program": "points"})
    code = (await shop.do("GET", "/v1/customers/anna/referral"))["data"][0]["code"]
    callers = await shop.callers()
    calls = [
        Call("PUT", f"/v1/orders/o{number}", order(f"f{number}", 500) | {"referral_code": code})
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    assert {reply.status for reply in replies} == {201}
    await hang_up(callers)
    if buckets == 1 and kills >= MANY_KILLS:
        # Whoever dies while both sides are written leaves the referral due; another one goes on.
        assert await shop.count("referrals", "due_at is not null"), "nothing is due any more: kill earlier"
        for worker in two_workers.workers():
            os.kill(worker, signal.SIGKILL)
            await asyncio.to_thread(wait_for, partial(has_ended, worker), "it does not end")
            await asyncio.to_thread(two_workers.wait_until_ready)
    callers = await shop.callers()
    again = await all_at_once(callers, calls)
    assert {reply.status for reply in again} == {200}
    await hang_up(callers)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await shop.count("referrals", "due_at is not null"):
        assert time.monotonic() < deadline, "referrals stay due"
        await asyncio.sleep(0.2)
    states = (await shop.do("GET", "/v1/customers/anna/referral"))["data"][0]["referrals"]
    assert states == {"converted": LIMIT, "rejected": CLIENTS - LIMIT}
    assert await shop.balance("anna") == 500 * LIMIT
    assert await shop.ask("select sum(balance)::bigint from wallets") == (500 + 300) * LIMIT
    assert await shop.audit() == []
