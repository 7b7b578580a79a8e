"""Perennial as its users run it: ``perennial serve`` with several worker processes, and its processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.codebook import SECRET
from tests.races.caller import worker_of

PATIENCE_SECONDS = 60.0
"""How long the server may take to start or to stop before the test fails."""


class Served:
    """A running server: its port, its processes, and the URL of its database, as the owner."""

    url: str

    def __init__(self, process: subprocess.Popen[bytes], port: int, workers: int) -> None:
        self.process = process
        self.port = port
        self._count = workers

    def workers(self) -> list[int]:
        """Return the process ids of the workers that live."""
        return [pid for pid in children(self.process.pid) if b"perennial.main" in command_line(pid)]

    def ready_worker(self, lines: ExitStack) -> str | None:
        """Ask, as a platform would, whether requests may be sent here; return the worker that says so.

        The connection on which one has said so stays open until ``lines`` are closed.
        """
        with ExitStack() as asking:
            line = HTTPConnection("127.0.0.1", self.port, timeout=5)
            asking.callback(line.close)
            try:
                line.request("GET", "/health/ready")
                answer = line.getresponse()
                answer.read()
            except (OSError, HTTPException):
                return None
            if answer.status != 200:
                return None
            lines.enter_context(asking.pop_all())
            return worker_of(answer.headers["x-request-id"])

    def wait_until_ready(self) -> None:
        """Wait until every worker has said that it is ready.

        Who said so keeps the connection, so that another worker is dealt the next one in time.
        """
        ready: set[str | None] = set()
        with ExitStack() as lines:

            def all_ready() -> bool:
                assert self.process.poll() is None, "the server ended"
                ready.add(self.ready_worker(lines))
                return len(ready - {None}) == self._count == len(self.workers())

            wait_for(all_ready, "the server is not ready")

    def stop(self) -> int:
        """Ask the server to stop and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def served(url: str, workers: int) -> Iterator[Served]:
    """Run ``perennial serve`` on a database that is up, on a free port; stop it at the end."""
    server = served_from(
        {"PERENNIAL_DATABASE_URL": url, "PERENNIAL_SECRET": SECRET.hex()}, workers, free_port()
    )
    server.url = url
    try:
        server.wait_until_ready()
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def served_from(settings: Mapping[str, str], workers: int, port: int) -> Served:
    """Start ``perennial serve`` with these variables in its environment, beside those that are not ours."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PERENNIAL_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "perennial.cli", "serve", "--workers", str(workers), "--port", str(port)],
        env={**kept, **settings},
        stdout=subprocess.DEVNULL,
    )
    return Served(process, port, workers)


def wait_for(holds: Callable[[], bool], otherwise: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until ``holds()`` is true; fail with these words after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


def free_port() -> int:
    """Return a port of the loopback interface on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children(pid: int) -> list[int]:
    """Return the process ids of the children of a process."""
    try:
        found = Path(f"/proc/{pid}/task").iterdir()
        return [int(child) for task in found for child in (task / "children").read_text().split()]
    except OSError:
        return []


def command_line(pid: int) -> bytes:
    """Return the command line of a process; nothing for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def has_ended(pid: int) -> bool:
    """Whether a process has ended with all its threads, so that all that it had open is closed."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z" and len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    except OSError:
        return True


def descendants(pid: int) -> list[int]:
    """Return the process ids of the children of a process, of their children, and so on."""
    return [each for child in children(pid) for each in (child, *descendants(child))]
