"""The server as a process of its own."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from perennial.config import OidcSettings
from perennial.store.server.embedded import EmbeddedServer
from perennial.store.server.migrate import migrate
from tests.codebook import SECRET


@contextmanager
def process_of_its_own() -> Iterator[int]:
    """Run the server on a fresh database of its own, for what is no test, and hand out its port."""
    with tempfile.TemporaryDirectory(prefix="perennial-") as name:
        home = Path(name)
        home.chmod(0o755)  # as root the server runs as another user, who must reach it
        with EmbeddedServer(home, settings={"fsync": "off"}) as database:
            asyncio.run(migrate(database.url))
            with process(database.url, 1) as (_, port):
                yield port


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
