"""The race for what may be spent of a wallet, with its walls taken down: then more is spent than may be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows.commands import JoinProgram, PointsAsked, PostRedemption
from tests.races.shop import PROGRAM
from tests.races.test_controls import (
    BUDGET_CAP,
    BUDGET_LOCK,
    CLIENTS,
    Rivals,
    Wall,
    connected_rivals,
    meet,
)

_SPENDING = "name: Points, pays: {amount: 1}, spending: [{points: 277, per: total}]}"
SPENDING = f"""\
{PROGRAM.replace("name: Points}", _SPENDING, 1)}\
  - {{id: start, type: fixed, trigger: member.joined, points: 50}}
"""


@pytest.fixture
async def spenders(url: str) -> AsyncIterator[Rivals]:
    """Twelve members with 50 points each, of which all together may spend 277."""
    async with connected_rivals(url, SPENDING) as rivals:
        await rivals.do(
            *(JoinProgram(customer=f"c{n}", program="points", source="test", at=None) for n in range(CLIENTS))
        )
        yield rivals


@pytest.mark.parametrize(
    ("down", "spent"),
    [((), 277), ((BUDGET_CAP,), 277), ((BUDGET_LOCK,), 250), ((BUDGET_LOCK, BUDGET_CAP), 50 * CLIENTS)],
    ids=["all stand", "the lock stands", "the cap stands", "none stands"],
)
async def test_total_spending(
    spenders: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], spent: int
) -> None:
    """Of 277 points that may be spent twelve members want 50 each: 600 are spent behind no wall.

    The cap alone refuses who read a stale rest, so that 27 points stay; the lock lets all of them be spent.
    """
    for wall in down:
        await spenders.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    cart = Order(status=OrderStatus.CREATED, lines=(Line(id="1", sku="tea", amount=900),), currency="USD")
    points = (PointsAsked(wallet="points/points"),)
    await spenders.race(
        [
            PostRedemption(id=f"r{n}", customer=f"c{n}", at=None, order=cart, redeem=(), points=points)
            for n in range(CLIENTS)
        ]
    )
    assert await spenders.ask("select max(used) from budgets") == spent
    assert await spenders.ask("select sum(balance) from wallets") == 50 * CLIENTS - spent
