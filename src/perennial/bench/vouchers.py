"""How fast a pool of codes is made, beside COPY of the very rows that it ends up writing.

Our side is the flow behind ``POST /v1/vouchers/batches``: every code is drawn, hashed, sealed, and stored
once, in one transaction. Then the rows of both tables are fetched, and copied from memory into a second,
empty database with the same tables and indexes: what a driver and PostgreSQL need at the least for them.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import msgspec

from perennial.bench.cluster import cluster
from perennial.config import SECRET_BYTES
from perennial.flows.handle_events import Handler
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.vouchers.batches import BatchView, NewBatch, create_batch
from perennial.flows.workspaces import create_workspace
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database, connect
from perennial.store.server.embedded import EmbeddedServer
from perennial.store.server.migrate import migrate

_TABLES = ("vouchers", "voucher_codes")
_PROGRAM = """
program: bench
name: Bench
currency: USD
wallets: [{id: points, name: Points}]
rewards:
  - id: summer
    name: Summer
    codes: {pattern: "SUMMER-############"}
    gives: [{type: amount_off, value: 500}]
"""


def run(*, count: int = 1_000_000) -> dict[str, Any]:
    """Make ``count`` codes, then copy the same rows; return the seconds of both and their ratio."""
    with cluster() as server:
        ours = asyncio.run(_make(server.url, count))
        copied, rows = asyncio.run(_copy(server))
    return {
        "count": count,
        "seconds": round(ours, 2),
        "codes_per_s": round(count / ours),
        "copy_seconds": round(copied, 2),
        "copy_codes_per_s": round(count / copied),
        "rows": rows,
        "ratio": round(copied / ours, 3),
    }


async def _make(url: str, count: int) -> float:
    await migrate(url)
    async with await Database.connect(url) as database:
        row = await create_workspace(database, "bench", "Bench", sandbox=False)
        author = Author(actor="bench", at=time.time_ns() // 1_000)
        await apply_document(database, row.workspace_id, _PROGRAM, author)
        handler = Handler(database, Codebook(secrets.token_bytes(SECRET_BYTES)))
        wanted = NewBatch(id="bench", reward="summer", count=count)
        start = time.perf_counter()
        answer = await create_batch(handler, row.workspace_id, wanted, "bench")
        seconds = time.perf_counter() - start
    made = msgspec.json.decode(answer.body, type=BatchView).made
    if made != count:
        raise RuntimeError(f"{made} codes were made instead of {count}")
    return seconds


async def _copy(server: EmbeddedServer) -> tuple[float, int]:
    """Copy the rows of both tables into an empty database; return the seconds and the number of rows."""
    source = await connect(server.url, statement_timeout="0")
    try:
        await source.execute("create database bench_copy")
        url = f"{server.url.rpartition('/')[0]}/bench_copy"
        await migrate(url)
        target = await connect(url, statement_timeout="0")
        try:
            seconds, count = 0.0, 0
            for table in _TABLES:
                await source.execute(f"alter table {table} no force row level security")
                rows = [tuple(row) for row in await source.fetch(f"select * from {table}")]
                start = time.perf_counter()
                await target.copy_records_to_table(table, records=rows)
                seconds += time.perf_counter() - start
                count += len(rows)
            return seconds, count
        finally:
            await target.close()
    finally:
        await source.close()
