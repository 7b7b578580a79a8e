"""The rules of the schema (design, section 12), read from the catalog of a migrated database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
from asyncpg import Connection

from perennial.store.database import WORKER_ROLE, Database, connect
from tests.house.made_up import fill_every_table, tables_with
from tests.house.schema_text import schema_text
from tests.house.source import SCHEMA

# What must be read before a workspace is known: for reading alone.
_READ_BEFORE = {"workspaces", "api_keys", "roles", "staff_roles", "staff_rules", "invitations"}
_APPEND_ONLY = {"postings", "tier_moves", "audit_entries", "seals", "program_versions", "program_parts"}
# A bucket's own rows, of no customer.
_OF_BUCKETS = {"seals", "leases", "conversion_slices", "backfill_slices"}
# Found by a natural key that says nothing of the customer; they tell the bucket.
_OF_NATURAL_KEYS = {"external_ids", "voucher_codes", "identifiers", "referral_codes"}


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Connection]:
    """A connection as the owner of the module's database."""
    conn = await connect(database_url)
    yield conn
    await conn.close()


async def _keys(conn: Connection) -> list[tuple[str, str, list[str]]]:
    """Every primary key and unique index: table, kind, columns in order."""
    rows = await conn.fetch(
        """
        select indrelid::regclass::text, case when indisprimary then 'primary' else 'unique' end,
            array(select attname::text from unnest(indkey::int2[]) with ordinality as key (number, place)
                join pg_attribute on attrelid = indrelid and attnum = key.number order by key.place)
        from pg_index join pg_class on pg_class.oid = indrelid
        where indisunique and relnamespace = 'public'::regnamespace
        """
    )
    return [(table, kind, list(columns)) for table, kind, columns in rows]


async def test_the_checked_in_schema_is_the_migrated_one(owner: Connection) -> None:
    """schema.sql is what the migrations make: tables, keys, indexes, policies and grants."""
    assert _plain(await schema_text(owner)) == _plain(SCHEMA.read_text())


def _plain(text: str) -> str:
    """Leave out how one version of PostgreSQL names the only column of a sub-select, and another not."""
    return re.sub(r' AS "nullif"', "", text)


async def test_customers_tables_are_keyed_by_bucket(owner: Connection) -> None:
    """Each begins its primary key with bucket, workspace and customer, and no unique key leaves them out."""
    scoped = await tables_with(owner, "bucket") - _OF_BUCKETS - _OF_NATURAL_KEYS
    scoped &= await tables_with(owner, "customer_id")
    assert len(scoped) > 10
    wrong = [
        (table, kind, columns)
        for table, kind, columns in await _keys(owner)
        if table in scoped
        and (
            columns[:3] != ["bucket", "workspace_id", "customer_id"]
            if kind == "primary"
            else not {"bucket", "workspace_id", "customer_id"} <= set(columns)
        )
    ]
    assert wrong == []
    assert {table for table, kind, _ in await _keys(owner) if kind == "primary"} >= scoped


async def test_every_key_names_its_workspace(owner: Connection) -> None:
    """No unique key reaches across workspaces, except those by which one is found."""
    across = {
        (table, tuple(columns)) for table, _, columns in await _keys(owner) if "workspace_id" not in columns
    }
    assert across == {
        ("installation", ("single",)),
        ("schema_migrations", ("version",)),
        ("workspaces", ("code",)),
        ("api_keys", ("secret_hash",)),
        ("invitations", ("token_hash",)),
        # People are of the whole installation.
        ("staff", ("staff_id",)),
        ("staff", ("email",)),
        ("staff_identities", ("issuer", "subject")),
        ("staff_identities", ("issuer", "staff_id")),
        ("staff_founding", ("single",)),
        ("staff_recovery_codes", ("staff_id", "code_hash")),
        ("staff_passkeys", ("credential_id",)),
        ("staff_sessions", ("session_id",)),
        ("staff_sessions", ("token_hash",)),
        ("sign_in_steps", ("token_hash",)),
        ("sign_in_tries", ("holder", "span")),
    }


async def test_buckets_and_customers_are_never_null(owner: Connection) -> None:
    """bucket, workspace_id and customer_id are NOT NULL wherever they are."""
    nullable = await owner.fetch(
        "select table_name::text, column_name::text from information_schema.columns "
        "where table_schema = 'public' "
        "and column_name in ('bucket', 'workspace_id', 'customer_id') and is_nullable = 'YES'"
    )
    assert [tuple(row) for row in nullable] == []


