"""The server: the processes behind one door.

A supervisor starts the workers, deals the connections among them, starts anew a worker that died, and
passes a request to stop on. It reads nothing of the application, which only the workers need.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from perennial.config import GRACE_SECONDS, STOP_SIGNALS, MailSettings, OidcSettings, Settings
from perennial.flows.garbage import loading
from perennial.http.door.dealing import Dealer

RESTART_PAUSE_SECONDS = 1.0
WATCH_SECONDS = 0.2
"""How often the supervisor looks after its workers, and whether it should stop, while nobody calls."""

_log = logging.getLogger("perennial.main")


def run_server(settings: Settings, workers: int | None = None) -> int:
    """Serve with ``workers`` processes until a signal says stop; return the exit status.

    One worker is this process itself. More are child processes that this one watches, and to which it
    deals the connections.
    """
    count = settings.workers if workers is None else workers
    with bind(settings.host, settings.port) as listener:
        if count == 1:
            _serve(settings, [listener])
            return 0
        return _Supervisor(settings, count, listener).run()


def _serve(settings: Settings, listeners: list[socket.socket], channel: socket.socket | None = None) -> None:
    """Serve in this process what comes to ``listeners``, or what the supervisor deals to its ``channel``."""
    with loading():
        from perennial.application import create_app, server_of  # noqa: PLC0415 - for workers alone

        server = server_of(create_app(settings), channel)
    server.run(sockets=listeners)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on ``host`` and ``port``.

    Raises ``OSError``, in words that name both, if the port is taken or the address is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        why = "something else does already" if error.errno == errno.EADDRINUSE else error.strerror
        advice = "PERENNIAL_HOST and PERENNIAL_PORT move the door"
        raise OSError(f"cannot listen on {host}, port {port}: {why} ({advice})") from error
    listener.listen(2_048)
    listener.setblocking(False)
    return listener


class _Supervisor:
    """Keeps ``count`` workers alive, and deals the connections of ``listener`` among them."""

    def __init__(self, settings: Settings, count: int, listener: socket.socket) -> None:
        self._settings = settings
        self._count = count
        self._dealer = Dealer(listener)
        self._stopping = threading.Event()

    def run(self) -> int:
        """Start the workers and watch them until a signal says stop."""
        before = {each: signal.signal(each, self._stop) for each in STOP_SIGNALS}
        try:
            with tempfile.TemporaryDirectory(prefix="perennial-metrics-") as metrics:
                return self._watch(metrics)
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _stop(self, sig: int, frame: FrameType | None) -> None:
        self._stopping.set()

    def _watch(self, metrics: str) -> int:
        workers = [self._start(metrics) for _ in range(self._count)]
        again: dict[int, float] = {}  # when to start another in the place of one that ended
        while not self._stopping.is_set():
            self._dealer.deal(WATCH_SECONDS)
            for index, worker in enumerate(workers):
                if worker.poll() is None:
                    continue
                if index not in again:
                    _log.error(
                        "worker %d ended with status %d; starting another", worker.pid, worker.returncode
                    )
                    again[index] = time.monotonic() + RESTART_PAUSE_SECONDS
                elif time.monotonic() >= again[index]:
                    del again[index]
                    workers[index] = self._start(metrics)
        return self._end(workers)

    def _start(self, metrics: str) -> subprocess.Popen[bytes]:
        with self._dealer.channel() as channel:
            worker = subprocess.Popen(
                [sys.executable, "-m", "perennial.main", str(channel.fileno())],
                stdin=subprocess.PIPE,
                start_new_session=True,  # a Ctrl-C reaches the supervisor, which passes it on
                env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": metrics},
                pass_fds=[channel.fileno()],
            )
        assert worker.stdin is not None, "its standard input is a pipe, open while the supervisor lives"
        worker.stdin.write(msgspec.json.encode(_plain(self._settings)) + b"\n")
        worker.stdin.flush()
        return worker

    def _end(self, workers: list[subprocess.Popen[bytes]]) -> int:
        for worker in workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS + 5
        while any(worker.poll() is None for worker in workers) and time.monotonic() < deadline:
            self._dealer.deal(0.05)  # each takes connections until it leaves
        for worker in workers:
            worker.kill()  # does nothing to one that has ended
            worker.wait()
        self._dealer.close()
        return 0


def _plain(settings: Settings) -> dict[str, Any]:
    return {**msgspec.structs.asdict(settings), "data": str(settings.data)}  # what is in it encodes itself


def work_under_supervisor() -> None:
    """Serve as a child of the supervisor; end when it says so, or when it is gone."""
    told = msgspec.json.decode(sys.stdin.buffer.readline())
    oidc = msgspec.convert(told["oidc"], OidcSettings | None)
    mail = msgspec.convert(told["mail"], MailSettings | None)
    settings = Settings(**{**told, "data": Path(told["data"]), "oidc": oidc, "mail": mail})
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _serve(settings, [], socket.socket(fileno=int(sys.argv[1])))


def _leave_with_parent() -> None:
    # Not through the buffer: its lock, held by a thread that waits, would abort the interpreter's end.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    work_under_supervisor()
