"""The server is asked to stop while requests are in flight: each is answered, and none is left unknown."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator

import pytest

from perennial.config import GRACE_SECONDS
from tests.races.caller import Call, Caller, NoAnswerError, Reply, all_at_once, hang_up
from tests.races.conftest import FreshDatabase
from tests.races.rival import in_transaction, wait_until_blocked
from tests.races.served import PATIENCE_SECONDS, Served, served
from tests.races.shop import adjustment, open_shop

SHOPPERS = 64


@pytest.fixture
def leaving(fresh_database: FreshDatabase) -> Iterator[Served]:
    """A server of two workers that the test stops."""
    with fresh_database() as url, served(url, 2) as running:
        yield running


async def ended(leaving: Served) -> int:
    """Wait for the end of the server and return its status."""
    return await asyncio.to_thread(leaving.process.wait, PATIENCE_SECONDS)


async def test_a_batch_in_flight_is_finished(leaving: Served) -> None:
    """Readiness says no at once on every worker; the order that waits for a lock is still answered."""
    shop = await open_shop(leaving, "stopping")
    await shop.give("anna", 0)
    connected = await shop.callers(6)
    waiting, probes, lasting = connected[:2], connected[2:4], connected[4:]
    ready = await all_at_once(probes, [Call("GET", "/health/ready")] * 2)
    assert [reply.status for reply in ready] == [200, 200]
    async with in_transaction(shop) as holder:
        await holder.execute(
            "select from customers where customer_id = $1 for update", shop.id_of("customer", "anna")
        )
        for number, caller in enumerate(waiting):
            caller.send(Call("POST", "/v1/adjustments", adjustment(f"a{number}", "anna", 1)))
        await wait_until_blocked(holder, 2)
        leaving.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*(until_it_says_no(caller) for caller in probes))
        for caller in lasting:
            with pytest.raises(NoAnswerError):  # idle, and closed once the notice is over
                await caller.reply()
        assert leaving.process.poll() is None
        await holder.execute("commit")
    replies = await asyncio.gather(*(caller.reply() for caller in waiting))
    assert [reply.status for reply in replies] == [201, 201]
    assert [reply.headers["connection"] for reply in replies] == ["close", "close"]
    assert await ended(leaving) == 0
    await hang_up(connected)
    assert await shop.ask("select balance from wallets") == 2
    assert await shop.audit() == []


async def until_it_says_no(caller: Caller) -> None:
    """Ask whether the worker is ready until it says that it is about to stop."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (reply := await caller.ask("GET", "/health/ready")).status == 200:
            pass
    assert (reply.status, reply.code) == (503, "stopping")


class Shopper:
    """A caller who sends one adjustment after the other until told to leave the connection."""

    def __init__(self, caller: Caller, number: int) -> None:
        self.caller = caller
        self.number = number
        self.sent: list[str] = []
        self.replies: list[Reply] = []

    async def shop(self) -> None:
        """Send until an answer closes the connection."""
        while True:
            name = f"a{self.number}-{len(self.sent)}"
            self.sent.append(name)
            body = adjustment(name, f"c{self.number}", 1)
            reply = await self.caller.ask("POST", "/v1/adjustments", body)
            self.replies.append(reply)
            if reply.headers.get("connection") == "close":
                return


async def test_no_outcome_is_left_unknown(leaving: Served) -> None:
    """64 callers in full swing: each hears of every request, and what they heard is what is stored."""
    shop = await open_shop(leaving, "stopping")
    connected = await shop.callers(SHOPPERS)
    for number in range(SHOPPERS):
        await shop.give(f"c{number}", 0)
    shoppers = [Shopper(caller, number) for number, caller in enumerate(connected)]
    tasks = [asyncio.create_task(shopper.shop()) for shopper in shoppers]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sum(len(shopper.replies) for shopper in shoppers) < 5 * SHOPPERS:
            await asyncio.sleep(0.01)
    began = time.monotonic()
    leaving.process.send_signal(signal.SIGTERM)
    await asyncio.gather(*tasks)
    assert await ended(leaving) == 0
    assert time.monotonic() - began < GRACE_SECONDS / 2
    await hang_up(connected)
    assert {reply.status for shopper in shoppers for reply in shopper.replies} == {201}
    sent = [name for shopper in shoppers for name in shopper.sent]
    assert sum(len(shopper.replies) for shopper in shoppers) == len(sent)
    assert await shop.ask("select count(*) from events where kind = 5") == len(sent)
    assert await shop.ask("select sum(balance) from wallets") == len(sent)
    assert await shop.audit() == []
