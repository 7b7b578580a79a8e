"""Who is exposed to an experiment is noted once; with the walls taken down it is not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from asyncpg import Connection

from perennial.flows.commands import JoinProgram
from perennial.store.database import connect
from tests.races.shop import PROGRAM
from tests.races.test_controls import CLIENTS, LOCK, Rivals, Wall, connected_rivals, gift, meet

KEY = Wall(constraints=(("exposures", "exposures_pkey"),))
TRIED = f"""\
{PROGRAM}\
experiments:
  - id: trial
    variants: [{{id: one, weight: 500}}, {{id: two, weight: 500}}]
"""


@pytest.fixture
async def owner(url: str) -> AsyncIterator[Connection]:
    """A connection that may do anything."""
    conn = await connect(url)
    yield conn
    await conn.close()


@pytest.mark.parametrize(
    ("down", "noted"),
    [((), 1), ((KEY,), 1), ((LOCK,), 1), ((LOCK, KEY), CLIENTS)],
    ids=["all stand", "the lock stands", "the key stands", "none stands"],
)
async def test_exposed_once(
    url: str, owner: Connection, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], noted: int
) -> None:
    """Twelve clients expose Anna at once: noted once behind any wall, twelve times behind none."""
    async with connected_rivals(url, TRIED) as rivals:
        await rivals.do(JoinProgram(customer="anna", program="points", source="test", at=None))
        await owner.execute("delete from exposures")
        await take_down_and_race(rivals, monkeypatch, down)
    assert await owner.fetchval("select count(*) from exposures") == noted
    assert await owner.fetchval("select count(distinct variant) from exposures") == 1


async def take_down_and_race(rivals: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...]) -> None:
    """Let every client ask for a gift for Anna, all at once, with these walls down."""
    for wall in down:
        await rivals.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    assert await rivals.race([gift(f"gift-{number}", "anna") for number in range(CLIENTS)]) == CLIENTS
