"""An answer of lines of JSON that come while the work goes on; whoever hangs up ends the work.

The status is sent before anything is known, so that a problem is the last line. It is the same problem, with
the same words in the log, that an answer in one piece would be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias, cast

import msgspec
from litestar.types import ASGIApp

from perennial.core.language import Language
from perennial.http.door.asgi import Connection, Receive, Send
from perennial.http.door.problems import problem_of, write_problem

Say: TypeAlias = Callable[[msgspec.Struct], Awaitable[None]]
"""Sends one line."""

Work: TypeAlias = Callable[[Say], Awaitable[None]]
"""Does what was asked for, and says lines."""


class _Failed(msgspec.Struct, frozen=True):
    type: Literal["problem"]
    problem: msgspec.Raw


def streamed_lines(work: Work, identity: str, language: Language) -> ASGIApp:
    """Return the answer that does the work while its lines are sent.

    ``identity`` is that of the request, and ``language`` the one in which a failure is told.
    """

    async def respond(_: Connection, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/x-ndjson"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.create_task(_gone(receive))
        lines = asyncio.create_task(_lines(work, identity, language, send))
        try:
            await asyncio.wait({gone, lines}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (gone, lines):
                task.cancel()
            await asyncio.gather(gone, lines, return_exceptions=True)

    return cast(ASGIApp, respond)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _lines(work: Work, identity: str, language: Language, send: Send) -> None:
    async def say(line: msgspec.Struct) -> None:
        body = msgspec.json.encode(line) + b"\n"
        await send({"type": "http.response.body", "body": body, "more_body": True})

    try:
        await work(say)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the last line
        told = write_problem(problem_of(error, identity), identity, language)
        await say(_Failed("problem", msgspec.Raw(told)))
    await send({"type": "http.response.body", "body": b"", "more_body": False})
