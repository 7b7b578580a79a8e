"""Two workspaces with the same members: one for our side, one for the baseline."""

from __future__ import annotations

import time
from collections.abc import Sequence
from hashlib import md5
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.bench.naive import Shape
from perennial.bench.program import bench_document
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.staff.keys import create_key
from perennial.flows.staff.scopes import Scope
from perennial.flows.workspaces import create_workspace
from perennial.store.database import Database, connect
from perennial.store.server.migrate import migrate
from perennial.units import named_id

_TABLES = ("external_ids", "orders", "events", "postings", "lots", "wallets", "counters", "limit_uses")


class Prepared(msgspec.Struct, kw_only=True):
    """Where either side works, and the key for ours."""

    workspace: int
    naive_workspace: int
    naive_bucket: int
    key: str


async def prepare(url: str, *, members: int, rules: int) -> Prepared:
    """Migrate the database, create both workspaces, and fill them with members who have a wallet."""
    await migrate(url)
    async with await Database.connect(url, role=None) as database:
        ours = await create_workspace(database, "bench", "Bench", sandbox=False)
        naive = await create_workspace(database, "naive", "Naive", sandbox=False)
        author = Author(actor="bench", at=time.time_ns() // 1000)
        document = msgspec.json.encode(bench_document(rules)).decode()
        await apply_document(database, ours.workspace_id, document, author)
        scopes = [Scope.WRITE.value, Scope.READ.value]
        key = await create_key(database, "bench", "bench", scopes, actor="bench")
    owner = await connect(url, statement_timeout="0")
    try:
        unit = await owner.fetchval("select unit_id from units where workspace_id = $1", ours.workspace_id)
        program = await owner.fetchval(
            "select program_id from programs where workspace_id = $1", ours.workspace_id
        )
        for workspace, of in ((ours, our_id), (naive, naive_id)):
            await fill_members(
                owner, workspace.workspace_id, workspace.bucket_base, members, program, unit, of
            )
        await owner.execute("analyze")
    finally:
        await owner.close()
    return Prepared(
        workspace=ours.workspace_id,
        naive_workspace=naive.workspace_id,
        naive_bucket=naive.bucket_base,
        key=key.secret,
    )


def our_id(workspace_id: int, name: str) -> UUID:
    """Return the id of a member on our side."""
    return named_id(workspace_id, "customer", name)


def naive_id(_: int, name: str) -> UUID:
    """Return the id of a member in the baseline, as pgbench can work it out."""
    return UUID(bytes=md5(name.encode(), usedforsecurity=False).digest())


async def fill_members(
    owner: Connection,
    workspace_id: int,
    bucket: int,
    members: int,
    program: int,
    unit: int,
    id_of: Any,
    countries: Sequence[str] = ("DE",),
) -> None:
    """Give a workspace its members ``c1`` and so on, with an empty wallet each, and ``countries`` in turn."""
    attributes = [msgspec.json.encode({"country": country}) for country in countries]
    now = time.time_ns() // 1000
    for start in range(0, members, 50_000):
        names = [f"c{number + 1}" for number in range(start, min(start + 50_000, members))]
        ids = [id_of(workspace_id, name) for name in names]
        await owner.copy_records_to_table(
            "customers",
            columns=["bucket", "workspace_id", "customer_id", "external_id", "created_at", "attributes"],
            records=[
                (bucket, workspace_id, each, name, now, attributes[place % len(attributes)])
                for place, (each, name) in enumerate(zip(ids, names, strict=True))
            ],
        )
        await owner.copy_records_to_table(
            "memberships",
            columns=[
                "bucket",
                "workspace_id",
                "customer_id",
                "program_id",
                "joined_at",
                "source",
                "tier",
                "tier_since",
            ],
            records=[(bucket, workspace_id, each, program, now, "import", "bronze", now) for each in ids],
        )
        await owner.copy_records_to_table(
            "wallets",
            columns=[
                "bucket",
                "workspace_id",
                "customer_id",
                "unit_id",
                "balance",
                "pending",
                "debt",
                "shortfall",
                "earned",
                "spent",
                "expired",
                "activated_until",
            ],
            records=[(bucket, workspace_id, each, unit, 0, 0, 0, 0, 0, 0, 0, now) for each in ids],
        )


async def measure_shape(url: str, prepared: Prepared) -> Shape:
    """Return how many rows and bytes a request on our side wrote on average, in thousandths."""
    owner = await connect(url, statement_timeout="0")
    try:
        requests = await owner.fetchval(
            "select count(*) from external_ids where workspace_id = $1", prepared.workspace
        )

        async def per_request(table: str) -> int:
            count = await owner.fetchval(_COUNT[table], prepared.workspace)
            return round(1000 * int(count) / int(requests))

        sizes = await owner.fetchrow(
            "select avg(length(body))::int, avg(length(decision))::int, avg(length(answer))::int"
            " from orders where workspace_id = $1",
            prepared.workspace,
        )
        assert sizes is not None, "an aggregate returns a row"
        return Shape(
            postings=await per_request("postings"),
            lots=await per_request("lots"),
            counters=await per_request("counters"),
            limit_uses=await per_request("limit_uses"),
            body=sizes[0],
            decision=sizes[1],
            answer=sizes[2],
        )
    finally:
        await owner.close()


_COUNT = {table: f"select count(*) from {table} where workspace_id = $1" for table in _TABLES}


async def rows_per_request(url: str, prepared: Prepared) -> dict[str, list[float]]:
    """Return for every table the rows per request that either side has now: ours, then the baseline's."""
    owner = await connect(url, statement_timeout="0")
    try:
        rows: dict[str, list[float]] = {}
        for table, sql in _COUNT.items():
            counts = [
                await owner.fetchval(sql, workspace)
                for workspace in (prepared.workspace, prepared.naive_workspace)
            ]
            requests = rows.setdefault("external_ids", counts)
            if table != "external_ids":
                rows[table] = [
                    round(count / max(request, 1), 3) for count, request in zip(counts, requests, strict=True)
                ]
        return rows
    finally:
        await owner.close()


_KEPT_BYTES = """
select sum(pg_total_relation_size(oid))::bigint
from pg_class
where relnamespace = 'public'::regnamespace and relkind = 'r'
"""


async def kept_bytes(url: str) -> int:
    """Return the bytes of all tables with their indexes, after a vacuum."""
    await vacuum(url)
    owner = await connect(url, statement_timeout="0")
    try:
        return int(await owner.fetchval(_KEPT_BYTES))
    finally:
        await owner.close()


async def vacuum(url: str) -> None:
    """Leave nothing of the preparation for the first round to clean up."""
    owner = await connect(url, statement_timeout="0")
    try:
        await owner.execute("vacuum analyze")
        await owner.execute("checkpoint")
    finally:
        await owner.close()
