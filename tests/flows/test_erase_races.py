"""Erasing beside everything else that goes on at the same moment, on connections of their own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

import msgspec
import pytest
from asyncpg import Connection

from perennial.flows.answers import Answer, Problem
from perennial.flows.batcher import Intake
from perennial.flows.commands import PostTransfer, PutCustomer
from perennial.flows.customers import erase as flow
from perennial.flows.handle_events import Handler
from perennial.flows.problems import ProblemError
from perennial.flows.segments.audit import audit_everything
from perennial.flows.transfer import transfer
from perennial.store.customers.customers import read_customers
from perennial.store.customers.erasure import read_transfers
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.flows.erasing import CANARY, PROGRAM, audited, erase, found, move
from tests.flows.shop import START, Shop, put_order


async def test_both_sides_of_a_transfer_may_go(shop: Shop, owner: Connection) -> None:
    """Erased at the same moment, each blanks the other's row; the transfer's id stays used."""
    await shop.publish(PROGRAM)
    for name in ("c1", "c2", "c3"):
        await shop.do(PutCustomer(customer=name, attributes={"city": "Bonn"}))
        await shop.order(f"o-{name}", name, 10_000)
    for number in range(8):
        await move(shop, f"{CANARY} there {number}", "c1", "c2", 1)
        await move(shop, f"{CANARY} back {number}", "c2", "c1", 1)
    await move(shop, "gift", "c3", "c1", 1)
    await asyncio.gather(erase(shop, "c1"), erase(shop, "c2"))
    assert await found(owner, shop.workspace_id, CANARY) == {}
    await shop.order("o-c4", "c4", 10_000)
    again = PostTransfer(id="gift", sender="c3", receiver="c4", at=START, wallet="points", points=1)
    answer = await transfer(shop.handler, shop.workspace_id, again)
    assert (answer.status, msgspec.json.decode(answer.body, type=Problem).code) == (422, "id_conflict")
    await audited(shop)


async def test_orders_that_arrive_meanwhile_come_before_or_not_at_all(
    shop: Shop, owner: Connection, database_url: str
) -> None:
    """Four workers send orders while two erase: each order is done and blanked, or a 410."""
    await shop.publish(PROGRAM)
    done = 0
    for round_number in range(5):
        name = f"{CANARY}-{round_number}"
        await shop.do(put_order(f"{name}-first", name, 10_000))
        async with await Database.connect(database_url, largest=8) as database:
            shops = [Shop(database, shop.workspace_id, Intake(Handler(database, CODEBOOK))) for _ in range(6)]

            async def send(worker: int, name: str = name, shops: list[Shop] = shops) -> list[int]:
                answers = []
                for number in range(12):
                    order = put_order(f"{name}-{worker}-{number}", name, 10_000)
                    answers.append((await shops[worker].send(order)).status)
                return answers

            async def erase_by(worker: int, name: str = name, shops: list[Shop] = shops) -> None:
                await asyncio.sleep(0.02)
                await erase(shops[worker], name)

            sent, _, _ = await asyncio.gather(
                asyncio.gather(*(send(worker) for worker in range(4))), erase_by(4), erase_by(5)
            )
        statuses = [status for of_worker in sent for status in of_worker]
        assert set(statuses) <= {201, 410}
        assert 410 in statuses
        assert all(of_worker == sorted(of_worker) for of_worker in sent)
        done += statuses.count(201)
        assert await found(owner, shop.workspace_id, CANARY) == {}
    assert done
    await audited(shop)


@pytest.mark.parametrize("locked", [True, False])
async def test_control_without_its_lock_an_erasure_is_overtaken(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """An order in the middle of an erasure waits for it; without the lock its points stay behind."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "c1", 10_000)

    reading, answered = asyncio.Event(), asyncio.Event()

    async def slowly(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> list[tuple[UUID, bytes]]:
        reading.set()
        with suppress(TimeoutError):  # whoever waits for the lock is not answered before
            await asyncio.wait_for(answered.wait(), 0.3 if locked else 30)
        return await read_transfers(conn, ws, bucket, customer_id)

    monkeypatch.setattr(flow, "read_transfers", slowly)
    if not locked:
        monkeypatch.setattr(flow, "lock_customers", read_customers)
    erasing = asyncio.create_task(erase(shop, "c1"))
    await reading.wait()
    answer = await shop.send(put_order("o2", "c1", 10_000))
    answered.set()
    await erasing
    assert answer.status == (410 if locked else 201)
    async with shop.database.unbound() as conn:
        report = await audit_everything(conn, shop.workspace_id)
    assert ("erased" in {check.name for check in report.broken}) is not locked
    assert report.clean is locked


async def test_the_first_order_and_the_erasure_race(shop: Shop, owner: Connection, database_url: str) -> None:
    """Whoever is not there yet is a 404 and stays; whoever is there is erased."""
    await shop.publish(PROGRAM)
    async with await Database.connect(database_url, largest=4) as database:
        rival = Handler(database, CODEBOOK)
        for number in range(10):
            name = f"new-{number}"
            sent, erased = await asyncio.gather(
                shop.send(put_order(f"o-{number}", name, 100)),
                flow.erase_customer(rival, shop.workspace_id, name, "support"),
                return_exceptions=True,
            )
            assert isinstance(sent, Answer)
            there = await found(owner, shop.workspace_id, f"{name}")
            assert bool(there) == isinstance(erased, ProblemError)
    await audited(shop)
