"""A batch of codes in a workspace of very many buckets, and cursors that nobody gave out."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
import pytest
from asyncpg import Connection
from asyncpg.connection import LoggedQuery

from perennial.flows.pages import write_cursor
from perennial.flows.vouchers.batches import batch_id_of
from perennial.flows.vouchers.pools import codes_of, read_batch
from perennial.store.codes import pools
from perennial.store.database import LIVE_PATH
from tests.flows.pool import assigned, made, open_pool, problem_of
from tests.flows.shop import Shop

BUCKETS = 1_024


class Place(msgspec.Struct, array_like=True):
    """Where a page goes on: among the codes that are nobody's, in a bucket, behind a code."""

    free: bool
    bucket: int
    after: UUID = UUID(int=0)


@pytest.fixture
async def widest_shop(shop: Shop, owner: Connection) -> Shop:
    """A sandbox whose codes and customers are spread over as many buckets as there can be."""
    await owner.execute(
        "update workspaces set bucket_count = $2 where workspace_id = $1", shop.workspace_id, BUCKETS
    )
    return shop


@pytest.fixture
def asked(widest_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is sent from now on within snapshots."""
    statements: list[str] = []
    snapshot = widest_shop.database.snapshot

    def listen(query: LoggedQuery) -> None:
        statements.append(query.query)

    @asynccontextmanager
    async def heard(workspace_id: int) -> AsyncIterator[Connection]:
        async with snapshot(workspace_id) as conn:
            with conn.query_logger(listen):
                yield conn

    monkeypatch.setattr(widest_shop.database, "snapshot", heard)
    return statements


async def test_few_statements_read_a_batch_of_many_buckets(widest_shop: Shop, asked: list[str]) -> None:
    """Counts are one statement and a page one for either side, with one more for the names."""
    shop = widest_shop
    names = ("anna", "bert", "carl", "dora")
    await open_pool(shop, *names)
    await made(shop, "b1", count=300)
    for name in names:
        await assigned(shop, f"to-{name}", name)
    asked.clear()
    pool = await read_batch(shop.handler, shop.workspace_id, "b1")
    assert (pool.codes, pool.given) == (300, 4)
    assert len([text for text in asked if "from vouchers" in text]) == 1
    found: list[str] = []
    cursor: str | None = None
    for size in (100, 100, 100):
        asked.clear()
        page = await codes_of(shop.handler, shop.workspace_id, "b1", cursor=cursor, limit=size)
        found += [code.id for code in page.data]
        cursor = page.next_cursor
        assert len([text for text in asked if "vouchers" in text or "customers" in text]) <= 5
        if len(found) == size:
            assert {code.customer for code in page.data[:4]} == set(names)
            assert {code.customer for code in page.data[4:]} == {None}
    assert len(set(found)) == 300
    page = await codes_of(shop.handler, shop.workspace_id, "b1", cursor=cursor, limit=100)
    assert (page.data, page.next_cursor) == ((), None)


async def test_a_page_looks_into_no_more_buckets_than_it_needs(widest_shop: Shop, owner: Connection) -> None:
    """Ten codes are found in the first of the buckets, and the others are left alone."""
    shop = widest_shop
    await open_pool(shop)
    await made(shop, "b1", count=1_000)
    base = (await shop.handler.read_workspace(shop.workspace_id)).bucket_base
    batch_id = str(batch_id_of(shop.workspace_id, "b1"))
    values = (shop.workspace_id, base, base + BUCKETS - 1, f"'{batch_id}'", True, f"'{UUID(int=0)}'", 10)
    async with owner.transaction():
        for setting, value in LIVE_PATH.items():
            await owner.execute(f"set local {setting} = {value}")
        await owner.execute(f"prepare page as {pools._READ_POOL}")  # noqa: SLF001
        asked = f"execute page({', '.join(map(str, values))})"
        text = await owner.fetchval(f"explain (analyze, format json) {asked}")
        await owner.execute("deallocate page")
    [loops] = re.findall(r'"Index Name": "vouchers_pool".*?"Actual Loops": (\d+)', text, re.DOTALL)
    assert int(loops) < BUCKETS // 4


@pytest.mark.parametrize("free", [False, True])
async def test_a_cursor_into_buckets_of_others_is_none(widest_shop: Shop, free: bool) -> None:
    """A bucket before or behind those of the workspace was never in a cursor that was given out."""
    shop = widest_shop
    await open_pool(shop)
    await made(shop, "b1", count=1)
    base = (await shop.handler.read_workspace(shop.workspace_id)).bucket_base
    batch_id = batch_id_of(shop.workspace_id, "b1")
    for bucket in (base - 1, base + BUCKETS, -(2**31)):
        cursor = write_cursor(Place(free, bucket), shop.workspace_id, "codes", batch_id)
        refused = await problem_of(codes_of(shop.handler, shop.workspace_id, "b1", cursor=cursor))
        assert refused == (422, "invalid_cursor", ["$.cursor"])
    for bucket in (base, base + BUCKETS - 1):
        cursor = write_cursor(Place(free, bucket), shop.workspace_id, "codes", batch_id)
        await codes_of(shop.handler, shop.workspace_id, "b1", cursor=cursor)
