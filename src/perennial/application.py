"""The application of one worker, and the HTTP server around it.

A worker that is asked to stop says so to the platform first (readiness), takes no new connections, finishes
what is in flight, and leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from types import FrameType

import uvicorn

from perennial.config import GRACE_SECONDS, STOP_SIGNALS, Settings, installation_secret, public_address
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
from perennial.http.door.dealing import Taker
from perennial.http.door.door import Address, Door
from perennial.http.door.metrics import COUNTED, MeasuredHandler
from perennial.http.door.protocol import BoundedProtocol, DealtProtocol
from perennial.http.fast_lane import FastLane
from perennial.jobs.worker import Worker
from perennial.store.codes.codebook import Codebook
from perennial.store.database import DISPATCHER_ROLE, Database
from perennial.store.server.installation import read_generation

NOTICE_SECONDS = 0.25
"""How long a worker that is asked to stop still takes connections: readiness goes first."""


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
