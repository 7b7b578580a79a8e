"""Experiments on a real database: exposed once, explained by the variant, the same under parallel orders."""

from __future__ import annotations

import asyncio

from asyncpg import Connection

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows.commands import PutOrder
from perennial.flows.explaining import explain_order
from tests.flows.shop import START, Shop

PROGRAM = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: double, type: per_amount, points: 2, per: 100}
experiments:
  - id: bonus
    variants:
      - {id: once, weight: 500}
      - {id: twice, weight: 500, replace: {rules: {base: double}}}
"""


def order(name: str, customer: str) -> PutOrder:
    """A paid order of 10.00."""
    lines = (Line(sku="tea", amount=1000),)
    paid = Order(status=OrderStatus.PAID, lines=lines, currency="USD")
    return PutOrder(id=name, customer=customer, at=START, order=paid)


async def test_many_orders_at_once_expose_once(shop: Shop, owner: Connection) -> None:
    """Ten members with eight parallel orders each: ten exposures, and every order by its member's variant."""
    await shop.publish(PROGRAM)
    names = [(f"o{n}-{c}", f"c{c}") for n in range(8) for c in range(10)]
    await asyncio.gather(*(shop.do(order(*each)) for each in names))
    rows = await owner.fetch("select customer_id, variant from exposures where experiment = 'bonus'")
    assert len(rows) == len({row[0] for row in rows}) == 10
    assert {row[1] for row in rows} == {"once", "twice"}
    for name, _ in names[:10]:
        told = (await explain_order(shop.handler, shop.workspace_id, name)).decisions[-1].explanation
        rule = {"once": "base", "twice": "double"}[told.variants["bonus"]]
        assert [each.rule for each in told.rules if each.fired] == [rule]
        assert f"bonus: variant {told.variants['bonus']}." in told.words


async def test_changed_weights_move_nobody_who_was_exposed(shop: Shop, owner: Connection) -> None:
    """After 1/999 everybody keeps the variant, and nothing is recorded again."""
    await shop.publish(PROGRAM)
    for number in range(10):
        await shop.do(order(f"a{number}", f"c{number}"))
    before = await owner.fetch("select customer_id, variant, exposed_at from exposures order by 1")
    await shop.publish(
        PROGRAM.replace("once, weight: 500", "once, weight: 1").replace(
            "twice, weight: 500", "twice, weight: 999"
        )
    )
    for number in range(10):
        await shop.do(order(f"b{number}", f"c{number}"))
    assert await owner.fetch("select customer_id, variant, exposed_at from exposures order by 1") == before
