"""The worker seals all that is complete, however much came in since it last did."""

from __future__ import annotations

import asyncio

import pytest
from asyncpg import Connection

from perennial.jobs import worker as jobs
from perennial.jobs.worker import Worker
from perennial.store.audits import seal as sealing
from perennial.store.database import DISPATCHER_ROLE, Database
from tests.flows.shop import Shop
from tests.flows.sound import is_sound

PROGRAM = """\
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
"""


async def sealed(shop: Shop, owner: Connection) -> list[int]:
    """Return how many postings each block of the shop has."""
    rows = await owner.fetch(
        "select postings from seals where workspace_id = $1 order by block", shop.workspace_id
    )
    return [postings for (postings,) in rows]


async def all_is_complete(shop: Shop, owner: Connection) -> None:
    """Wait for transactions of other tests on this server: a block ends before the oldest that runs."""
    last = await owner.fetchval("select max(xact) from postings where workspace_id = $1", shop.workspace_id)
    async with asyncio.timeout(60):
        while await owner.fetchval(sealing.SAFE_XACT) <= last:
            await asyncio.sleep(0.01)


async def test_a_turn_seals_block_after_block(
    shop: Shop, owner: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of seven orders in blocks of two nothing is left; a turn that may make two blocks leaves the rest."""
    monkeypatch.setattr(sealing, "BLOCK_ROWS", 2)
    await shop.publish(PROGRAM)
    for number in range(7):
        await shop.order(f"o{number}", "anna", 1_000)
    async with await Database.connect(database_url, role=DISPATCHER_ROLE, largest=1) as dispatcher:
        worker = Worker(shop.handler, dispatcher)
        await all_is_complete(shop, owner)
        monkeypatch.setattr(jobs, "BLOCKS_AT_A_TURN", 2)
        await worker.seal_all()
        assert await sealed(shop, owner) == [2, 2]
        monkeypatch.setattr(jobs, "BLOCKS_AT_A_TURN", 50)
        await worker.seal_all()
        assert await sealed(shop, owner) == [2, 2, 2, 1]
        await worker.seal_all()
        assert await sealed(shop, owner) == [2, 2, 2, 1]
    await is_sound(shop, owner)
