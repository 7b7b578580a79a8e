"""A caller of the API over one raw connection: it knows exactly which request got an answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple, Self

PATIENCE_SECONDS = 30.0
"""How long an answer may take before the test fails."""


def worker_of(request_id: str) -> str:
    """Return the word with which all ids begin that one worker process gives to requests."""
    return request_id[4:14]


class NoAnswerError(Exception):
    """The connection ended before the answer was complete: whether the request was done is unknown."""


class Reply(NamedTuple):
    """An answer: its status, its headers (names in lower case) and its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def replayed(self) -> bool:
        """Whether the answer is that of an earlier request with the same id."""
        return self.headers.get("idempotency-replayed") == "true"

    @property
    def worker(self) -> str:
        """Which worker process answered."""
        return worker_of(self.headers["x-request-id"])

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The code of a problem, None for any other answer."""
        code: str | None = self.json["code"] if self.status >= 400 else None
        return code


class Call(NamedTuple):
    """A request: method, path, body (bytes as they are), and perhaps an ``Idempotency-Key``."""

    method: str
    path: str
    body: Any = None
    key: str | None = None

    def encoded(self, secret: str) -> bytes:
        """Return the bytes of the request."""
        body = self.body
        content = b"" if body is None else body if type(body) is bytes else json.dumps(body).encode()
        named = "" if self.key is None else f"idempotency-key: {self.key}\r\n"
        head = (
            f"{self.method} {self.path} HTTP/1.1\r\nhost: shop.test\r\nauthorization: Bearer {secret}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n{named}\r\n"
        )
        return head.encode() + content


class Caller:
    """One connection with at most one request in flight."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str) -> None:
        self._reader = reader
        self._writer = writer
        self._secret = secret

    @classmethod
    async def connect(cls, port: int, secret: str) -> Self:
        """Open a connection to a server on this machine; raises ``OSError`` if nobody listens."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader, writer, secret)

    def send(self, call: Call) -> None:
        """Send a request and do not wait; its answer is the next :meth:`reply`."""
        self._writer.write(call.encoded(self._secret))

    async def reply(self) -> Reply:
        """Return the answer to the request that was sent; raises :class:`NoAnswerError`."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._read()
        except (OSError, asyncio.IncompleteReadError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise NoAnswerError(repr(error)) from error

    async def ask(self, method: str, path: str, body: Any = None) -> Reply:
        """Send a request and return its answer; raises :class:`NoAnswerError`."""
        self.send(Call(method, path, body))
        return await self.reply()

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> Reply:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in pairs}
        body = await self._reader.readexactly(int(headers["content-length"]))
        return Reply(int(first.split(" ")[1]), headers, body)


async def connect_evenly(port: int, secret: str, count: int) -> list[Caller]:
    """Return ``count`` connections, by turns to one of the two workers behind the port and to the other."""
    by_worker: dict[str, list[Caller]] = {}
    for _ in range(10):
        opened = await asyncio.gather(*(Caller.connect(port, secret) for _ in range(count)))
        replies = await all_at_once(opened, [Call("GET", "/health/live")] * count)
        for caller, reply in zip(opened, replies, strict=True):
            by_worker.setdefault(reply.worker, []).append(caller)
        if len(by_worker) == 2 and min(map(len, by_worker.values())) >= count // 2:
            break
    first, second = by_worker.values()
    await hang_up([*first[count // 2 :], *second[count // 2 :]])
    return [caller for pair in zip(first[: count // 2], second[: count // 2], strict=True) for caller in pair]


async def hang_up(callers: Iterable[Caller]) -> None:
    """Close all connections."""
    await asyncio.gather(*(caller.close() for caller in callers))


async def all_at_once(callers: Iterable[Caller], calls: Iterable[Call]) -> list[Reply]:
    """Send one request per caller, all before the first answer is read; return the answers in order."""
    paired = list(zip(callers, calls, strict=True))
    for caller, call in paired:
        caller.send(call)
    return list(await asyncio.gather(*(caller.reply() for caller, _ in paired)))
