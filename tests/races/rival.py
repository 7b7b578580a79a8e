"""Another client of the database, which stands in the way of the product."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg import Connection

from perennial.store.database import connect
from tests.races.caller import PATIENCE_SECONDS
from tests.races.shop import Shop

_WAITING = """
with recursive waiting as (
    select pg_backend_pid() as pid
    union
    select activity.pid
    from waiting, pg_stat_activity as activity
    where activity.datname = current_database() and waiting.pid = any(pg_blocking_pids(activity.pid))
)
select count(*) - 1 from waiting
"""


@asynccontextmanager
async def in_transaction(shop: Shop) -> AsyncIterator[Connection]:
    """Another client of the database (its owner), in an open transaction that the test ends."""
    conn = await connect(shop.url)
    try:
        await conn.execute("begin")
        yield conn
    finally:
        await conn.close()


async def wait_until_blocked(conn: Connection, count: int = 1) -> None:
    """Wait until ``count`` transactions wait, behind each other, for what ``conn`` has locked or written."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await conn.fetchval(_WAITING) < count:
            await asyncio.sleep(0.01)
