"""The connection itself: how much may come, and how slowly, before there is a request at all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from perennial.http.door.asgi import Connection
from perennial.http.door.exchange import BODY, WHOLE, request_id
from perennial.http.door.problems import MEDIA_TYPE, bad_request, write_problem

MAX_HEAD_BYTES = 32_768
HEAD_SECONDS = 15.0
MAX_AT_ONCE = 65_536
"""A body up to so many bytes is handed over whole, as far as the protocol reads before it is asked."""

_TO_HTTP2 = re.compile(rb"\r\nupgrade:[ \t]*h2c[ \t]*(?=\r\n)", re.IGNORECASE)


def without_upgrade(data: bytes) -> bytes:
    """Return the beginning of a request without the wish to go on in HTTP/2, which a server may ignore.

    Clients of Java ask for it with their first request. The parser would take the body for HTTP/2 already.
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    return _TO_HTTP2.sub(b"", head + b"\r\n").removesuffix(b"\r\n") + end + rest


class HeadTooLargeError(Exception):
    """A head that came at once is larger than it may be."""


def write_whole(cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> bool:
    """Write a whole answer with one call; return False, having done nothing, where that cannot be.

    ASGI sends an answer in two messages, each checked, joined and handed to the system by itself. The
    ``head`` holds our headers as they are written, the length of the body among them.
    """
    if cycle.disconnected or cycle.response_started or cycle.flow.write_paused:
        return False
    if cycle.scope["method"] == "HEAD":
        return False
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    lines = [STATUS_LINE[status], head]
    for name, value in cycle.default_headers:
        if name == b"connection":  # of a server that is about to stop
            cycle.keep_alive = False
        else:
            lines.append(b"%b: %b\r\n" % (name, value))
    lines.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
    lines.append(body)
    cycle.transport.write(b"".join(lines))
    cycle.response_complete = True
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose request line and headers are bounded in size and in time.

    The parser behind it bounds neither, so that a caller could fill the memory or hold a connection
    with a header that never ends. What is no request is answered with a problem too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._too_large = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect the first request soon."""
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._cancel_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come, unless the head of the request has grown too large."""
        if self._in_head:
            self._head_bytes += len(data)
            if b"h2c" in data:
                data = without_upgrade(data)
        super().data_received(data)
        if self._in_head and self.transport is not None and not self.transport.is_closing():
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431, "head_too_large", f"A head has at most {MAX_HEAD_BYTES} bytes.")
            elif self._head_bytes and self._head_timer is None:
                self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def on_message_begin(self) -> None:
        """Begin to count the head of a request."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: the head is whole, and the body has bounds of its own."""
        if self._head_bytes > MAX_HEAD_BYTES:  # with a part of the body, maybe
            self._too_large = self._size_of_head() > MAX_HEAD_BYTES
            if self._too_large:
                raise HeadTooLargeError
        self._in_head = False
        self._head_bytes = 0
        self._cancel_timer()
        super().on_headers_complete()
        if self.cycle is not None and self.scope is self.cycle.scope:
            cast(Connection, self.scope)[WHOLE] = partial(write_whole, self.cycle)

    def on_message_complete(self) -> None:
        """Hand the body over if the whole request is here at once: nobody needs to ask for it in pieces."""
        if self.cycle is not None and self.scope is self.cycle.scope and len(self.cycle.body) <= MAX_AT_ONCE:
            cast(Connection, self.scope)[BODY] = bytes(self.cycle.body)
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser cannot read, or what was raised while it read, and end the connection.

        Behind a whole request it is no answer to that one, which is done: its own is the last then.
        """
        cycle = self.cycle
        if cycle is not None and not cycle.more_body and not cycle.response_complete:
            cycle.keep_alive = False
        elif self._too_large:
            self._refuse(431, "head_too_large", f"A head has at most {MAX_HEAD_BYTES} bytes.")
        else:
            self._refuse(400, "bad_request", "The request cannot be read.")

    def _refuse(self, status: int, code: str, detail: str) -> None:
        identity = request_id(None)
        body = write_problem(bad_request(status, code, detail).problem, identity)
        head = (
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nx-request-id: {identity}\r\n"
            "cache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(STATUS_LINE[status] + head.encode() + body)
        self.transport.close()

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _cancel_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if self._in_head and not self.transport.is_closing():
            self._refuse(408, "too_slow", "The head did not arrive in time.")


class DealtProtocol(BoundedProtocol):
    """A connection that says when it ends."""

    def __init__(self, *args: Any, left: Callable[[], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left = left

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so."""
        super().connection_lost(exc)
        self._left()
