"""``POST /v1/batch``: lines of JSON in, one result line per input line out, in bounded memory.

Lines are handled in chunks: while one chunk is decided, the next is read. The lines of one customer
are handled in the order in which they came. A line that is wrong gets its problem and leaves the
others alone. Results that the caller does not read yet wait in a spool that goes to disk when it
grows, so that a caller who sends everything first and reads afterwards is served as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple, cast

import msgspec
from litestar import Request, post
from litestar.types import ASGIApp

from perennial.core.language import Language
from perennial.flows.answers import Answer, Decided
from perennial.flows.commands import Command, Identified, Introduced
from perennial.flows.order_owner import owner_of_order
from perennial.flows.problems import ProblemError, answer_problem
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope, allows
from perennial.http.batch_lines import (
    BatchLine,
    CustomerLine,
    OrderLine,
    ReturnLine,
    command_of,
    identifier_in,
    needed_scope,
)
from perennial.http.customers.giving import by_hand
from perennial.http.door.asgi import Connection, Receive, Send
from perennial.http.door.door import Door
from perennial.http.door.exchange import ClientGoneError, check_json, headers_of, receive_chunk
from perennial.http.door.language import tell_steps
from perennial.http.door.operation import admitted, connection_of, identity_of, operation, spoken_in
from perennial.http.door.problems import ProblemBody, bad_request, problem_of, rewrite_problem
from perennial.http.door.spool import Spool
from perennial.http.door.strict_json import Reader

MEDIA_TYPES = (b"application/x-ndjson", b"application/ndjson", b"application/jsonl")
CHUNK_LINES = 512
CHUNK_BYTES = 16_000_000
REMEMBERED_ORDERS = 10_000

_reader: Reader[BatchLine] = Reader(BatchLine)  # type: ignore[arg-type]
_encode = msgspec.json.Encoder().encode


class _Line(msgspec.Struct):
    """One input line: its number, from 1, and what it asks for or what is wrong with it."""

    number: int
    id: str | None = None
    command: Command | Identified | Introduced | None = None
    answer: Answer | None = None


class BatchResult(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What became of one line: an ``answer`` as of the single call, or a ``problem``."""

    line: int
    status: int
    id: str | None = None
    replayed: bool = False
    answer: Decided | None = None
    problem: ProblemBody | None = None


class _Asked(NamedTuple):
    """Which request it is, and the language in which its problems are told."""

    identity: str
    language: Language


@post(
    "/v1/batch",
    status_code=200,
    request_max_body_size=None,
    **operation(
        "batch_post",
        "Events",
        "Send many things at once",
        needs=Scope.WRITE,
        takes=BatchLine,
        gives={200: BatchResult},
    ),
)
async def batch_post(request: Request[Any, Any, Any]) -> ASGIApp:
    """Take lines of JSON (NDJSON), each an order, a return, an event, a claim, an adjustment or a customer.

    One result line answers each input line, in order, while the rest is still being sent. A line that is
    wrong leaves the others alone. The lines of one customer are handled in the order in which they
    come. Blank lines are skipped.
    """
    door, caller = admitted(request)
    check_json(headers_of(connection_of(request)), *MEDIA_TYPES)

    async def respond(_: Connection, receive: Receive, send: Send) -> None:
        await _serve(door, caller, _Asked(identity_of(request), spoken_in(request)), receive, send)

    return cast(ASGIApp, respond)


async def _serve(door: Door, caller: Key, asked: _Asked, receive: Receive, send: Send) -> None:
    headers = [(b"content-type", MEDIA_TYPES[0])]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    spool = Spool()
    writer = asyncio.create_task(spool.drain(send))
    try:
        await _Run(door, caller, asked, spool).handle(_chunks(door, receive))
        spool.finish()
        await writer
    except ClientGoneError:
        return
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        spool.close()


async def _chunks(door: Door, receive: Receive) -> AsyncIterator[list[bytes | None]]:
    """Yield the lines of the body in chunks; a line that is too long comes as None."""
    lines: list[bytes | None] = []
    size = 0
    rest = b""
    skipping = False
    more = True
    while more:
        piece, more = await receive_chunk(receive)
        *complete, rest = (rest + piece).split(b"\n")
        for line in complete:
            lines.append(None if skipping or len(line) > door.max_body_bytes else line)
            skipping = False
            size += len(line)
            if len(lines) == CHUNK_LINES or size >= CHUNK_BYTES:
                yield lines
                lines, size = [], 0
        if len(rest) > door.max_body_bytes:
            rest, skipping = b"", True
        if lines and (not more or not rest):
            yield lines
            lines, size = [], 0
    if rest or skipping:
        lines.append(None if skipping else rest)
    if lines:
        yield lines


