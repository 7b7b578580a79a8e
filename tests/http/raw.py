"""One raw connection for prepared requests."""

from __future__ import annotations

import socket
from typing import NamedTuple, Self
from urllib.parse import urlsplit

import httptools
from requests import PreparedRequest
from schemathesis import Response

PATIENCE_SECONDS = 60.0
_PIECE = 1 << 16


class Reply(NamedTuple):
    """An answer as it came: its status, its headers and its body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def to(self, request: PreparedRequest) -> Response:
        """Return the answer in the form in which it is held against the document."""
        headers: dict[str, list[str]] = {}
        for name, value in self.headers:
            headers.setdefault(name, []).append(value)
        return Response(self.status, headers, self.body, request, elapsed=0.0, verify=False, encoding="utf-8")


class _Reading:
    """What the parser tells of one answer."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.headers: list[tuple[str, str]] = []
        self.pieces: list[bytes] = []
        self.complete = self.goes_on = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.complete = True
        self.goes_on = self.parser.should_keep_alive()  # once the answer is read, the parser knows no more


class RawConnection:
    """Sends prepared requests; where the server hung up before, it connects again.

    ``requests`` spends more time on one request than the server does, and the tests of the API send a
    hundred thousand. What is sent is what ``requests`` has prepared, byte for byte.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.netloc
        self._address = (str(parts.hostname), int(parts.port or 80))
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def send(self, request: PreparedRequest) -> Reply:
        """Return the answer to a request.

        Raises ``OSError`` where none comes, and :class:`httptools.HttpParserError` where it is none.
        """
        content = request.body or b""
        body = content.encode() if isinstance(content, str) else content
        assert isinstance(body, bytes)
        head = [f"{request.method} {request.path_url} HTTP/1.1", f"Host: {self._host}"]
        head += [f"{_text(name)}: {_text(value)}" for name, value in request.headers.items()]
        message = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body
        fresh = self._socket is None
        try:
            return self._exchange(message)
        except ConnectionError:
            self._hang_up()
            if fresh:
                raise
            return self._exchange(message)  # an idle connection may be closed at any time

    def _exchange(self, message: bytes) -> Reply:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, PATIENCE_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(message)
        reading = _Reading()
        while not reading.complete:
            piece = self._socket.recv(_PIECE)
            if not piece:
                raise ConnectionResetError("the server hung up before its answer was complete")
            reading.parser.feed_data(piece)
        reply = Reply(reading.parser.get_status_code(), reading.headers, b"".join(reading.pieces))
        if not reading.goes_on:
            self._hang_up()
        return reply

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
