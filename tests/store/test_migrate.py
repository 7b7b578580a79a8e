"""Migrations: forward only, exactly once, beside running workers."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from perennial.store.database import DISPATCHER_ROLE, WORKER_ROLE, Database, connect
from perennial.store.server import migrate as module
from perennial.store.server.embedded import EmbeddedServer
from perennial.store.server.migrate import (
    Migration,
    MigrationError,
    all_migrations,
    migrate,
    pending_migrations,
)


@pytest.fixture
async def empty_url(server: EmbeddedServer) -> AsyncIterator[str]:
    """The URL of a database of this test's own in which there is nothing at all."""
    name = f"test_{secrets.token_hex(6)}"
    conn = await asyncpg.connect(server.url)
    await conn.execute(f"create database {name}")
    yield f"{server.url.rpartition('/')[0]}/{name}"
    await conn.execute(f"drop database {name} with (force)")
    await conn.close()


def _carry(monkeypatch: pytest.MonkeyPatch, *sql: str) -> None:
    """Let the release carry these migrations behind its own."""
    own = all_migrations()
    more = [Migration(9000 + number, f"9{number:03}_more", text) for number, text in enumerate(sql)]

    def carried() -> Sequence[Migration]:
        return own + more

    monkeypatch.setattr(module, "all_migrations", carried)


async def _fetch(url: str, sql: str) -> object:
    conn = await connect(url)
    try:
        return await conn.fetchval(sql)
    finally:
        await conn.close()


async def test_each_runs_once(empty_url: str) -> None:
    """The first run applies all, in order; the second none."""
    names = [migration.name for migration in all_migrations()]
    assert await migrate(empty_url) == names
    assert await migrate(empty_url) == []
    assert names[0] == "0001_foundation"


async def test_two_that_migrate_at_once_take_turns(empty_url: str) -> None:
    """Of two that begin at the same moment each migration is applied by one."""
    first, second = await asyncio.gather(migrate(empty_url), migrate(empty_url))
    assert sorted(first + second) == [migration.name for migration in all_migrations()]


async def test_many_that_create_the_list_at_once_agree(empty_url: str) -> None:
    """The list of migrations is made by one of many, at whichever step the others find it."""
    await migrate(empty_url)
    for _ in range(30):
        await _fetch(empty_url, "drop table schema_migrations")
        await asyncio.gather(*(migrate(empty_url, last=0) for _ in range(8)))


async def test_a_failing_migration_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration is one transaction: when its second statement fails, the first is undone."""
    _carry(monkeypatch, "create table half (n int); select 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_url)
    assert await _fetch(empty_url, "select to_regclass('half')") is None
    assert await _fetch(empty_url, "select count(*) from schema_migrations where version >= 9000") == 0


async def test_a_changed_migration_is_refused(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was changed after it ran, and a database of a later release, are errors."""
    _carry(monkeypatch, "create table one (n int)")
    await migrate(empty_url)
    _carry(monkeypatch, "create table one (n bigint)")
    with pytest.raises(MigrationError, match="9000_more was changed"):
        await migrate(empty_url)
    _carry(monkeypatch)
    conn = await connect(empty_url)
    with pytest.raises(MigrationError, match="ahead of this release"):
        await pending_migrations(conn)
    await conn.close()


async def test_a_lock_is_waited_for_in_short_tries(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a transaction holds a table, the migration tries again, and passes when it lets go."""
    _carry(monkeypatch)
    await migrate(empty_url)
    _carry(monkeypatch, "alter table customers add column nickname text")
    monkeypatch.setattr(module, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.05)
    told: list[str] = []
    holder = await asyncpg.connect(empty_url)
    reader = await asyncpg.connect(empty_url)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("select count(*) from customers")
    task = asyncio.create_task(migrate(empty_url, told.append))
    async with asyncio.timeout(60):
        while not any("waits for a lock" in words for words in told):
            await asyncio.sleep(0.01)
    # Others are not queued up behind the migration for longer than its lock timeout.
    assert await reader.fetchval("select count(*) from customers", timeout=2) == 0
    await transaction.rollback()
    assert await task == ["9000_more"]
    await holder.close()
    await reader.close()


async def test_tables_locked_for_good_are_an_error(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its tries a migration gives up with words, and has changed nothing."""
    await migrate(empty_url)
    _carry(monkeypatch, "alter table customers add column nickname text")
    monkeypatch.setattr(module, "LOCK_TIMEOUT", "20ms")
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "TRIES", 3)
    holder = await asyncpg.connect(empty_url)
    async with holder.transaction():
        await holder.execute("lock table customers in share mode")
        with pytest.raises(MigrationError, match="found its tables locked"):
            await migrate(empty_url)
    await holder.close()


