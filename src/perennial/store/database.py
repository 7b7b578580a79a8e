"""Connections to PostgreSQL: which role they have, how values travel, what one transaction sees.

Instants travel as ``int`` microseconds since 1970 (never as ``datetime``), ``jsonb`` as JSON in
``bytes``, ids as :class:`uuid.UUID`; those that the driver makes, and those of the hot path, are its own
``Id``, which costs a fraction to make, hash, compare and send. A workspace is set for one transaction at
a time; row-level security shows nothing of any other.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Final, Self, TypeVar, cast

import asyncpg
from asyncpg import Connection, Pool
from asyncpg.pgproto import pgproto
from asyncpg.pool import PoolConnectionProxy

from perennial.units import Instant

T = TypeVar("T")

Id = pgproto.UUID
"""An id as the driver makes it of 16 bytes: a :class:`uuid.UUID` that costs a fraction to handle."""

WORKER_ROLE = "perennial_worker"
"""The role of everything that serves: it owns nothing and sees one workspace per transaction."""

DISPATCHER_ROLE = "perennial_dispatcher"
"""The role that sees in which workspace and bucket a timer is due, and nothing else."""

RETRIES = 6

AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    ConnectionError,
)
"""What is raised where PostgreSQL is not there: it is stopped, starts, or cannot be reached."""

_EPOCH_OF_POSTGRESQL: Instant = 946_684_800_000_000
_JSONB_VERSION = b"\x01"
_SETTINGS = {
    "application_name": "perennial",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
}

LIVE_PATH = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
"""The statements of the live path look rows up by whole keys, so that one plan serves any parameters.

