"""A bench waits for its server as long as that lives."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from perennial.bench.ingest import _wait_until_ready

_HOST = "127.0.0.1"

_LATE = """\
import sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

time.sleep(1)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def test_a_server_that_is_late_is_waited_for() -> None:
    """What refuses connections at first is asked again until it answers."""
    port = _free_port()
    with subprocess.Popen([sys.executable, "-c", _LATE, str(port)], stderr=subprocess.DEVNULL) as process:
        try:
            _wait_until_ready(port, process)
            assert process.poll() is None
        finally:
            process.terminate()


def test_a_server_that_has_ended_is_not() -> None:
    """A server that ends says so with its status."""
    ending = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    with ending as process, pytest.raises(RuntimeError, match="status 3"):
        _wait_until_ready(_free_port(), process)
