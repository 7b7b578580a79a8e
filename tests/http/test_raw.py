"""The connection of the drawn requests is kept while the server keeps it, and made anew where it does not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest
from requests import Request

from tests.http.raw import RawConnection

_KEPT = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nkept"
_IN_PIECES = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nkept\r\n0\r\n\r\n"
_LAST = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nlast"
_PATIENCE_SECONDS = 60


class Listener:
    """Answers each connection as the next of ``plans`` says, counts them, and listens no more after the last.

    A plan has an answer for each request; it ends with them, or when the caller hangs up.
    """

    def __init__(self, *plans: tuple[bytes, ...]) -> None:
        self.connections = 0
        self._plans = plans
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(_PATIENCE_SECONDS)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        for plan in self._plans:
            accepted, _ = self._socket.accept()
            self.connections += 1
            with accepted:
                accepted.settimeout(_PATIENCE_SECONDS)
                for answer in plan:
                    if not accepted.recv(1 << 16):
                        break
                    accepted.sendall(answer)
        self._socket.close()

    def close(self) -> None:
        """Wait until everything that was planned is over."""
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Keeps its first connection for three answers, and the second for one."""
    listening = Listener((_KEPT, _IN_PIECES, _LAST), (_KEPT,))
    yield listening
    listening.close()


def test_a_connection_is_kept_as_long_as_the_server_keeps_it(listener: Listener) -> None:
    """Three answers on one connection, the last of which says that it is; the fourth on another."""
    request = Request("GET", f"{listener.url}/").prepare()
    with RawConnection(listener.url) as connection:
        assert [connection.send(request).body for _ in range(3)] == [b"kept", b"kept", b"last"]
        assert listener.connections == 1
        assert connection.send(request).body == b"kept"
        assert listener.connections == 2
