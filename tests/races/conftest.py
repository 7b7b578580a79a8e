"""Two worker processes on a database of their own, and a shop behind them."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import asyncpg
import pytest

from perennial.store.server.embedded import EmbeddedServer
from tests.races.caller import Caller, hang_up
from tests.races.served import Served, served
from tests.races.shop import CLIENTS, LIMITED, Shop, open_shop

_numbers = itertools.count(1)

FreshDatabase = Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def fresh_database(server: EmbeddedServer, template: str) -> FreshDatabase:
    """Makes a migrated database for as long as its context lasts."""

    @contextmanager
    def make() -> Iterator[str]:
        name = f"races_{secrets.token_hex(6)}"
        asyncio.run(_execute(server.url, f"create database {name} template {template} strategy file_copy"))
        yield f"{server.url.rpartition('/')[0]}/{name}"
        asyncio.run(_execute(server.url, f"drop database {name} with (force)"))

    return make


@pytest.fixture
def url(fresh_database: FreshDatabase) -> Iterator[str]:
    """A database that this test may take apart."""
    with fresh_database() as made:
        yield made


async def _execute(url: str, sql: str) -> None:
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(sql)
    finally:
        await conn.close()


@pytest.fixture(scope="session")
def two_workers(fresh_database: FreshDatabase) -> Iterator[Served]:
    """``perennial serve --workers 2`` on a database of its own."""
    with fresh_database() as url, served(url, 2) as server:
        yield server


@pytest.fixture
async def shop(two_workers: Served) -> Shop:
    """A workspace of this test's own, all customers in one bucket."""
    return await open_shop(two_workers, f"races-{next(_numbers)}")


@pytest.fixture
async def wide_shop(two_workers: Served) -> Shop:
    """A workspace of this test's own, its customers spread over eight buckets, with limits in total."""
    return await open_shop(two_workers, f"races-{next(_numbers)}", LIMITED, buckets=8)


@pytest.fixture
async def callers(shop: Shop) -> AsyncIterator[list[Caller]]:
    """200 connections, every other one to the same worker."""
    connected = await shop.callers(CLIENTS)
    yield connected
    await hang_up(connected)
