"""A connection in the pool whose server has gone: the caller hears of it, and the next one gets another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from perennial.store.database import Database, connect


class Wire:
    """Passes bytes on between clients and PostgreSQL; ``holding``, it keeps an end from the client."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.port is not None
        self._url, self._upstream = url, (parts.hostname, parts.port)
        self.ended = asyncio.Event()
        self.holding = True
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> str:
        """Listen on a port of its own and return the URL through it."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return self._url.replace(f":{self._upstream[1]}/", f":{port}/")

    async def close(self) -> None:
        """Close everything."""
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(*self._upstream)
        self._writers += [writer, forth]
        for task in (self._pass(reader, forth), self._pass(back, writer)):
            self._tasks.add(asyncio.create_task(task))

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            target.write(data)
        self.ended.set()
        if not self.holding:
            target.close()


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    """A wire to the module's database."""
    made = Wire(database_url)
    yield made
    await made.close()


async def test_a_server_that_says_goodbye_while_nobody_listens(
    wire: Wire, database_url: str, workspace: int
) -> None:
    """Its last words have come, the end of the connection has not: that is a lost connection, no riddle."""
    database = await Database.connect(await wire.listen(), largest=1)
    async with database.transaction(workspace) as conn:
        backend = await conn.fetchval("select pg_backend_pid()")
    owner = await connect(database_url)
    try:
        await owner.execute("select pg_terminate_backend($1)", backend)
    finally:
        await owner.close()
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
