"""What an export of a customer reads, and that nothing which goes meanwhile stops it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asyncpg import Connection

from perennial.flows.challenges import read_challenges
from perennial.flows.customers.desk import export_customer
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope
from perennial.units import named_id
from tests.flows.pool import open_pool
from tests.flows.shop import Shop


async def exported_orders(shop: Shop) -> list[tuple[str, str | None, int]]:
    """Return the orders in an export of anna: their ids, whose they are, and their amounts."""
    key = Key(shop.workspace_id, named_id(0, "key", "desk"), "desk", frozenset([Scope.MEMBERS]))
    export = await export_customer(shop.handler, key, "anna")
    return [(each.id, each.customer, each.order.lines[0].amount) for each in export.orders]


@pytest.mark.parametrize("count", [0, 1, 30])
async def test_orders_are_read_together(shop: Shop, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """However many there are, one moment shows them all."""
    await open_pool(shop, "anna")
    for number in range(count):
        await shop.order(f"o{number}", "anna", 100 + number)
    begun: list[int] = []
    snapshot = shop.database.snapshot

    @asynccontextmanager
    async def counted(workspace_id: int) -> AsyncIterator[Connection]:
        begun.append(workspace_id)
        async with snapshot(workspace_id) as conn:
            yield conn

    monkeypatch.setattr(shop.database, "snapshot", counted)
    found = await exported_orders(shop)
    assert sorted(found) == sorted((f"o{number}", "anna", 100 + number) for number in range(count))
    assert len(begun) <= 12


@pytest.mark.parametrize(
    "sql",
    [
        "delete from orders where workspace_id = $1 and external_id = 'o2'",
        "update orders set body = '' where workspace_id = $1 and external_id = 'o2'",
    ],
)
async def test_an_order_that_goes_meanwhile_is_left_out(
    shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    """It is on the timeline, and gone or empty when the orders are read: the others are exported."""
    await open_pool(shop, "anna")
    for number in (1, 2, 3):
        await shop.order(f"o{number}", "anna", number)

    async def meanwhile(*args: Any) -> Any:
        await owner.execute(sql, shop.workspace_id)
        return await read_challenges(*args)

    monkeypatch.setattr("perennial.flows.customers.desk.read_challenges", meanwhile)
    assert sorted(await exported_orders(shop)) == [("o1", "anna", 1), ("o3", "anna", 3)]
