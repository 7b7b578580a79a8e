"""The server as a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from perennial.config import OidcSettings
from tests.codebook import SECRET


@contextmanager
def process(
    database_url: str, workers: int, oidc: OidcSettings | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the server as a process of its own and hand it out with its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    code = (
        "import sys, msgspec; from perennial.config import OidcSettings, Settings; "
        "from perennial.main import run_server; "
        "oidc = msgspec.json.decode(sys.argv[5], type=OidcSettings | None); "
        "sys.exit(run_server(Settings(database_url=sys.argv[1], port=int(sys.argv[2]), "
        "secret=sys.argv[4], oidc=oidc), int(sys.argv[3])))"
    )
    told = msgspec.json.encode(oidc).decode()
    arguments = [sys.executable, "-c", code, database_url, str(port), str(workers), SECRET.hex(), told]
    running = subprocess.Popen(arguments)
    try:
        until = time.monotonic() + 120
        while True:
            try:
                # The clients of requests read the certificates of the machine each time, which takes long.
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
                    break
            except OSError:
                assert time.monotonic() < until
            time.sleep(0.05)
        yield running, port
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()
