"""One command of a batch fails, and its neighbors are done; each caller gets an answer of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

import httpx
from asyncpg import Connection

from perennial.store.external_ids import IdKind
from tests.races.caller import PATIENCE_SECONDS, Call, Reply, hang_up
from tests.races.rival import in_transaction, wait_until_blocked
from tests.races.shop import Shop, adjustment, order

Rival = Callable[[Connection], Awaitable[None]]


async def in_one_batch(shop: Shop, calls: Sequence[Call], rival: Rival | None = None) -> list[Reply]:
    """Send requests so that one worker handles them in one batch, and return their answers.

    A row that is locked keeps the worker busy until all are there. The batch then runs into what
    ``rival`` has written in a transaction of its own, which is committed as soon as the batch waits.
    """
    await shop.give("gate", 0)
    connected = await shop.callers(2 * len(calls) + 4)
    gate, probe, *callers = connected[::2]  # these are to the same worker
    async with in_transaction(shop) as holder, in_transaction(shop) as other:
        await holder.execute(
            "select from customers where customer_id = $1 for update", shop.id_of("customer", "gate")
        )
        gate.send(Call("POST", "/v1/adjustments", adjustment("gate", "gate", 1)))
        await wait_until_blocked(holder)
        for caller, call in zip(callers, calls, strict=True):
            caller.send(call)
        for _ in range(3):  # by then the worker has read all that was sent before
            assert (await probe.ask("GET", "/health/live")).status == 200
        if rival is not None:
            await rival(other)
        await holder.execute("commit")
        if rival is not None:
            await wait_until_blocked(other)
        await other.execute("commit")
        replies = list(await asyncio.gather(gate.reply(), *(caller.reply() for caller in callers)))
    await hang_up(connected)
    assert replies[0].status == 201
    return replies[1:]


async def transactions(shop: Shop, *names: str) -> int:
    """Return in how many transactions these adjustments were written."""
    ids = [shop.id_of("adjustment", name) for name in names]
    found = await shop.ask("select count(distinct source_id) from postings where source_id = any($1)", ids)
    assert found == len(names)
    return int(await shop.ask("select count(distinct xact) from postings where source_id = any($1)", ids))


def kinds(replies: Sequence[Reply]) -> list[tuple[int, str | None]]:
    """Return the status and the code of every answer."""
    return [(reply.status, reply.code) for reply in replies]


def adjust(name: str, customer: str, points: int, wallet: str = "points") -> Call:
    """Return the call of an adjustment."""
    return Call("POST", "/v1/adjustments", {**adjustment(name, customer, points), "wallet": wallet})


async def test_refusals_within_a_batch(shop: Shop) -> None:
    """Bad references, a conflict, a replay and a refused floor beside what is done: one transaction."""
    await shop.give("anna", 100)
    await shop.give("ben", 100)
    await shop.do("POST", "/v1/adjustments", adjustment("used", "anna", 5))
    replies = await in_one_batch(
        shop,
        [
            adjust("a1", "anna", 10),
            adjust("a2", "anna", 10, wallet="nowhere"),
            adjust("a3", "nobody", 10),
            adjust("used", "anna", 6),
            adjust("used", "anna", 5),
            adjust("a4", "anna", -10_000),
            Call("POST", "/v1/customers/ben/claims", {"id": "c1", "reward": "nothing"}),
            Call("POST", "/v1/events", {"id": "e1", "type": "no.such", "customer": "ben"}),
            adjust("a5", "ben", 20),
        ],
    )
    assert kinds(replies) == [
        (201, None),
        (422, "wallet_unknown"),
        (404, "customer_unknown"),
        (422, "id_conflict"),
        (200, None),
        (409, "insufficient_points"),
        (422, "reward_unknown"),
        (422, "event_undeclared"),
        (201, None),
    ]
    assert [each["path"] for each in replies[3].json["errors"]] == ["$.points"]
    assert (await shop.balance("anna"), await shop.balance("ben")) == (115, 120)
    assert await transactions(shop, "a1", "a5") == 1
    assert await shop.audit() == []


async def test_the_same_in_one_request(shop: Shop) -> None:
    """The lines of a batch request are isolated likewise, each with a result of its own."""
    await shop.give("anna", 105)
    lines = [
        {"op": "adjustment", **adjustment("a1", "anna", 10)},
        {"op": "adjustment", **adjustment("a2", "anna", 10), "wallet": "nowhere"},
        {"op": "adjustment", **adjustment("a1", "anna", 11)},
        {"op": "adjustment", **adjustment("a3", "anna", -10_000)},
        {"op": "order", "id": "o1", **order("anna", 500)},
    ]
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        answer = await client.post(
            f"http://127.0.0.1:{shop.port}/v1/batch",
            content=b"\n".join(json.dumps(line).encode() for line in lines),
            headers={"authorization": f"Bearer {shop.secret}", "content-type": "application/x-ndjson"},
        )
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert [(each["status"], each.get("problem", {}).get("code")) for each in results] == [
        (201, None),
        (422, "wallet_unknown"),
        (422, "id_conflict"),
        (409, "insufficient_points"),
        (201, None),
    ]
    assert await shop.balance("anna") == 120


async def test_an_id_that_somebody_takes_meanwhile(shop: Shop) -> None:
    """A rival takes an id of the batch for another customer: that command hears so, all others are done."""
    await shop.give("anna", 0)
    await shop.give("ben", 0)

    async def take(conn: Connection) -> None:
        await conn.execute(
            "insert into external_ids (workspace_id, kind, bucket, id_hash, customer_id)"
            " select workspace_id, $3, bucket, $2, customer_id from customers where customer_id = $1",
            shop.id_of("customer", "ben"),
            shop.id_of("adjustment", "a3"),
            IdKind.ADJUSTMENT,
        )

    names = [f"a{number}" for number in range(8)]
    replies = await in_one_batch(shop, [adjust(name, "anna", 1) for name in names], take)
    assert kinds(replies) == [(422, "id_conflict") if name == "a3" else (201, None) for name in names]
    assert await shop.balance("anna") == 7
    assert await transactions(shop, *(name for name in names if name != "a3")) == 1


async def test_a_batch_that_fails_in_the_database_is_split(shop: Shop) -> None:
    """A rival writes the very row of one command, unannounced: that one is refused, all others are done."""
    await shop.give("anna", 0)
    await shop.do("POST", "/v1/adjustments", adjustment("model", "anna", 1))

    async def write(conn: Connection) -> None:
        await conn.execute("create temporary table copied on commit drop as select * from events limit 0")
        await conn.execute(
            "insert into copied select * from events where event_id = $1", shop.id_of("adjustment", "model")
        )
        await conn.execute("update copied set event_id = $1", shop.id_of("adjustment", "a3"))
        await conn.execute("insert into events select * from copied")

    names = [f"a{number}" for number in range(8)]
    replies = await in_one_batch(shop, [adjust(name, "anna", 1) for name in names], write)
    assert kinds(replies) == [(409, "limit_reached") if name == "a3" else (201, None) for name in names]
    assert await shop.balance("anna") == 1 + 7
    # Halves and quarters without the bad one went through whole: four, two, and one beside it.
    assert await transactions(shop, *(name for name in names if name != "a3")) == 3