async def test_a_migration_may_be_the_last(empty_url: str) -> None:
    """With ``last`` the database stops there, and goes on later."""
    names = [migration.name for migration in all_migrations()]
    assert await migrate(empty_url, last=1) == names[:1]
    assert await migrate(empty_url) == names[1:]


async def test_what_is_given_is_kept_for_conditions_by_a_plain_owner(
    server: EmbeddedServer, empty_url: str
) -> None:
    """The walls between workspaces hold for the owner as well: each workspace's consents are taken over."""
    name, database = f"owner_{secrets.token_hex(4)}", empty_url.rpartition("/")[2]
    conn = await asyncpg.connect(empty_url)
    await migrate(server.url)
    await conn.execute(f"create role {name} login password 'owner'")
    await conn.execute(f"alter database {database} owner to {name}")
    await conn.execute(f"grant {WORKER_ROLE}, {DISPATCHER_ROLE} to {name}")
    url = f"postgresql://{name}:owner@{server.url.rpartition('@')[2].partition('/')[0]}/{database}"
    try:
        await migrate(url, last=103)
        for ws in (1, 2):
            await conn.execute(
                "insert into workspaces (workspace_id, code, name, sandbox, bucket_base, bucket_count,"
                " created_at) values ($1, 'w' || $1::int::text, 'W', true, $1, 1, now())",
                ws,
            )
            for place, attributes in ((1, '{"a": 1}'), (2, "{}")):
                await conn.execute(
                    "insert into customers (bucket, workspace_id, customer_id, created_at, external_id,"
                    " attributes) values ($1, $1, $2, now(), 'c', $3::text::jsonb)",
                    ws,
                    uuid.UUID(int=place),
                    attributes,
                )
        given = [("sms", "news", True), ("email", "news", True), ("post", "news", False)]
        for channel, purpose, is_given in given:
            await conn.execute(
                "insert into consents (bucket, workspace_id, customer_id, channel, purpose, given, at,"
                " record_id) values (2, 2, $1, $2, $3, $4, now(), $1)",
                uuid.UUID(int=1),
                channel,
                purpose,
                is_given,
            )
        assert await migrate(url, last=104) == ["0104_consents_for_conditions"]
        kept = await conn.fetch(
            "select workspace_id, attributes::text from customers where attributes <> '{}' order by 1"
        )
        assert [tuple(row) for row in kept] == [
            (1, '{"a": 1}'),
            (2, '{"a": 1, "@consents": "email.news,sms.news"}'),
        ]
    finally:
        await conn.execute(f"alter database {database} owner to current_user")
        await conn.execute(
            f"reassign owned by {name} to current_user; drop owned by {name}; drop role {name}"
        )
        await conn.close()


async def test_an_owner_needs_no_more_than_the_roles(server: EmbeddedServer, empty_url: str) -> None:
    """A plain owner is told what an administrator must run; after exactly that, it migrates and works."""
    name, database = f"owner_{secrets.token_hex(4)}", empty_url.rpartition("/")[2]
    conn = await asyncpg.connect(empty_url)
    await migrate(server.url)  # another database of the server has made the roles before
    await conn.execute(f"create role {name} login password 'owner'")
    await conn.execute(f"alter database {database} owner to {name}")
    url = f"postgresql://{name}:owner@{server.url.rpartition('@')[2].partition('/')[0]}/{database}"
    try:
        with pytest.raises(MigrationError, match="administrator") as told:
            await migrate(url)
        grant = next(line for line in str(told.value).splitlines() if "grant" in line)
        await conn.execute(grant)
        assert await migrate(url) == [migration.name for migration in all_migrations()]
        async with await Database.connect(url) as db, db.transaction(1) as worker:
            assert await worker.fetchval("select current_user::text") == WORKER_ROLE
            assert await worker.fetchval("select count(*) from orders") == 0
    finally:
        await conn.execute(f"alter database {database} owner to current_user")
        await conn.execute(
            f"reassign owned by {name} to current_user; drop owned by {name}; drop role {name}"
        )
        await conn.close()
