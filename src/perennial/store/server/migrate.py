"""Migrations: plain SQL files, forward only, each in one transaction and recorded with its checksum.

Safe beside running workers: a statement waits for a lock only briefly, so that nobody queues behind
it for long; then the whole migration is rolled back and tried again. Migrations are written to expand
first and to contract in a later release, so that the workers of one release before keep working.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from importlib.resources import files

import asyncpg
import msgspec
from asyncpg import Connection

from perennial.store.database import DISPATCHER_ROLE, WORKER_ROLE, connect
from perennial.store.server.statements import split_statements

LOCK_TIMEOUT = "2s"
TRIES = 30
_PAUSE_SECONDS = 1.0

_CREATE_MIGRATIONS = """
create table if not exists schema_migrations (
    version int primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null
)
"""

# Two that migrate at once take turns; readers of the table are not held up.
_ONE_AT_A_TIME = "lock table schema_migrations in share row exclusive mode"

_ROLES_ARE_MISSING = f"""\
the owner of the database may not create the roles that serve it; let an administrator run, once:
  create role {WORKER_ROLE} nologin;
  create role {DISPATCHER_ROLE} nologin;
  grant {WORKER_ROLE}, {DISPATCHER_ROLE} to "{{owner}}";"""


class MigrationError(RuntimeError):
    """The database and the migrations of this release do not fit together; the message says why."""


class Migration(msgspec.Struct, frozen=True):
    """One file of ``store/migrations``; the number at the beginning of its name is its version."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the text, in hex."""
        return sha256(self.sql.encode()).hexdigest()


def all_migrations() -> list[Migration]:
    """Return the migrations that this release carries, in their order."""
    found = [
        Migration(int(file.name[:4]), file.name.removesuffix(".sql"), file.read_text())
        for file in files("perennial.store").joinpath("migrations").iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda migration: migration.version)


async def migrate(
    url: str, tell: Callable[[str], None] = lambda _: None, *, last: int | None = None
) -> list[str]:
    """Bring the database up to this release and return the names of the migrations that ran.

    ``url`` names the owner of the database. ``tell`` hears what is going on. With ``last`` no later
    migration runs. Raises :class:`MigrationError`.
    """
    conn = await connect(url, statement_timeout="0", lock_timeout=LOCK_TIMEOUT)
    try:
        if await conn.fetchval("select to_regclass('schema_migrations')") is None:
            # Somebody else may be at it too: "if not exists" alone does not see that, and which of the
            # three says so (index, table, or row type) depends on how far the other is.
            with suppress(
                asyncpg.UniqueViolationError, asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError
            ):
                await conn.execute(_CREATE_MIGRATIONS)
        try:
            await _patiently("the roles", tell, lambda: _create_roles(conn))
        except asyncpg.InsufficientPrivilegeError as error:
            raise MigrationError(
                _ROLES_ARE_MISSING.format(owner=await conn.fetchval("select user"))
            ) from error
        wanted = [each for each in all_migrations() if last is None or each.version <= last]
        ran = []
        for each in wanted:
            if await _patiently(f"migration {each.name}", tell, partial(_apply, conn, each, tell)):
                ran.append(each.name)  # noqa: PERF401  reads better than a comprehension that waits
        return ran
    finally:
        await conn.close()


async def applied_migrations(conn: Connection) -> dict[int, str]:
    """Return the checksums of the migrations that the database has, by their version."""
    if await conn.fetchval("select to_regclass('schema_migrations')") is None:
        return {}
    return {row[0]: row[1] for row in await conn.fetch("select version, checksum from schema_migrations")}


async def pending_migrations(conn: Connection) -> list[str]:
    """Return the names of the migrations of this release that the database still lacks.

    Raises :class:`MigrationError` when the database is ahead of this release or was made by other files.
    """
    applied = await applied_migrations(conn)
    carried = {migration.version: migration for migration in all_migrations()}
    for version, checksum in applied.items():
        if version not in carried:
            raise MigrationError(f"the database is ahead of this release: it has migration {version:04}")
        if carried[version].checksum != checksum:
            raise MigrationError(
                f"migration {carried[version].name} was changed after it was applied to this database"
            )
    return [migration.name for version, migration in sorted(carried.items()) if version not in applied]


async def _patiently(name: str, tell: Callable[[str], None], work: Callable[[], Awaitable[bool]]) -> bool:
    """Run ``work`` (one transaction) and again while somebody holds what it needs to lock."""
    for attempt in range(1, TRIES + 1):
        try:
            return await work()
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
            if attempt == TRIES:
                raise MigrationError(f"{name} found its tables locked: {error}") from error
            tell(f"{name} waits for a lock, try {attempt + 1}")
            await asyncio.sleep(_PAUSE_SECONDS)
    raise AssertionError("the loop returns or raises")


async def _apply(conn: Connection, migration: Migration, tell: Callable[[str], None]) -> bool:
    """Run one migration in one transaction; return False if the database has it already."""
    async with conn.transaction():
        await conn.execute(_ONE_AT_A_TIME)
        if migration.name not in await pending_migrations(conn):
            return False
        tell(f"migration {migration.name}")
        for statement in split_statements(migration.sql):
            await conn.execute(statement)
        await conn.execute(
            "insert into schema_migrations (version, name, checksum, applied_at) values ($1, $2, $3, $4)",
            migration.version,
            migration.name,
            migration.checksum,
            time.time_ns() // 1000,
        )
        return True


async def _create_roles(conn: Connection) -> bool:
    """Create the roles of workers and dispatcher, and let whoever the URL names take them.

    Roles belong to the whole server: another database of it may have made them already.
    """
    for role in (WORKER_ROLE, DISPATCHER_ROLE):
        if not await conn.fetchval("select exists (select from pg_roles where rolname = $1)", role):
            with suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
                await conn.execute(f"create role {role} nologin")
    async with conn.transaction():
        await conn.execute(_ONE_AT_A_TIME)
        for role in (WORKER_ROLE, DISPATCHER_ROLE):
            if not await conn.fetchval("select pg_has_role(current_user, $1, 'member')", role):
                await conn.execute(f"grant {role} to current_user")
        if not await conn.fetchval(
            "select has_table_privilege($1, 'schema_migrations', 'select')", WORKER_ROLE
        ):
            await conn.execute(f"grant select on schema_migrations to {WORKER_ROLE}")
    return True
