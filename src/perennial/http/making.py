"""A batch of codes while it is made: lines of JSON that say how far it is, and at last the batch."""

from __future__ import annotations

import asyncio
import logging
from typing import Literal, cast

import msgspec
from asyncpg import InterfaceError, PostgresError
from litestar.types import ASGIApp

from perennial.flows.answers import Answer, Problem
from perennial.flows.handle_events import Handler
from perennial.flows.keys import Key
from perennial.flows.problems import ProblemError, answer_problem, problem
from perennial.flows.voucher_batches import BatchView, NewBatch, create_batch
from perennial.http.asgi import Connection, Receive, Send
from perennial.http.problems import ProblemBody, rewrite_problem

PROGRESS_SECONDS = 0.1

_log = logging.getLogger("perennial.http")


class BatchStep(msgspec.Struct, frozen=True, kw_only=True):
    """One line: how many of ``of`` codes are written, or at last the ``batch`` or the ``problem``."""

    type: Literal["progress", "batch", "problem"]
    made: int | msgspec.UnsetType = msgspec.UNSET
    of: int | msgspec.UnsetType = msgspec.UNSET
    batch: BatchView | msgspec.UnsetType = msgspec.UNSET
    problem: ProblemBody | msgspec.UnsetType = msgspec.UNSET


def watched_batch(handler: Handler, caller: Key, command: NewBatch, identity: str) -> ASGIApp:
    """Return the answer that makes the batch while it is sent; whoever hangs up takes it back."""

    async def respond(_: Connection, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/x-ndjson"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.create_task(_gone(receive))
        lines = asyncio.create_task(_lines(handler, caller, command, identity, send))
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


async def _lines(handler: Handler, caller: Key, command: NewBatch, identity: str, send: Send) -> None:
    made = 0
    of = len(command.codes) if command.codes is not None else command.count or 0

    def told(count: int) -> None:
        nonlocal made
        made = count

    work = asyncio.create_task(create_batch(handler, caller.workspace_id, command, caller.actor, told))
    try:
        while not work.done():
            await asyncio.wait({work}, timeout=PROGRESS_SECONDS)
            await _say(send, BatchStep(type="progress", made=made, of=of))
        await _say(send, _last(work.result()))
    except ProblemError as error:
        await _say(send, _problem(error.problem, identity))
    except (OSError, PostgresError, InterfaceError) as error:
        _log.exception("a batch of codes was not made", exc_info=error)
        found = problem(500, "internal_error", "The codes were not made; nothing was changed.").problem
        await _say(send, _problem(found, identity))
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _last(answer: Answer) -> BatchStep:
    return BatchStep(type="batch", batch=msgspec.json.decode(answer.body, type=BatchView))


def _problem(found: Problem, identity: str) -> BatchStep:
    body = msgspec.json.decode(rewrite_problem(answer_problem(found).body, identity), type=ProblemBody)
    return BatchStep(type="problem", problem=body)


async def _say(send: Send, line: BatchStep) -> None:
    body = msgspec.json.encode(line) + b"\n"
    await send({"type": "http.response.body", "body": body, "more_body": True})