Left alone PostgreSQL would plan the large ones anew for every small batch, which costs more than running
them. That one plan may be made while a table is empty, and must not be to read all of it.
"""


_FOR_REPORTS = """\
set local plan_cache_mode = force_custom_plan; set local enable_seqscan = on;
set local work_mem = '64MB'; set local statement_timeout = '60s'"""


class _Connection(Connection):
    """A connection that goes back into its pool without a round trip.

    Nothing is left to reset: settings are only made with SET LOCAL, and an open transaction is rolled
    back in any case.
    """

    def get_reset_query(self) -> str:
        return ""


async def prepare(conn: Connection) -> None:
    """Teach a new connection how instants and JSON travel."""
    await conn.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        format="tuple",
        encoder=lambda instant: (instant - _EPOCH_OF_POSTGRESQL,),
        decoder=lambda parts: parts[0] + _EPOCH_OF_POSTGRESQL,
    )
    await conn.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_encode_jsonb, decoder=_decode_jsonb
    )


def _encode_jsonb(body: bytes | str) -> bytes:
    return _JSONB_VERSION + (body.encode() if isinstance(body, str) else body)


def _decode_jsonb(body: bytes) -> bytes:
    return bytes(body)[1:]


async def connect(url: str, *, role: str | None = None, **settings: str) -> Connection:
    """Open one connection outside any pool, as ``role`` (``None``: whoever the URL names, the owner).

    ``settings`` come on top of our own, for example ``statement_timeout="0"`` for long work.
    """
    options = {**_SETTINGS, **({"role": role} if role else {}), **settings}
    conn: Connection = await asyncpg.connect(url, server_settings=options)
    await prepare(conn)
    return conn


@asynccontextmanager
async def attempt(conn: Connection) -> AsyncIterator[None]:
    """A part of a transaction that is undone by itself on any exception, which goes on to the caller."""
    await conn.execute("savepoint attempt")
    try:
        yield
    except Exception:
        # Where the connection itself has failed there is nothing left to undo.
        with suppress(asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
            await conn.execute("rollback to savepoint attempt; release savepoint attempt")
        raise
    await conn.execute("release savepoint attempt")


class Database:
    """A pool of connections under one role; make one with :meth:`connect` and ``close`` it.

    ``url`` is where they go, a secret, for processes that need connections of their own.
    """

    def __init__(self, pool: Pool, url: str) -> None:
        self._pool = pool
        self._at_hand: list[PoolConnectionProxy] = []
        self._waiting = 0
        self.url = url

    @classmethod
    async def connect(
        cls, url: str, *, role: str | None = WORKER_ROLE, smallest: int = 1, largest: int = 4
    ) -> Database:
        """Open a pool of up to ``largest`` connections that work as ``role``, ``smallest`` of them at once.

        What is lost is made anew when somebody asks for it, and not before: nobody tries in vain, and fills
        the log, while the server is away.
        """
        pool = await asyncpg.create_pool(
            url,
            init_size=smallest,
            min_size=0,
            max_size=largest,
            connection_class=_Connection,
            init=prepare,
            max_inactive_connection_lifetime=0,
            server_settings={**_SETTINGS, **LIVE_PATH, **({"role": role} if role else {})},
        )
        return cls(pool, url)

    async def close(self) -> None:
        """Wait for what is under way, then close every connection."""
        self._waiting += 1  # nothing is kept at hand any more
        while self._at_hand:
            await self._pool.release(self._at_hand.pop())
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def transaction(self, workspace_id: int) -> AbstractAsyncContextManager[Connection]:
        """One transaction inside a workspace: committed at the end, rolled back on any exception."""
        return self._bound("begin", workspace_id)

    def snapshot(self, workspace_id: int) -> AbstractAsyncContextManager[Connection]:
        """Like :meth:`transaction`, but read only, and every statement sees the same moment."""
        return self._bound("begin isolation level repeatable read read only", workspace_id)

    @asynccontextmanager
    async def report(self, workspace_id: int) -> AsyncIterator[Connection]:
        """Like :meth:`snapshot`, for a statement that reads much: its plan is made for what it asks."""
        async with self.snapshot(workspace_id) as conn:
            await conn.execute(_FOR_REPORTS)
            yield conn

    @asynccontextmanager
    async def _bound(self, begin: str, workspace_id: int) -> AsyncIterator[Connection]:
        """Begin a transaction and set its workspace, with one message that holds nothing else.

        Whatever goes wrong, a cancellation included, the transaction is gone before anybody else gets
        the connection.
        """
        async with self.unbound() as conn:
            await conn.execute(f"{begin}; set local app.workspace = '{int(workspace_id)}'")
            try:
                yield conn
            except BaseException:
                # Where the connection itself has failed there is nothing left to roll back.
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await conn.execute("rollback")
                raise
            await conn.execute("commit")

    @asynccontextmanager
    async def unbound(self) -> AsyncIterator[Connection]:
        """A connection outside any workspace: each statement is a transaction of its own."""
        conn = await self._take()
        try:
            yield cast(Connection, conn)  # the pool's proxy has every method of a connection
        except asyncpg.InternalClientError as error:
            # A server that goes away says so on idle connections, and closes them a moment later.
            conn.terminate()
            await self._pool.release(conn)
            raise asyncpg.ConnectionDoesNotExistError("the server is closing the connection") from error
        except BaseException:
            await self._pool.release(conn)
            raise
        if _is_of_use(conn) and not self._waiting:
            self._at_hand.append(conn)
        else:
            await self._pool.release(conn)

    async def _take(self) -> PoolConnectionProxy:
        """Return the connection that was used last: to ask the pool costs as much as a short statement."""
        while self._at_hand:
            conn = self._at_hand.pop()
            if _is_of_use(conn):
                return conn
            await self._pool.release(conn)
        self._waiting += 1
        try:
            return await self._pool.acquire()
        finally:
            self._waiting -= 1

    async def retrying(self, work: Callable[[], Awaitable[T]], tries: int = RETRIES) -> T:
        """Run ``work`` (a whole transaction) and again when it lost a race; at most ``tries`` times.

        Races are serialization failures (40001) and deadlocks (40P01); anything else is raised at once.
        """
        for attempt in range(1, tries):
            try:
                return await work()
            except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
                pause = random.uniform(0, 0.005 * 2**attempt)  # noqa: S311  spreads the tries, no secret
                await asyncio.sleep(pause)
        return await work()


def _is_of_use(conn: PoolConnectionProxy) -> bool:
    """Tell whether the next one may have a connection: it is there, and outside of a transaction.

    When its server goes away the pool takes it back by itself, and it can be asked no more.
    """
    try:
        return not conn.is_closed() and not conn.is_in_transaction()
    except asyncpg.InterfaceError:
        return False