async def test_no_triggers_and_no_foreign_keys_between_customers_tables(owner: Connection) -> None:
    """Nothing happens behind a statement's back, and foreign keys stay on configuration."""
    triggers = await owner.fetchval("select count(*) from pg_trigger where not tgisinternal")
    foreign = await owner.fetch("select conrelid::regclass::text from pg_constraint where contype = 'f'")
    assert triggers == 0
    assert {table for (table,) in foreign} & await tables_with(owner, "bucket") == set()


async def test_the_wall_stands_on_every_table_of_a_workspace(owner: Connection) -> None:
    """Row-level security is on, and forced on the owner too, wherever there is a workspace_id."""
    rows = await owner.fetch(
        "select relname::text from pg_class "
        "where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') "
        "and relrowsecurity and relforcerowsecurity"
    )
    assert {name for (name,) in rows} == await tables_with(owner, "workspace_id")


async def test_policies_ask_for_the_workspace(owner: Connection) -> None:
    """Every policy of the worker compares the workspace, but for the reading that finds one."""
    rows = await owner.fetch(
        "select polrelid::regclass::text, polcmd::text, pg_get_expr(polqual, polrelid), "
        "pg_get_expr(polwithcheck, polrelid), polroles::regrole[]::text[] from pg_policy"
    )
    open_to = {
        (table, command, tuple(roles))
        for table, command, using, check, roles in rows
        if "app.workspace" not in (using or check)
    }
    assert open_to == {
        ("workspaces", "r", ("-",)),
        ("workspaces", "a", ("-",)),
        ("api_keys", "r", ("-",)),
        ("roles", "r", ("-",)),
        ("staff_roles", "r", ("-",)),
        ("staff_rules", "r", ("-",)),
        ("invitations", "r", ("-",)),
        ("timers", "r", ("perennial_dispatcher",)),
        ("redemptions", "r", ("perennial_dispatcher",)),
        ("referrals", "r", ("perennial_dispatcher",)),
        ("conversion_slices", "r", ("perennial_dispatcher",)),
        ("planned_versions", "r", ("perennial_dispatcher",)),
        ("backfills", "r", ("perennial_dispatcher",)),
        ("segments", "r", ("perennial_dispatcher",)),
        ("waits", "r", ("perennial_dispatcher",)),
        ("messages", "r", ("perennial_dispatcher",)),
    }


async def test_what_has_happened_is_never_changed(owner: Connection) -> None:
    """The worker may neither UPDATE, DELETE nor TRUNCATE what is append-only, and truncates nothing."""
    rows = await owner.fetch(
        """
        select relname::text, has_table_privilege($1, oid, 'UPDATE'), has_table_privilege($1, oid, 'DELETE'),
            has_table_privilege($1, oid, 'TRUNCATE'), has_any_column_privilege($1, oid, 'UPDATE')
        from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
        """,
        WORKER_ROLE,
    )
    rights = {table: rest for table, *rest in rows}
    assert set(rights) >= _APPEND_ONLY
    assert {table for table in _APPEND_ONLY if any(rights[table])} == set()
    assert {table for table, (_, _, truncates, _) in rights.items() if truncates} == set()


async def test_a_worker_cannot_rewrite_a_posting(db: Database, workspace: int) -> None:
    """PostgreSQL itself refuses, whatever the code does."""
    for statement in ("update postings set amount = 1", "delete from postings", "truncate postings"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with db.transaction(workspace) as conn:
                await conn.execute(statement)


async def test_a_worker_sees_nothing_without_a_workspace(owner: Connection, database_url: str) -> None:
    """Of every table of a workspace that has rows, the worker sees none before SET LOCAL."""
    await fill_every_table(owner, 999)
    conn = await connect(database_url, role=WORKER_ROLE)
    try:
        for table in await tables_with(owner, "workspace_id") - _READ_BEFORE:
            assert await owner.fetchval(f"select count(*) from {table}") > 0, table
            assert await conn.fetchval(f"select count(*) from {table}") == 0, table
            async with conn.transaction():
                await conn.execute("set local app.workspace = '999'")
                assert await conn.fetchval(f"select count(*) from {table}") > 0, table
    finally:
        await conn.close()
