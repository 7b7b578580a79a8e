"""Households that share tier and limits, played again: as they were, and as they would have been."""

from __future__ import annotations

import pytest
from asyncpg import Connection

from perennial.flows.commands import PutCustomer
from perennial.flows.simulation.simulate import Simulate
from perennial.units import DAY
from tests.flows.conftest import owner, shop, wide_shop
from tests.flows.shop import START, Shop
from tests.flows.test_pooled_households import APART, POOLED, audited, live, review
from tests.simulation.agreement import played, state, stored
from tests.simulation.test_simulate import run

__all__ = ["owner", "shop", "wide_shop"]


@pytest.fixture(params=[False, True], ids=["one bucket", "many"])
def place(request: pytest.FixtureRequest, shop: Shop, wide_shop: Shop) -> Shop:
    """Both in one bucket, and in two."""
    return wide_shop if request.param else shop


async def _year(shop: Shop) -> None:
    """Let a year of two people go by: 500 of each, a return, five reviews of one month."""
    for name in ("anna", "ben"):
        await shop.do(PutCustomer(customer=name))
        await live(shop, name, "home")
    for day in range(10):
        at = START + day * DAY
        await shop.advance(at)
        await shop.order(f"o{day}", "anna" if day % 2 else "ben", 10_000, at=at)
        if day % 2:
            await review(shop, f"r{day}", "anna" if day % 4 == 1 else "ben", at)
    await shop.give_back("back", "o9", "anna", START + 9 * DAY)
    await shop.advance(START + 320 * DAY)


async def test_a_household_that_shares_is_played_as_it_was(
    place: Shop, database_url: str, owner: Connection
) -> None:
    """Tiers with their dates, counters, uses of limits and points of both are those of the live path."""
    shop = place
    await shop.publish(POOLED)
    await _year(shop)
    lives, compiled = await played(
        shop.database, database_url, shop.workspace_id, "points", Simulate(version="history")
    )
    version = compiled.sides[0][-1]
    async with shop.database.snapshot(shop.workspace_id) as conn:
        row = await conn.fetchrow(
            "select bucket_base, bucket_count from workspaces where workspace_id = $1", shop.workspace_id
        )
        assert row is not None
        known = await stored(conn, shop.workspace_id, range(row[0], row[0] + row[1]), version)
    [life] = lives
    for playing in life:
        assert len(playing.members) == 2
        for member in playing.members:
            assert state(member, version.program_id) == state(known[member.customer_id], version.program_id)
    await audited(owner, shop)


async def test_what_sharing_would_have_changed(place: Shop, database_url: str) -> None:
    """Of five reviews three count, and the order that made 1,000 brings the gift of gold: 480 more."""
    shop = place
    await shop.publish(APART)
    await _year(shop)
    result = await run(shop, database_url, Simulate(document=POOLED, begins=START - DAY))
    before, after = (sum(wallet.awarded for wallet in side.wallets) for side in result.sides)
    assert (before, after) == (1_000 + 50, 1_000 + 30 + 500)
