"""Merging beside everything else, and dying in the middle of it: nothing is lost, doubled or half done."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import asyncpg
import pytest
from asyncpg import Connection

from perennial.flows import handle_events
from perennial.flows.batch import Batch
from perennial.flows.batcher import Intake
from perennial.flows.commands import PostEvent
from perennial.flows.handle_events import Handler
from perennial.flows.handling.write_batch import write
from perennial.store import database
from perennial.store.customers import customers
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.flows.erasing import PROGRAM
from tests.flows.merges import audited, liability, merge, points_of, try_merge, two_names
from tests.flows.shop import START, Shop, put_order

LOCK = "_LOCK_CUSTOMERS"
_METHODS = ("fetch", "fetchrow", "fetchval", "fetchmany", "execute", "executemany")


@pytest.mark.parametrize("apart", [False, True])
async def test_fifty_orders_on_both_while_they_merge(
    wide_shop: Shop, database_url: str, *, apart: bool
) -> None:
    """Six workers send, two merge the same two: every order counts once, for the survivor."""
    shop = wide_shop
    gone, stays = await two_names(shop, apart=apart)
    await shop.publish(PROGRAM)
    for name in (gone, stays):
        await shop.order(f"first-{name}", name, 1_000)
    async with await Database.connect(database_url, largest=8) as connected:
        shops = [Shop(connected, shop.workspace_id, Intake(Handler(connected, CODEBOOK))) for _ in range(6)]

        async def send(number: int) -> int:
            await asyncio.sleep(random.random() * 0.2)
            order = put_order(f"o-{number}", (gone, stays)[number % 2], 1_000)
            return (await shops[number % 6].send(order)).status

        async def merge_by(worker: int) -> int:
            await asyncio.sleep(0.05)
            return (await try_merge(shops[worker], gone, stays, "the one")).status

        answers = await asyncio.gather(*(send(number) for number in range(50)), merge_by(0), merge_by(1))
    assert set(answers[:50]) == {201}
    assert sorted(answers[50:]) == [200, 201]
    assert await points_of(shop, stays) == (520, 0, 0)
    await audited(shop)


@pytest.mark.parametrize("locked", [True, False])
async def test_an_order_under_way_is_waited_for(
    wide_shop: Shop, monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    """An order that has read the customer is written before the merge; without the lock it is lost."""
    shop = wide_shop
    gone, stays = await two_names(shop, apart=True)
    await shop.publish(PROGRAM)
    for name in (gone, stays):
        await shop.order(f"first-{name}", name, 1_000)
    if not locked:
        open_door = vars(customers)[LOCK].replace("for update", "")
        monkeypatch.setattr(customers, LOCK, open_door)
    decided, go_on = asyncio.Event(), asyncio.Event()

    async def slow(conn: Connection, batch: Batch, generation: int) -> None:
        if any(row.external_id == "late" for row in batch.new_orders.values()):
            decided.set()
            await go_on.wait()
        await write(conn, batch, generation)

    monkeypatch.setattr(handle_events, "write", slow)
    order = asyncio.create_task(shop.send(put_order("late", gone, 5_000)))
    await decided.wait()
    merging = asyncio.create_task(try_merge(shop, gone, stays))
    ended, _ = await asyncio.wait([merging], timeout=1)
    assert bool(ended) is not locked
    go_on.set()
    await asyncio.gather(order, merging)
    assert (await points_of(shop, stays))[0] == (70 if locked else 20)
    if locked:
        await audited(shop)


async def test_dying_between_any_two_statements_leaves_all_or_nothing(
    wide_shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is cut before one statement after the other; then it is merged as if nothing was."""
    shop = wide_shop
    gone, stays = await two_names(shop, apart=True)
    await shop.publish(PROGRAM)
    for name in (gone, stays):
        await shop.order(f"o-{name}", name, 12_000)
    before = await liability(owner, shop.workspace_id)
    count, deadly = 0, 0

    def cutting(original: Any) -> Any:
        async def run(conn: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == deadly:
                conn.terminate()
                raise asyncpg.ConnectionDoesNotExistError("the process is gone")
            return await original(conn, *args, **kwargs)

        return run

    connection = vars(database)["_Connection"]
    for name in _METHODS:
        monkeypatch.setattr(connection, name, cutting(getattr(connection, name)))
    deaths = 0
    for deadly in range(1, 400, 3):  # noqa: B007 - read by the cut
        count = 0
        try:
            await merge(shop, gone, stays, "m")
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
            deaths += 1
            assert await owner.fetchval(
                "select count(*) from merges where workspace_id = $1", shop.workspace_id
            ) in (0, 1)
            continue
        break
    assert deaths > 20
    deadly = 0
    assert (await merge(shop, gone, stays, "m")).id == "m"
    assert await liability(owner, shop.workspace_id) == before
    assert (await points_of(shop, stays))[0] == 240
    await audited(shop)


async def test_histories_merged_are_the_sum_of_both(wide_shop: Shop, owner: Connection) -> None:
    """Whatever two customers did, as one they have what both had; and everything can still be returned."""
    shop = wide_shop
    await shop.publish(PROGRAM)
    for seed in range(6):
        rng = random.Random(seed)
        gone, stays = f"gone-{seed}", f"stays-{seed}"
        orders: list[tuple[str, str]] = []
        for number in range(rng.randint(4, 10)):
            who = rng.choice([gone, stays])
            name = f"{seed}-{number}"
            match rng.randint(0, 3):
                case 0 if orders:
                    order, whose = orders.pop(rng.randrange(len(orders)))
                    await shop.give_back(f"r-{name}", order, whose)
                case 1:
                    event = PostEvent(id=f"e-{name}", customer=who, at=START, name="review.posted")
                    await shop.do(event)
                case _:
                    await shop.order(name, who, rng.randint(100, 9_000), rng.randint(100, 9_000))
                    orders.append((name, who))
        for who in (gone, stays):
            await shop.order(f"last-{who}", who, 100)
        both = [await points_of(shop, who) for who in (gone, stays)]
        before = await liability(owner, shop.workspace_id)
        await merge(shop, gone, stays)
        assert await points_of(shop, stays) == tuple(map(sum, zip(*both, strict=True)))
        assert await liability(owner, shop.workspace_id) == before
        for order, whose in orders:
            await shop.give_back(f"end-{order}", order, whose)
    await audited(shop)
