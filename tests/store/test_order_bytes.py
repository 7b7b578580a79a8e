"""How many bytes an order of five lines keeps, in heap and indexes, after VACUUM."""

from __future__ import annotations

import random

import msgspec
from asyncpg import Connection

from perennial.bench.program import DEPARTMENTS, bench_document
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows.commands import PutOrder
from perennial.flows.handle_events import Handler
from perennial.flows.programs.life import Author, apply_document
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.store.book import NOW

GOAL = 1_800
MEMBERS = 500
ORDERS = 3_000
BATCH = 100

_SIZE = """
select sum(pg_relation_size(pg_class.oid))::bigint
from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')
"""


def _order(draw: random.Random) -> Order:
    lines = tuple(
        Line(
            sku=f"sku-{draw.randrange(400)}",
            quantity=draw.choice((1, 1, 1, 2, 3)),
            amount=draw.randrange(100, 4000),
            categories=(draw.choice(DEPARTMENTS),),
            brand=f"brand-{draw.randrange(40)}",
        )
        for _ in range(5)
    )
    return Order(
        status=OrderStatus.PAID,
        currency="USD",
        location=f"store-{draw.randrange(20)}",
        channel=draw.choice(("app", "web", "store")),
        lines=lines,
    )


async def test_an_order_keeps_less_than_the_goal(db: Database, workspace: int, superuser: Connection) -> None:
    """3,000 orders of 500 members under 20 rules: each adds less than 1,800 bytes."""
    draw = random.Random(3)
    document = msgspec.json.encode(bench_document(20)).decode()
    await apply_document(db, workspace, document, Author(actor="test", at=NOW))
    await superuser.execute("update workspaces set clock_at = $2 where workspace_id = $1", workspace, NOW)
    handler = Handler(db, CODEBOOK)
    sent = 0

    async def send(count: int) -> None:
        nonlocal sent
        for _ in range(count // BATCH):
            commands = []
            for _ in range(BATCH):
                sent += 1
                customer = f"c{draw.randrange(MEMBERS)}"
                commands.append(PutOrder(id=f"order-{sent}", customer=customer, at=None, order=_order(draw)))
            answers = await handler.handle_batch(workspace, workspace, commands)
            assert [answer.status for answer in answers] == [201] * BATCH

    await send(2 * MEMBERS)
    await superuser.execute("vacuum")
    before = await superuser.fetchval(_SIZE)
    await send(ORDERS)
    await superuser.execute("vacuum")
    kept = (await superuser.fetchval(_SIZE) - before) / ORDERS
    print(f"{kept:.0f} bytes kept per order")
    assert kept <= GOAL
