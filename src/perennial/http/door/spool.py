"""A spool between a producer that must not wait and a receiver that may be slow."""

from __future__ import annotations

import asyncio
import tempfile

from perennial.http.door.asgi import Send

MEMORY_BYTES = 1_000_000
PIECE_BYTES = 65_536


class Spool:
    """Bytes on their way to a caller: in memory at first, in a nameless file once they are many."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115
        self._written = 0
        self._read = 0
        self._finished = False
        self._news = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Append ``data``; never waits for the receiver."""
        self._file.seek(self._written)
        self._file.write(data)
        self._written += len(data)
        self._news.set()

    def finish(self) -> None:
        """Say that nothing more will be written."""
        self._finished = True
        self._news.set()

    def close(self) -> None:
        """Let go of the memory or the file."""
        self._file.close()

    async def drain(self, send: Send) -> None:
        """Send everything, as it comes, until the spool is finished and empty."""
        while True:
            if self._read == self._written:
                if self._finished:
                    break
                self._news.clear()
                await self._news.wait()
                continue
            self._file.seek(self._read)
            piece = self._file.read(PIECE_BYTES)
            self._read += len(piece)
            if self._read == self._written:
                self._rewind()
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _rewind(self) -> None:
        """Start again at the front once all was read, so that the spool does not grow for ever."""
        self._file.seek(0)
        self._file.truncate()
        self._written = self._read = 0
