"""A connection in the pool whose server has gone: the caller hears of it, and the next one gets another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from perennial.store.database import Database, connect
from tests.wire import Wire


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    """A wire to the module's database."""
    made = Wire(database_url)
    yield made
    await made.cut()


async def test_a_server_that_says_goodbye_while_nobody_listens(
    wire: Wire, database_url: str, workspace: int
) -> None:
    """Its last words have come, the end of the connection has not: that is a lost connection, no riddle."""
    database = await Database.connect(await wire.listen(), largest=1)
    async with database.transaction(workspace) as conn:
        backend = await conn.fetchval("select pg_backend_pid()")
    await end(database_url, backend)
    async with asyncio.timeout(10):
        await wire.ended.wait()
        await asyncio.sleep(0.05)  # the words are with the client now
        with pytest.raises(asyncpg.PostgresConnectionError):
            async with database.transaction(workspace):
                raise AssertionError("the transaction has begun")
        async with database.transaction(workspace) as conn:
            assert await conn.fetchval("select pg_backend_pid()") != backend
        wire.holding = False
        await database.close()


async def test_a_connection_lost_while_nobody_used_it_is_replaced(database_url: str, workspace: int) -> None:
    """The server was started anew in a quiet hour: who asks next gets another connection, and no error."""
    async with await Database.connect(database_url, largest=1) as database, asyncio.timeout(10):
        async with database.transaction(workspace) as conn:
            backend = await conn.fetchval("select pg_backend_pid()")
            gone = asyncio.Event()
            conn.add_termination_listener(lambda _: gone.set())
        await end(database_url, backend)
        await gone.wait()
        async with database.transaction(workspace) as conn:
            assert await conn.fetchval("select pg_backend_pid()") != backend


async def end(database_url: str, backend: int) -> None:
    """Have the server end the connection of this process of its own."""
    owner = await connect(database_url)
    try:
        await owner.execute("select pg_terminate_backend($1)", backend)
    finally:
        await owner.close()
