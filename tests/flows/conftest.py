"""A shop on a real database, for every test of a flow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from asyncpg import Connection

from perennial.flows.batch import Batch
from perennial.flows.batcher import Intake
from perennial.flows.customers import household
from perennial.flows.handle_events import Handler
from perennial.store.database import Database
from tests.codebook import CODEBOOK
from tests.flows.shop import START, Shop


@pytest.fixture
async def shop(db: Database, workspace: int) -> AsyncIterator[Shop]:
    """A sandbox whose clock stands at START, without any program yet."""
    async with db.transaction(workspace) as conn:
        await conn.execute("update workspaces set clock_at = $2 where workspace_id = $1", workspace, START)
    intake = Intake(Handler(db, CODEBOOK))
    yield Shop(db, workspace, intake)
    await intake.close()


@pytest.fixture
async def wide_shop(db: Database, owner: Connection) -> AsyncIterator[Shop]:
    """A sandbox whose codes and customers are spread over four buckets."""
    number = 9_000 + await owner.fetchval("select count(*) from workspaces")
    await owner.execute(
        "insert into workspaces (workspace_id, code, name, sandbox, bucket_base, bucket_count, clock_at,"
        " created_at) values ($1, $2, 'Wide', true, $3, 4, $4, $4)",
        number,
        f"wide-{number}",
        number * 10,
        START,
    )
    intake = Intake(Handler(db, CODEBOOK))
    yield Shop(db, number, intake)
    await intake.close()


@pytest.fixture
async def apart_shop(wide_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A sandbox of four buckets, the first of which has every household and hardly anybody else."""
    buckets = (await wide_shop.handler.read_workspace(wide_shop.workspace_id)).buckets
    found = household._found  # noqa: SLF001

    async def found_there(conn: Connection, batch: Batch, name: str) -> UUID:
        own, batch.bucket = batch.bucket, buckets[0]
        try:
            return await found(conn, batch, name)
        finally:
            batch.bucket = own

    monkeypatch.setattr(household, "_found", found_there)
    return wide_shop


@pytest.fixture
def owner(registrar: Connection) -> Connection:
    """A connection that sees every row of every workspace; one for all tests of a module."""
    return registrar
