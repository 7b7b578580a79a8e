"""How fast a replay of stored lines goes, beside COPY of the very rows that it ends up writing.

Our side reads NDJSON orders with the parser of ``POST /v1/batch`` and sends them down the same batch
path, without HTTP. Then the rows of every table are fetched, and copied from memory into a second, empty
database with the same tables and indexes: what a driver and PostgreSQL need at the least for those rows.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from random import Random
from typing import Any, cast
from uuid import UUID

import msgspec
import uvloop

from perennial.bench.cluster import cluster
from perennial.bench.load import order_body
from perennial.bench.prepare import Prepared, prepare
from perennial.config import SECRET_BYTES
from perennial.flows.batcher import Intake
from perennial.flows.garbage import collect_seldom
from perennial.flows.handle_events import Handler
from perennial.flows.staff.keys import Key
from perennial.http.batch_lines import BatchLine, command_of
from perennial.http.door.strict_json import Reader
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database, connect
from perennial.store.server.embedded import EmbeddedServer
from perennial.store.server.migrate import migrate
from perennial.units import format_instant

CHUNK = 2_048
_BENCH = Key(workspace_id=0, key_id=UUID(int=0), name="bench", scopes=frozenset())
_TABLES = (
    "external_ids",
    "orders",
    "events",
    "postings",
    "tier_moves",
    "lots",
    "counters",
    "limit_uses",
    "timers",
)


def run(*, orders: int = 20_000, members: int = 10_000, rules: int = 20, rounds: int = 3) -> dict[str, Any]:
    """Replay ``orders`` new orders ``rounds`` times, each beside its COPY; return medians and ratios."""
    with cluster() as server:
        prepared = asyncio.run(prepare(server.url, members=members, rules=rules))
        measured = [uvloop.run(_round(server, prepared, orders, members, number)) for number in range(rounds)]
    measured.sort(key=lambda each: each[1] / each[0])
    ours, copied, rows = measured[len(measured) // 2]
    return {
        "orders": orders,
        "members": members,
        "rules": rules,
        "rounds": rounds,
        "orders_per_s": round(orders / ours),
        "rows_per_s": round(rows / ours),
        "copy_orders_per_s": round(orders / copied),
        "copy_rows_per_s": round(rows / copied),
        "rows_per_order": round(rows / orders, 2),
        "ratio": round(copied / ours, 3),
    }


async def _round(
    server: EmbeddedServer, prepared: Prepared, orders: int, members: int, number: int
) -> tuple[float, float, int]:
    """Return the seconds of our side, those of COPY, and how many rows were written."""
    lines = _lines(f"b{number}", orders, members)
    await _empty(server.url)
    start = time.perf_counter()
    await _replay(server.url, prepared, lines)
    ours = time.perf_counter() - start
    copied, rows = await _copy(server)
    return ours, copied, rows


def _lines(prefix: str, orders: int, members: int) -> list[bytes]:
    random = Random(prefix)
    at = format_instant(time.time_ns() // 1_000)
    return [
        msgspec.json.encode({"op": "order", "id": f"{prefix}-{number}", **order_body(random, members, at)})
        for number in range(orders)
    ]


async def _replay(url: str, prepared: Prepared, lines: list[bytes]) -> None:
    reader: Reader[BatchLine] = Reader(cast(type[BatchLine], BatchLine))
    async with await Database.connect(url) as database:
        intake = Intake(Handler(database, Codebook(secrets.token_bytes(SECRET_BYTES))))
        collect_seldom()
        for start in range(0, len(lines), CHUNK):
            commands = [command_of(reader.read(line), _BENCH) for line in lines[start : start + CHUNK]]
            answers = await intake.submit_many(prepared.workspace, commands)
            refused = [answer.body for answer in answers if answer.status >= 300]
            if refused:
                raise RuntimeError(f"an order was refused: {refused[0].decode()}")
        await intake.close()


async def _empty(url: str) -> None:
    """Forget what an earlier round wrote, so that every round finds the same tables."""
    owner = await connect(url, statement_timeout="0")
    try:
        await owner.execute(f"truncate {', '.join(_TABLES)}")
    finally:
        await owner.close()


async def _copy(server: EmbeddedServer) -> tuple[float, int]:
    """Copy the rows of every table into an empty database; return the seconds and the number of rows."""
    name = "bench_copy"
    source = await connect(server.url, statement_timeout="0")
    try:
        await source.execute(f"drop database if exists {name}")
        await source.execute(f"create database {name}")
        url = f"{server.url.rpartition('/')[0]}/{name}"
        await migrate(url)
        contents = {
            table: [tuple(row) for row in await source.fetch(f"select * from {table}")] for table in _TABLES
        }
        target = await connect(url, statement_timeout="0")
        try:
            start = time.perf_counter()
            for table, rows in contents.items():
                await target.copy_records_to_table(table, records=rows)
            return time.perf_counter() - start, sum(len(rows) for rows in contents.values())
        finally:
            await target.close()
    finally:
        await source.close()
