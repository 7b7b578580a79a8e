"""Twelve workers carry one balance over at the same time, with the walls up and with them taken down."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from perennial.flows.commands import ConvertOwner, JoinProgram
from perennial.flows.conversions.conversions import NewConversion, conversion_id_of, declare_conversion
from perennial.flows.handle_events import Handler
from perennial.store import conversions
from perennial.store.database import Database
from perennial.units import named_id
from tests.codebook import CODEBOOK
from tests.races.shop import PROGRAM
from tests.races.test_controls import (
    ANNAS,
    CHECKS,
    CLIENTS,
    FLOORS,
    LOCK,
    Rivals,
    Wall,
    adjustment,
    connected_rivals,
    meet,
)

OWNERS = Wall(
    (
        (
            conversions,
            "PUT_OWNERS",
            """where (conversion_owners.state in (1, 3) and excluded.state <= 4)
    or (conversion_owners.state in (2, 5) and excluded.state >= 4)
""",
        ),
    )
)
_POINTS = "  - {id: points, name: Points}\n"
TWO_WALLETS = (
    PROGRAM.replace(_POINTS, f"{_POINTS}  - {{id: miles, name: Miles}}\n")
    .replace("price: 500,", "price: 500, wallet: points,")
    .replace("type: per_amount,", "type: per_amount, wallet: points,")
    .replace("type: fixed,", "type: fixed, wallet: points,")
)


@pytest.fixture
async def carried(url: str) -> AsyncIterator[Rivals]:
    """Twelve clients; Anna has 1,250 points, and another wallet for miles."""
    async with connected_rivals(url, TWO_WALLETS) as rivals:
        await rivals.do(JoinProgram(customer="anna", program="points", source="test", at=None))
        await rivals.do(adjustment("start", 1_250))
        yield rivals


@pytest.mark.parametrize(
    ("down", "times"),
    [
        ((), 1),
        ((OWNERS, FLOORS, CHECKS), 1),
        ((LOCK, FLOORS, CHECKS), 1),
        ((LOCK, OWNERS, CHECKS), 1),
        ((LOCK, OWNERS, FLOORS), 1),
        ((LOCK, OWNERS, FLOORS, CHECKS), CLIENTS),
    ],
    ids=[
        "all stand",
        "the lock stands",
        "the owner's row stands",
        "the floors stand",
        "the checks stand",
        "none stands",
    ],
)
async def test_one_conversion(
    url: str, carried: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], times: int
) -> None:
    """1,250 points become 2,500 miles once behind any wall; twelve times, out of nothing, behind none."""
    workspace_id = await carried.ask("select workspace_id from workspaces")
    wish = NewConversion(id="c", program="points", source="points", into="miles", take=1, give=2)
    async with await Database.connect(url, largest=1) as database:
        await declare_conversion(Handler(database, CODEBOOK), workspace_id, wish, "test")
    command = ConvertOwner(
        customer_id=named_id(workspace_id, "customer", "anna").hex,
        bucket=await carried.ask("select bucket_base from workspaces"),
        conversion_id=conversion_id_of(workspace_id, "points", "c").hex,
    )
    for wall in down:
        await carried.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    await carried.answers([command] * CLIENTS)
    miles = await carried.ask(f"select sum(balance) from wallets where {ANNAS} and balance > 0")
    assert miles == 2_500 * times
