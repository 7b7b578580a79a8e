"""Connections: how values travel, and what one transaction may see."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from perennial.store.database import DISPATCHER_ROLE, WORKER_ROLE, Database, connect

_CUSTOMER = UUID(int=7)


async def _put_timer(db: Database, workspace: int, due_at: int) -> None:
    async with db.transaction(workspace) as conn:
        await conn.execute(
            "insert into timers (bucket, workspace_id, customer_id, due_at) values ($1, $1, $2, $3)",
            workspace,
            _CUSTOMER,
            due_at,
        )


async def test_instants_travel_as_microseconds(db: Database) -> None:
    """Instants are integers in both directions, alone, in arrays and in rows, before 1970 too."""
    async with db.unbound() as conn:
        row = await conn.fetchrow(
            "select '1970-01-01T00:00:01.000002Z'::timestamptz, $1::timestamptz, $2::timestamptz[], "
            "'1969-12-31T23:59:59Z'::timestamptz, null::timestamptz",
            5,
            [6, None],
        )
        unnested = await conn.fetch("select * from unnest($1::timestamptz[], $2::jsonb[])", [7], [b"{}"])
    assert tuple(row or ()) == (1_000_002, 5, [6, None], -1_000_000, None)
    assert [tuple(found) for found in unnested] == [(7, b"{}")]


async def test_json_travels_as_bytes(db: Database) -> None:
    """JSON goes in as bytes or text and comes out as bytes, so that msgspec decodes it into types."""
    async with db.unbound() as conn:
        row = await conn.fetchrow("select $1::jsonb, $2::jsonb", b'{"a":1}', "[2]")
    assert tuple(row or ()) == (b'{"a": 1}', b"[2]")


async def test_a_transaction_sees_its_workspace_only(db: Database, workspace: int) -> None:
    """A row is seen inside its workspace; not in another, and not without one."""
    await _put_timer(db, workspace, 1)
    async with db.transaction(workspace) as conn:
        assert await conn.fetchval("select count(*) from timers") == 1
    async with db.transaction(workspace + 1000) as conn:
        assert await conn.fetchval("select count(*) from timers") == 0
    async with db.unbound() as conn:
        assert await conn.fetchval("select count(*) from timers") == 0


async def test_a_row_of_another_workspace_is_refused(db: Database, workspace: int) -> None:
    """Nobody writes a row into a workspace that is not the transaction's."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.transaction(workspace + 1000) as conn:
            await conn.execute(
                "insert into timers (bucket, workspace_id, customer_id, due_at) values (1, $1, $2, $3)",
                workspace,
                _CUSTOMER,
                1,
            )


async def test_an_exception_rolls_back(db: Database, workspace: int) -> None:
    """What a transaction wrote before an exception is gone, and the connection works on."""

    async def write_and_fail() -> None:
        async with db.transaction(workspace) as conn:
            await conn.execute(
                "insert into timers (bucket, workspace_id, customer_id, due_at) values ($1, $1, $2, $3)",
                workspace,
                _CUSTOMER,
                1,
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    async with db.transaction(workspace) as conn:
        assert await conn.fetchval("select count(*) from timers") == 0


async def test_a_canceled_transaction_leaves_a_clean_connection(database_url: str, workspace: int) -> None:
    """A transaction that is canceled in mid-statement is rolled back, and its pool of one goes on."""
    async with await Database.connect(database_url, largest=1) as db:

        async def wait() -> None:
            async with db.transaction(workspace) as conn:
                await conn.execute("select pg_sleep(30)")

        task = asyncio.create_task(wait())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with db.unbound() as conn:
            assert await conn.fetchval("select nullif(current_setting('app.workspace', true), '')") is None


async def test_a_connection_goes_to_whoever_waits_for_one(database_url: str, workspace: int) -> None:
    """Twenty want one of two connections, again and again: each gets one, and closing ends all of them."""
    async with await Database.connect(database_url, largest=2) as db:

        async def work() -> set[int]:
            used = set()
            for _ in range(10):
                async with db.transaction(workspace) as conn:
                    used.add(await conn.fetchval("select pg_backend_pid()"))
            return used

        async with asyncio.timeout(30):
            used = await asyncio.gather(*(work() for _ in range(20)))
        assert 1 <= len(set.union(*used)) <= 2
        async with db.unbound() as conn:
            last = conn
    with pytest.raises(asyncpg.InterfaceError):
        await last.execute("select 1")


async def test_a_transaction_that_was_left_open_is_nobody_elses(database_url: str, workspace: int) -> None:
    """What somebody began by hand and did not end is rolled back before the next one gets the connection."""
    async with await Database.connect(database_url, largest=1) as db:
        async with db.unbound() as conn:
            await conn.execute(f"begin; set local app.workspace = '{workspace}'")
        async with db.unbound() as conn:
            assert not conn.is_in_transaction()
            assert await conn.fetchval("select nullif(current_setting('app.workspace', true), '')") is None


async def test_a_lost_race_is_tried_again(db: Database) -> None:
    """Serialization failures are tried again up to the bound; other errors are raised at once."""
    calls: list[int] = []

    async def lose_twice() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise asyncpg.SerializationError("lost")
        return "won"

    assert await db.retrying(lose_twice) == "won"
    assert len(calls) == 3

    async def always_lose() -> str:
        calls.append(1)
        raise asyncpg.DeadlockDetectedError("lost")

    calls.clear()
    with pytest.raises(asyncpg.DeadlockDetectedError):
        await db.retrying(always_lose, tries=4)
    assert len(calls) == 4


async def test_the_roles_are_no_owners(database_url: str) -> None:
    """Workers and dispatcher are neither superusers nor owners, and cannot step around the walls."""
    for role in (WORKER_ROLE, DISPATCHER_ROLE):
        conn = await connect(database_url, role=role)
        try:
            row = await conn.fetchrow(
                "select current_user::text, rolsuper, rolbypassrls, rolcanlogin, "
                "(select count(*) from pg_class where relowner = pg_roles.oid) "
                "from pg_roles where rolname = current_user"
            )
        finally:
            await conn.close()
        assert tuple(row or ()) == (role, False, False, False, 0)


async def test_the_dispatcher_sees_when_and_not_who(database_url: str, db: Database, workspace: int) -> None:
    """The dispatcher reads the due instants of all workspaces, and no customer."""
    await _put_timer(db, workspace, 1_000)
    conn = await connect(database_url, role=DISPATCHER_ROLE)
    try:
        seen = await conn.fetch(
            "select bucket, workspace_id, due_at from timers where workspace_id = $1", workspace
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.fetch("select customer_id from timers")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.fetch("select amount from postings")
    finally:
        await conn.close()
    assert [tuple(row) for row in seen] == [(workspace, workspace, 1_000)]
