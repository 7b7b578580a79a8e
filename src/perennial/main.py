"""The server: one application per worker process, and the processes behind one door.

A supervisor starts the workers, deals the connections among them, starts anew a worker that died, and
passes a request to stop on. A worker that is asked to stop says so to the platform first (readiness),
takes no new connections, finishes what is in flight, and leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import uvicorn

from perennial.config import MailSettings, OidcSettings, Settings, installation_secret, public_address
from perennial.connectors.openid import Provider
from perennial.flows.batcher import Intake
from perennial.flows.checkout.quoting import Quotes
from perennial.flows.garbage import collect_seldom
from perennial.flows.messaging.send_messages import Channels, channels_of
from perennial.flows.staff.keys import Key, find_valid_key
from perennial.flows.staff.passwords import Passwords
from perennial.flows.staff.sign_in import SignInDesk
from perennial.http.app import OpenDoor, build_app
from perennial.http.door.auth import Keyring
from perennial.http.door.dealing import Dealer, Taker
from perennial.http.door.door import Address, Door
from perennial.http.door.metrics import COUNTED, MeasuredHandler
from perennial.http.door.protocol import BoundedProtocol, DealtProtocol
from perennial.http.fast_lane import FastLane
from perennial.jobs.worker import Worker
from perennial.store.codes.codebook import Codebook
from perennial.store.database import DISPATCHER_ROLE, Database
from perennial.store.server.installation import read_generation

GRACE_SECONDS = 30
"""How long a worker may take to finish what is in flight."""

NOTICE_SECONDS = 0.25
"""How long a worker that is asked to stop still takes connections: readiness goes first."""

RESTART_PAUSE_SECONDS = 1.0
WATCH_SECONDS = 0.2
"""How often the supervisor looks after its workers, and whether it should stop, while nobody calls."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_log = logging.getLogger("perennial.main")


def create_app(settings: Settings, *, jobs: bool = True) -> FastLane:
    """Return the application of one worker; its pools open on startup and close on shutdown.

    ``settings.database_url`` must be set. With ``jobs`` due timers and sealing run in the same process.
    """
    open_door = door_of(settings, jobs=jobs)

    @asynccontextmanager
    async def started() -> AsyncIterator[Door]:
        async with open_door() as door:
            collect_seldom()
            yield door

    return build_app(started)


def door_of(settings: Settings, *, jobs: bool) -> OpenDoor:
    """Return how the door of an application is opened; see :func:`create_app` for the parameters."""
    url = settings.database_url
    if url is None:
        raise ValueError("the server needs the URL of a database")
    codebook = Codebook(installation_secret(settings))

    @asynccontextmanager
    async def open_door() -> AsyncIterator[Door]:
        async with contextlib.AsyncExitStack() as stack:
            database = await stack.enter_async_context(
                await Database.connect(url, smallest=2, largest=settings.connections)
            )
            async with database.unbound() as conn:
                handler = MeasuredHandler(database, codebook, await read_generation(conn))
            intake = Intake(handler)
            quotes = Quotes(intake)

            async def find(secret_hash: bytes) -> Key | None:
                return await find_valid_key(database, secret_hash)

            if jobs:
                await stack.enter_async_context(_working(url, handler, channels_of(settings, COUNTED)))
            stack.push_async_callback(intake.close)
            stack.push_async_callback(quotes.close)
            yield Door(
                database=database,
                handler=handler,
                intake=intake,
                quotes=quotes,
                keyring=Keyring(find),
                desk=SignInDesk(database, Passwords(), codebook),
                address=Address(public_address(settings)),
                provider=None if settings.oidc is None else Provider(settings.oidc),
            )

    return open_door


@asynccontextmanager
async def _working(url: str, handler: MeasuredHandler, channels: Channels) -> AsyncIterator[None]:
    """Run the job worker beside the door; at the end it finishes what it does."""
    async with await Database.connect(url, role=DISPATCHER_ROLE, largest=1) as dispatcher:
        stop = asyncio.Event()
        task = asyncio.create_task(Worker(handler, dispatcher, channels).run(stop))
        try:
            yield
        finally:
            stop.set()
            await task


class _Server(uvicorn.Server):
    """A server that says no to the platform's question before it stops to take connections.

    With a ``channel`` it takes those that the supervisor deals to it.
    """

    def __init__(self, config: uvicorn.Config, app: FastLane, channel: socket.socket | None) -> None:
        super().__init__(config)
        self._application = app
        self._channel = channel
        self._taker: Taker | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal, and let it end there: who called us still has a database to stop."""
        before = {each: signal.signal(each, self.handle_exit) for each in STOP_SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Say no to the platform from now on, and begin to stop."""
        self._application.close()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the door, then take connections."""
        await super().startup(sockets)
        if self._channel is not None:
            self._taker = Taker(self._channel, self._protocol)

    def _protocol(self, left: Callable[[], None]) -> DealtProtocol:
        return DealtProtocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state, left=left
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave everybody a moment to notice, then take no new connections and finish what is in flight.

        Every answer tells its caller to leave the connection, so that none sends another request just
        when it closes, and wonders whether that was done.
        """
        self.server_state.default_headers.append((b"connection", b"close"))
        await asyncio.sleep(NOTICE_SECONDS)
        if self._taker is not None:
            await self._taker.leave()
        await super().shutdown(sockets)


def server_of(app: FastLane, channel: socket.socket | None = None) -> uvicorn.Server:
    """Return the HTTP server of one worker; with a ``channel``, of one to which connections are dealt."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return _Server(config, app, channel)


def run_server(settings: Settings, workers: int | None = None) -> int:
    """Serve with ``workers`` processes until a signal says stop; return the exit status.

    One worker is this process itself. More are child processes that this one watches, and to which it
    deals the connections.
    """
    count = settings.workers if workers is None else workers
    with bind(settings.host, settings.port) as listener:
        if count == 1:
            server_of(create_app(settings)).run(sockets=[listener])
            return 0
        return _Supervisor(settings, count, listener).run()


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on ``host`` and ``port``; raises ``OSError`` if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
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
    channel = socket.socket(fileno=int(sys.argv[1]))
    server_of(create_app(settings), channel).run(sockets=[])


def _leave_with_parent() -> None:
    # Not through the buffer: its lock, held by a thread that waits, would abort the interpreter's end.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    work_under_supervisor()
