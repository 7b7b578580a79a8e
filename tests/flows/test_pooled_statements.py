"""What households cost that share tier and limits, in statements; and that nobody else pays for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asyncpg import Connection

from perennial.flows.handle_events import Handler
from perennial.store.database import Database
from perennial.units import SECOND, Instant
from tests.flows.shop import START, Shop
from tests.flows.test_pooled_households import APART, POOLED, live


async def _order(
    shop: Shop, name: str, customer: str, monkeypatch: pytest.MonkeyPatch, at: Instant = START
) -> list[str]:
    """Return the statements that an order takes."""
    statements: list[str] = []
    whole = Database.transaction

    @asynccontextmanager
    async def listened(self: Database, workspace_id: int) -> AsyncIterator[Connection]:
        async with whole(self, workspace_id) as conn:
            with conn.query_logger(lambda query: statements.append(query.query)):
                yield conn

    assert isinstance(shop.handler, Handler)
    with monkeypatch.context() as patched:
        patched.setattr(Database, "transaction", listened)
        await shop.order(name, customer, 1_000, at=at)
    return statements


async def test_who_shares_nothing_pays_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order of somebody alone takes the very same statements; one of a household that shares one more."""
    await shop.publish(APART)
    for name in ("anna", "ben"):
        await shop.order(f"first-{name}", name, 1_000)
        await live(shop, name, "home")
    await shop.order("first-carl", "carl", 1_000)
    alone = await _order(shop, "o1", "carl", monkeypatch)
    together = await _order(shop, "o2", "anna", monkeypatch)
    await shop.publish(POOLED)
    # What the publication left to do is done.
    await shop.advance(START + SECOND)
    # The first time, a worker finds out behind the locks who lives there, and begins again.
    await shop.order("first", "anna", 1_000)
    still_alone = await _order(shop, "o3", "carl", monkeypatch, START + SECOND)
    sharing = await _order(shop, "o4", "anna", monkeypatch, START + SECOND)
    assert still_alone == alone
    assert not any("from tier_moves" in each for each in alone), "which are read of what is heard of late"
    assert len(together) == len(alone) + 1
    new = [each for each in sharing if each not in together]
    assert len(sharing) == len(together) + 1, new
    assert "household_id = wanted.household_id" in new[0]


async def test_a_household_elsewhere_costs_two_statements(
    shop: Shop, wide_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its wallets are read and written where they lie; in its own bucket everything is as with one."""
    taken: list[list[list[str]]] = []
    for each in (shop, wide_shop):
        await each.publish(APART)
        for name in ("anna", "ben"):
            await each.order(f"first-{name}", name, 1_000)
            await live(each, name, "home")
        await each.order("first-carl", "carl", 1_000)
        # The first time, a worker asks where the household lies.
        await each.order("second-ben", "ben", 1_000)
        taken.append([await _order(each, f"o-{name}", name, monkeypatch) for name in ("carl", "anna", "ben")])
    (alone, at_home, beside), (still_alone, still_at_home, elsewhere) = taken
    assert (still_alone, still_at_home) == (alone, at_home)
    assert beside == at_home
    assert len(elsewhere) == len(beside) + 2
