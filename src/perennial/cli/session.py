"""What most commands begin with: the settings, a database that is up and migrated, an event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from perennial.config import KEY_FILE, Settings, SettingsError, installation_secret, read_settings
from perennial.flows.handle_events import Handler
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database, connect
from perennial.store.server.embedded import EmbeddedServer
from perennial.store.server.installation import keep_fingerprint, read_generation
from perennial.store.server.migrate import MigrationError, migrate, pending_migrations

T = TypeVar("T")


def settings_of_environment() -> Settings:
    """Return the settings of this process's environment."""
    return read_settings(os.environ)


@contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """Hand out the URL of a database that runs: the given one, or that of the embedded server."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with EmbeddedServer(settings.data) as server:
        yield server.url


@contextmanager
def ready_database(settings: Settings) -> Iterator[Settings]:
    """Hand out settings with the URL of a database that has the schema of this release.

    The embedded one is migrated on the way. Another is left alone: migrating it is its operator's
    decision (``perennial migrate``), and :class:`MigrationError` says so.
    """
    with running_database(settings) as url:
        if settings.database_url is None:
            asyncio.run(migrate(url))
        else:
            asyncio.run(_demand_schema(url))
        yield msgspec.structs.replace(settings, database_url=url)


async def _demand_schema(url: str) -> None:
    conn = await connect(url)
    try:
        missing = await pending_migrations(conn)
    finally:
        await conn.close()
    if missing:
        raise MigrationError(f"the database lacks {', '.join(missing)}: run perennial migrate")


@contextmanager
def ready_installation(settings: Settings) -> Iterator[Settings]:
    """Hand out settings with a database as :func:`ready_database` does, and with the installation's secret.

    Raises :class:`SettingsError` if the codes in the database were stored under another secret.
    """
    with ready_database(settings) as ready:
        secret = installation_secret(settings)
        assert ready.database_url is not None, "a ready database has a URL"
        if not asyncio.run(_has_secret(ready.database_url, Codebook(secret))):
            raise SettingsError(_ANOTHER_INSTALLATIONS.format(file=settings.data / KEY_FILE))
        yield msgspec.structs.replace(ready, secret=secret.hex())


async def _has_secret(url: str, codebook: Codebook) -> bool:
    conn = await connect(url)
    try:
        return await keep_fingerprint(conn, codebook.fingerprint)
    finally:
        await conn.close()


_ANOTHER_INSTALLATIONS = """\
the codes in this database were stored under another secret: set PERENNIAL_SECRET to it, or put it back
into {file}. Every host and every restored database needs the same one"""


def with_handler(work: Callable[[Handler], Awaitable[T]]) -> T:
    """Run ``work`` with a handler on the database of the environment and return what it returns."""

    async def run(url: str, codebook: Codebook) -> T:
        async with await Database.connect(url) as database:
            async with database.unbound() as conn:
                generation = await read_generation(conn)
            return await work(Handler(database, codebook, generation))

    with ready_installation(settings_of_environment()) as settings:
        assert settings.database_url is not None, "a ready database has a URL"
        return asyncio.run(run(settings.database_url, Codebook(installation_secret(settings))))


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Run ``work`` with a pool on the database of the environment and return what it returns."""

    async def run(url: str) -> T:
        async with await Database.connect(url) as database:
            return await work(database)

    with ready_database(settings_of_environment()) as settings:
        assert settings.database_url is not None, "a ready database has a URL"
        return asyncio.run(run(settings.database_url))