class _Run:
    """The handling of one batch request."""

    def __init__(self, door: Door, caller: Key, asked: _Asked, spool: Spool) -> None:
        self._door = door
        self._caller = caller
        self._identity = asked.identity
        self._language = asked.language
        self._spool = spool
        self._number = 0
        self._customers: dict[str, str] = {}
        self._lines: list[_Line] = []
        self._identifies = False
        self._identified: set[str] = set()
        self._pending: asyncio.Task[None] | None = None

    async def handle(self, chunks: AsyncIterator[list[bytes | None]]) -> None:
        """Handle all chunks, each while the next is read."""
        try:
            async for chunk in chunks:
                for raw in chunk:
                    if raw is None or not self._is_blank(raw):
                        line = await self._parse(raw)  # which may take the lines before it
                        self._lines.append(line)
                await self._settle()
                self._pending = asyncio.create_task(self._decide(self._taken()))
            await self._settle()
        except ProblemError as late:
            await self._settle()
            await self._spool.write(
                self._result(_Line(self._number + 1, answer=answer_problem(late.problem)))
            )
        finally:
            if self._pending is not None:
                await asyncio.gather(self._pending, return_exceptions=True)

    def _is_blank(self, raw: bytes) -> bool:
        if raw.strip():
            return False
        self._number += 1
        return True

    async def _settle(self) -> None:
        if self._pending is not None:
            pending, self._pending = self._pending, None
            await pending

    def _taken(self) -> list[_Line]:
        """Take the lines that were parsed since the last ones were taken."""
        lines, self._lines, self._identifies = self._lines, [], False
        self._identified.clear()
        return lines

    async def _catch_up(self) -> None:
        """Have all lines so far decided, for what the next one means depends on them."""
        await self._settle()
        await self._decide(self._taken())

    async def _parse(self, raw: bytes | None) -> _Line:
        self._number += 1
        line = _Line(self._number)
        try:
            body = self._read(raw)
            line.id = body.id
            line.command = await self._command(body)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other lines go on
            line.answer = answer_problem(problem_of(error, self._identity))
        return line

    def _read(self, raw: bytes | None) -> BatchLine:
        if raw is None:
            limit = self._door.max_body_bytes
            raise bad_request(413, "line_too_large", f"A line has at most {limit} bytes.")
        return _reader.read(raw)

    async def _command(self, body: BatchLine) -> Command | Identified | Introduced:
        needed = needed_scope(body)
        if not allows(self._caller.scopes, needed):
            raise bad_request(403, "scope_missing", f"The API key lacks the scope {needed.value!r}.")
        returned_by = None
        if isinstance(body, ReturnLine):
            returned_by = await self._customer_of(body.order)
        elif identifier_in(body) is not None and self._identifies:
            await self._catch_up()
        self._remember(body)
        return by_hand(command_of(body, self._caller, returned_by), self._caller)

    def _remember(self, body: BatchLine) -> None:
        """Note what later lines may depend on: whose an order is, and who may be known by what."""
        if isinstance(body, CustomerLine):
            self._identifies |= body.identifies
        elif isinstance(body, OrderLine) and body.customer is not None:
            if len(self._customers) >= REMEMBERED_ORDERS:
                self._customers.clear()
            self._customers[body.id] = body.customer
        elif isinstance(body, OrderLine) and body.identifier is not None:
            self._identified.add(body.id)

    async def _customer_of(self, order: str) -> str | None:
        """Return the customer of an order, from this batch or, once its lines so far are done, stored.

        None: the batch of commands finds out itself.
        """
        if await self._door.intake.has_one_bucket(self._caller.workspace_id):
            return None
        if order in self._identified:
            await self._catch_up()
        if order in self._customers:
            return self._customers[order]
        await self._settle()
        return await owner_of_order(self._door.database, self._caller.workspace_id, order)

    async def _decide(self, lines: list[_Line]) -> None:
        asked = [line for line in lines if line.command is not None]
        commands = [line.command for line in asked if line.command is not None]
        try:
            answers = await self._door.intake.submit_many(self._caller.workspace_id, commands)
        except Exception as error:  # noqa: BLE001 - every line gets the answer
            answers = [answer_problem(problem_of(error, self._identity))] * len(asked)
        for line, answer in zip(asked, answers, strict=True):
            line.answer = answer
        await self._spool.write(b"".join(self._result(line) for line in lines))

    def _result(self, line: _Line) -> bytes:
        answer = line.answer
        assert answer is not None, "every line was answered"
        failed = answer.status >= 400
        result: dict[str, object] = {"line": line.number, "status": answer.status}
        if line.id is not None:
            result["id"] = line.id
        if answer.replayed:
            result["replayed"] = True
        body = (
            rewrite_problem(answer.body, self._identity, self._language)
            if failed
            else tell_steps(answer.body, self._language)
        )
        result["problem" if failed else "answer"] = msgspec.Raw(body)
        return _encode(result) + b"\n"


BATCH_ROUTES = [batch_post]
