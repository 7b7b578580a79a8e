"""A wire between clients and PostgreSQL that a test can hold, cut and mend."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit


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
        self._port = self._server.sockets[0].getsockname()[1]
        return self._url.replace(f":{self._upstream[1]}/", f":{self._port}/")

    async def cut(self) -> None:
        """End all connections, and refuse new ones."""
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def mend(self) -> None:
        """Listen again where it was cut."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)

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
