"""Bodies in and answers out, on bare ASGI."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from perennial.flows.answers import Answer, FieldProblem
from perennial.flows.problems import ProblemError
from perennial.http.door.asgi import Connection, Receive, Send
from perennial.http.door.language import spoken_to, tell_steps
from perennial.http.door.problems import (
    MEDIA_TYPE,
    RETRY_AFTER_SECONDS,
    bad_fields,
    bad_request,
    rewrite_problem,
)

Headers: TypeAlias = Mapping[bytes, bytes]

WriteWhole: TypeAlias = Callable[[int, bytes, bytes], bool]

BODY = "perennial.body"
"""In the scope, from the protocol: the body, once all of it has come and is not large."""

WHOLE = "perennial.whole"
"""In the scope, from the protocol: writes a whole answer (status, head, body) at once, if it can now."""

GUESS_SECONDS = 60
"""How long to wait after too many guesses: then the minute in which they were counted is over."""

BODY_SECONDS = 30.0
"""How long a caller may take to send one more piece of a body."""

_SINGLE = {
    b"authorization": "Authorization",
    b"content-encoding": "Content-Encoding",
    b"content-type": "Content-Type",
    b"host": "Host",
    b"idempotency-key": "Idempotency-Key",
}

_GIVEN_ID = re.compile(rb"[A-Za-z0-9_.:-]{8,100}\Z")

_VISIBLE = re.compile(rb"[\x21-\x7e]{1,200}\Z")
_PROCESS = secrets.token_hex(5)
_count = itertools.count(1)


class ClientGoneError(Exception):
    """The caller hung up; there is nobody to answer."""


def request_id(given: bytes | None) -> str:
    """Return the id of a request: the caller's ``X-Request-Id`` if it is a sound one, or a new one."""
    if given is not None and _GIVEN_ID.match(given):
        return given.decode()
    return f"req_{_PROCESS}{next(_count):08x}"


def headers_of(scope: Connection) -> Headers:
    """Return the headers of a request by their name in lower case; of a repeated one the last."""
    return dict(scope["headers"])


async def receive_chunk(receive: Receive) -> tuple[bytes, bool]:
    """Return the next piece of a body and whether more follows, or raise the 408."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            message = await receive()
    except TimeoutError:
        raise bad_request(408, "too_slow", "The body did not arrive in time.") from None
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    return message.get("body", b""), message.get("more_body", False)


async def read_body(scope: Connection, headers: Headers, receive: Receive, limit: int) -> bytes:
    """Return the whole body, or raise 413 (more than ``limit`` bytes) or 408 (too slow)."""
    body: bytes | None = scope.get(BODY)
    if body is None:
        announced = headers.get(b"content-length")
        if announced is not None and announced.isdigit() and int(announced[:20]) > limit:
            raise too_large(limit)
        body, more = await receive_chunk(receive)
        while more and len(body) <= limit:
            chunk, more = await receive_chunk(receive)
            body += chunk
    if len(body) > limit:
        raise too_large(limit)
    return body


def too_large(limit: int) -> ProblemError:
    """Build the 413."""
    return bad_request(413, "body_too_large", f"A body has at most {limit} bytes.")


def check_json(headers: Headers, *media_types: bytes) -> None:
    """Refuse with 415 a body that is announced as something else, or compressed."""
    content_type = headers.get(b"content-type")
    if content_type is not None and content_type not in media_types:
        name, _, rest = content_type.partition(b";")
        charset = rest.strip().lower().replace(b'"', b"")
        if name.strip().lower() not in media_types or charset not in (b"", b"charset=utf-8"):
            raise bad_request(
                415, "unsupported_media_type", f"Send {media_types[0].decode()} in UTF-8 as Content-Type."
            )
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in (b"", b"identity"):
        raise bad_request(415, "unsupported_encoding", "Send the body without a Content-Encoding.")


def refuse_repeated(scope: Connection) -> None:
    """Refuse a header that is given twice and means one thing: who reads the first reads another request."""
    seen = set()
    for name, _ in scope["headers"]:
        if name in _SINGLE and name in seen:
            words = "the header is given more than once"
            raise bad_fields(
                400, FieldProblem(path=f"header.{_SINGLE[name]}", code="duplicate_header", message=words)
            )
        seen.add(name)


def query_of(scope: Connection) -> list[tuple[str, str]]:
    """Return the names and values of the query parameters, in their order, each as often as it is given."""
    if not scope["query_string"]:  # as mostly
        return []
    return parse_qsl(scope["query_string"].decode(), keep_blank_values=True)


def refuse_query(scope: Connection) -> None:
    """Refuse query parameters on a route that knows none."""
    for name, _ in query_of(scope):
        raise bad_query(name, "unknown_parameter", "there is no such parameter")


def bad_query(name: str, code: str, message: str) -> ProblemError:
    """Build the 422 for a query parameter."""
    return bad_fields(422, FieldProblem(path=f"query.{name[:100]}", code=code, message=message))


def idempotency_key(headers: Headers) -> str | None:
    """Return the ``Idempotency-Key``: 1 to 200 visible ASCII characters, compared exactly."""
    value = headers.get(b"idempotency-key")
    if value is None:
        return None
    if _VISIBLE.match(value) is None:
        words = "has 1 to 200 visible ASCII characters"
        raise bad_fields(
            422, FieldProblem(path="header.Idempotency-Key", code="invalid_format", message=words)
        )
    return value.decode()


def extra_headers(status: int, replayed: bool) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that depend on how it went."""
    if status == 503:
        return ((b"retry-after", str(RETRY_AFTER_SECONDS).encode()),)
    if status == 429:
        return ((b"retry-after", str(GUESS_SECONDS).encode()),)
    if status == 401:
        return ((b"www-authenticate", b"Bearer"),)
    if status == 408:
        return ((b"connection", b"close"),)
    return ((b"idempotency-replayed", b"true"),) if replayed else ()


async def send_answer(
    scope: Connection, headers: Headers, send: Send, answer: Answer, request_id: str
) -> None:
    """Send the answer of a flow; a problem gets its media type, its type and the request's id."""
    body, status = answer.body, answer.status
    content_type = b"application/json"
    language = spoken_to(headers)
    if status >= 400:
        body, content_type = rewrite_problem(body, request_id, language), MEDIA_TYPE.encode()
    else:
        body = tell_steps(body, language)
    more = extra_headers(status, answer.replayed)
    write_whole: WriteWhole | None = scope.get(WHOLE)
    identity = request_id.encode()
    # Where the connection ends as well, the protocol has to see the header that says so.
    if write_whole is not None and status != 408:
        head = _HEAD % (content_type, len(body), identity)
        if more:
            head += b"".join([b"%b: %b\r\n" % header for header in more])
        if write_whole(status, head, body):
            return
    always = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", identity),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*always, *more]})
    await send({"type": "http.response.body", "body": body, "more_body": False})


_HEAD = b"content-type: %b\r\ncontent-length: %d\r\nx-request-id: %b\r\ncache-control: no-store\r\n"
"""The headers that every answer of the API carries, as they are written."""
