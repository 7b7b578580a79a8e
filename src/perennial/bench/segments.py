"""What 50 live segments cost: judging everybody, a preview, and each order while they stay true.

Two workspaces have the same members and program; one has the segments. Orders go to either in turns,
through the same server, so that what an order costs more is a ratio of one run. The members' past is
generated as figures of orders (counters), which is all that segments read of it.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from asyncpg import Connection

from perennial.bench.cluster import cluster
from perennial.bench.ingest import CONNECTIONS, MOST_REQUESTS_PER_SECOND, drive, serving
from perennial.bench.load import Plan, Report
from perennial.bench.prepare import fill_members, our_id, vacuum
from perennial.bench.processes import cpu_seconds, watching_autovacuum
from perennial.bench.program import bench_document
from perennial.bench.segment_documents import bench_segments, preview_conditions
from perennial.config import SECRET_BYTES
from perennial.core.dates.periods import Period, local_day, period_of
from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import decode_condition
from perennial.core.today import today_of
from perennial.core.version import Version
from perennial.flows.handle_events import Handler
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.segments.fill import ask_database, fill, who_is_wrong
from perennial.flows.segments.preview import preview_segment
from perennial.flows.staff.keys import create_key
from perennial.flows.staff.scopes import Scope
from perennial.flows.workspaces import create_workspace
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database, connect
from perennial.store.programs.programs import lock_configuration, raise_revision
from perennial.store.segments import SegmentRow, put_segment, set_filled
from perennial.store.server.embedded import EmbeddedServer
from perennial.store.server.migrate import migrate
from perennial.units import DAY

COUNTRIES = ("DE", "AT", "CH", "FR", "US")
_PAST_DAYS = 500
_AT_ONCE = 20_000
_KEPT = "prepared.json"


class _Side(msgspec.Struct, kw_only=True):
    """A workspace with its members, and the key that orders come with."""

    workspace_id: int
    bucket: int
    key: str


class _Past(msgspec.Struct):
    """What was prepared, with the secret of its codes, and how long it took to fill the segments.

    Where that was interrupted it goes on, and took as long as its last run.
    """

    members: int
    orders: int
    rules: int
    sides: tuple[_Side, _Side]
    secret: str
    fill_s: float | None = None


def _keep(folder: Path | None, past: _Past) -> None:
    if folder is not None:
        (folder / _KEPT).write_bytes(msgspec.json.encode(past))


def _kept(folder: Path, members: int, orders: int, rules: int) -> _Past | None:
    """Return what an earlier run left in a folder."""
    file = folder / _KEPT
    if not file.exists():
        return None
    past = msgspec.json.decode(file.read_bytes(), type=_Past)
    if (past.members, past.orders, past.rules) != (members, orders, rules):
        raise ValueError(
            f"{folder} was prepared with {past.members} members, {past.orders} orders, {past.rules} rules"
        )
    return past


def run(
    *,
    seconds: float = 10.0,
    members: int = 1_000_000,
    orders: int = 5_000_000,
    rules: int = 20,
    rounds: int = 5,
    previews: int = 20,
    workers: int = 2,
    keep: Path | None = None,
    progress: Callable[[str], object] = str,
) -> dict[str, Any]:
    """Measure and return the figures as one dictionary; ``progress`` is told what is being done.

    What was prepared is left in the folder ``keep``, or found there; raise ``ValueError`` if it is of
    another size.
    """
    with cluster(keep) as server:
        past = None if keep is None else _kept(keep, members, orders, rules)
        if past is None:
            progress("preparing members and orders")
            prepared = asyncio.run(_prepare(server.url, members, orders, rules))
            past = _Past(members, orders, rules, prepared, secrets.token_hex(SECRET_BYTES))
            _keep(keep, past)
        else:
            asyncio.run(migrate(server.url))  # it may have been prepared by an earlier version
        if past.fill_s is None:
            progress("filling segments")
            past.fill_s = asyncio.run(_fill(server.url, past.sides[1]))
            _keep(keep, past)
        plain, segmented = past.sides
        progress("judging everybody, and previews")
        figures = {"fill_s": past.fill_s, **asyncio.run(_judge(server.url, segmented, previews))}
        asyncio.run(vacuum(server.url))
        progress("reading what is there")
        asyncio.run(_warm_up(server.url))
        with serving(server.url, workers, PERENNIAL_SECRET=past.secret) as (port, supervisor):
            ingest = _Ingest(server, port, supervisor, members)
            ingest.drive(plain, 2.0)
            ingest.drive(segmented, 2.0)
            measured = []
            for number in range(rounds):
                progress(f"round {number + 1} of {rounds}")
                sides = [plain, segmented] if number % 2 else [segmented, plain]
                found = {side.workspace_id: ingest.measure(side, seconds) for side in sides}
                measured.append((found[plain.workspace_id], found[segmented.workspace_id]))
    return {
        "members": members,
        "orders": orders,
        **figures,
        **_cost(measured),
    }


async def _warm_up(url: str) -> None:
    """Leave the server as one that has been running for a while.

    Right after its start the system clears each page of its memory when that is used first, at the cost of
    whichever order comes by, and more for those that read more.
    """
    owner = await connect(url, statement_timeout="0")
    try:
        await owner.execute("create extension if not exists pg_prewarm")
        await owner.execute(
            """
            select sum(pg_prewarm(oid)) from pg_class
            where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace
            """
        )
    finally:
        await owner.close()


class _Measured(msgspec.Struct, kw_only=True):
    """What a request cost in CPU microseconds, without autovacuum and by it, and how many came a second."""

    cpu_us: float
    autovacuum_us: float
    per_second: float


def _cost(measured: list[tuple[_Measured, _Measured]]) -> dict[str, float]:
    """Return what was measured of orders: CPU microseconds and orders per second, on both sides.

    Autovacuum cleans up behind both sides, once a minute, within the time of either: it is told apart, as
    the mean of all requests.
    """

    def median(value: Callable[[_Measured, _Measured], float], digits: int) -> float:
        return round(statistics.median(value(*each) for each in measured), digits)

    return {
        "cpu_us_plain": median(lambda plain, _: plain.cpu_us, 1),
        "cpu_us_segmented": median(lambda _, segmented: segmented.cpu_us, 1),
        "autovacuum_us": round(
            statistics.mean(side.autovacuum_us for sides in measured for side in sides), 1
        ),
        "orders_per_s_plain": median(lambda plain, _: plain.per_second, 0),
        "orders_per_s_segmented": median(lambda _, segmented: segmented.per_second, 0),
        "added_cost": median(lambda plain, segmented: segmented.cpu_us / plain.cpu_us - 1, 3),
    }


class _Ingest:
    """Orders for either side, through one server."""

    def __init__(self, server: EmbeddedServer, port: int, supervisor: int, members: int) -> None:
        self._server = server
        self._port = port
        self._supervisor = supervisor
        self._members = members
        self._runs = 0
        self._prefix = secrets.token_hex(4)

    def drive(self, side: _Side, seconds: float) -> Report:
        """Send orders for so many seconds; none may fail."""
        self._runs += 1
        plan = Plan(
            port=self._port,
            key=side.key,
            prefix=f"{self._prefix}-{self._runs}",
            connections=CONNECTIONS,
            seconds=seconds,
            requests=int(seconds * MOST_REQUESTS_PER_SECOND),
            members=self._members,
            now=time.time_ns() // 1000,
        )
        report = drive("perennial.bench.load", plan)
        if report.failures:
            raise RuntimeError(f"an order failed: {report.first_failure}")
        return report

    def measure(self, side: _Side, seconds: float) -> _Measured:
        """Return what a request costs in CPU microseconds (PostgreSQL and web), and requests per second."""
        postgres = self._server.pid or 0
        before = cpu_seconds(postgres) + cpu_seconds(self._supervisor)
        with watching_autovacuum(postgres) as seen:
            report = self.drive(side, seconds)
        used = cpu_seconds(postgres) + cpu_seconds(self._supervisor) - before - seen.seconds
        return _Measured(
            cpu_us=used / report.requests * 1e6,
            autovacuum_us=seen.seconds / report.requests * 1e6,
            per_second=report.requests / report.seconds,
        )


async def _prepare(url: str, members: int, orders: int, rules: int) -> tuple[_Side, _Side]:
    await migrate(url)
    document = msgspec.json.encode(bench_document(rules)).decode()
    sides: list[_Side] = []
    for code in ("plain", "segmented"):
        async with await Database.connect(url, role=None) as database:
            row = await create_workspace(database, code, code.title(), sandbox=False)
            author = Author(actor="bench", at=time.time_ns() // 1000)
            await apply_document(database, row.workspace_id, document, author)
            scopes = [Scope.WRITE.value, Scope.READ.value]
            key = await create_key(database, code, "bench", scopes, actor="bench")
        owner = await connect(url, statement_timeout="0")
        try:
            unit = await owner.fetchval("select unit_id from units where workspace_id = $1", row.workspace_id)
            program = await owner.fetchval(
                "select program_id from programs where workspace_id = $1", row.workspace_id
            )
            here = row.workspace_id, row.bucket_base
            await fill_members(owner, *here, members, program, unit, our_id, COUNTRIES)
        finally:
            await owner.close()
        sides.append(_Side(workspace_id=row.workspace_id, bucket=row.bucket_base, key=key.secret))
    await _define(url, sides[1])
    await _give_orders(url, sides, members, orders)
    return sides[0], sides[1]


async def _define(url: str, side: _Side) -> None:
    """Define the segments, not filled yet."""
    now = time.time_ns() // 1000
    async with (
        await Database.connect(url, role=None) as database,
        database.transaction(side.workspace_id) as conn,
    ):
        await lock_configuration(conn, side.workspace_id)
        for number, segment in enumerate(bench_segments(), 1):
            row = SegmentRow(number, segment.segment, 1, False, now, segment)
            await put_segment(conn, side.workspace_id, row, "bench")
        await raise_revision(conn, side.workspace_id)


async def _give_orders(url: str, sides: list[_Side], members: int, orders: int) -> None:
    """Give the members the figures of so many orders, on both sides what either counts."""
    async with await Database.connect(url, role=None) as database:
        handler = Handler(database, Codebook(secrets.token_bytes(SECRET_BYTES)))
        versions: list[list[Version]] = []
        for side in sides:
            async with database.transaction(side.workspace_id) as conn:
                workspace = await handler.configurations.current(conn, side.workspace_id)
            asked = workspace.segments.versions if workspace.segments is not None else ()
            versions.append([*(live.latest for live in workspace.programs), *asked])
    owner = await connect(url, statement_timeout="0")
    try:
        for side, counting in zip(sides, versions, strict=True):
            for start in range(0, members, _AT_ONCE):
                names = range(start, min(start + _AT_ONCE, members))
                rows = _counters(side, counting, names, orders / members)
                await owner.copy_records_to_table("counters", columns=_COUNTER_COLUMNS, records=rows)
        await owner.execute("analyze")
        for side, counting in zip(sides, versions, strict=True):
            await _give_tiers(owner, side, counting[0])
        await owner.execute("analyze memberships")
    finally:
        await owner.close()


_GIVE_TIER = """
update memberships
set tier = $5
where bucket = $2 and workspace_id = $1 and customer_id in (
    select customer_id from counters
    where bucket = $2 and workspace_id = $1 and metric = $3 and period >= $4
    group by customer_id having sum(value) >= $6
)
"""


async def _give_tiers(owner: Connection, side: _Side, version: Version) -> None:
    """Give the members the tiers that their past reaches, as if it had been decided order by order."""
    tiers, (place,) = version.program.tiers, version.tier_needs
    assert tiers is not None, "the program has tiers"
    assert place is not None, "they are reached by what is counted"
    metric, (first, _) = version.needs[place].metric, today_of(version, time.time_ns() // 1000).ranges[place]
    for level in tiers.levels[1:]:
        (least,) = level.reach.values()
        asked = side.workspace_id, side.bucket, metric.number, first, level.id, least
        await owner.execute(_GIVE_TIER, *asked)


_COUNTER_COLUMNS = ["bucket", "workspace_id", "customer_id", "metric", "period", "value"]


def _counters(side: _Side, versions: list[Version], numbers: range, each: float) -> Iterator[tuple[Any, ...]]:
    """Yield the counters of members with ``each`` orders on average, in the last 500 days."""
    now = time.time_ns() // 1000
    days = [now - day * DAY for day in range(_PAST_DAYS)]
    every = {metric.number: (metric, version) for version in versions for metric in version.metrics}
    metrics = [
        (number, metric.measure.value == "orders.net", [_period(metric.period, version, at) for at in days])
        for number, (metric, version) in every.items()
        if metric.where is None and metric.measure.value.startswith("orders.")
    ]
    for number in numbers:
        random = Random(number)
        customer_id = our_id(side.workspace_id, f"c{number + 1}")
        counted: dict[tuple[int, int], int] = {}
        for _ in range(random.randrange(int(2 * each) + 1)):
            day, net = random.randrange(_PAST_DAYS), random.randrange(500, 20_000)
            for metric_number, is_net, periods in metrics:
                key = metric_number, periods[day]
                counted[key] = counted.get(key, 0) + (net if is_net else 1)
        for (metric_number, period), value in counted.items():
            yield side.bucket, side.workspace_id, customer_id, metric_number, period, value


def _period(period: Period, version: Version, at: int) -> int:
    if period is Period.DAY:
        return local_day(at, version.zone)
    return period_of(at, period, version.zone, version.program.week_starts)


async def _fill(url: str, side: _Side) -> float:
    """Fill all segments, and return how many seconds it took."""
    async with await Database.connect(url, role="perennial_worker") as database:
        handler = Handler(database, Codebook(secrets.token_bytes(SECRET_BYTES)))
        workspace_id, codes = side.workspace_id, [segment.segment for segment in bench_segments()]
        started = time.perf_counter()
        async for _ in fill(handler, workspace_id, codes):
            pass
        filled = time.perf_counter() - started
        async with database.transaction(workspace_id) as conn:
            await lock_configuration(conn, workspace_id)
            await set_filled(conn, workspace_id, list(range(1, len(codes) + 1)), filled=True)
            await raise_revision(conn, workspace_id)
        return round(filled, 2)


async def _judge(url: str, side: _Side, previews: int) -> dict[str, Any]:
    """Judge everybody again, and time previews."""
    async with await Database.connect(url, role="perennial_worker") as database:
        handler = Handler(database, Codebook(secrets.token_bytes(SECRET_BYTES)))
        workspace_id = side.workspace_id
        started = time.perf_counter()
        wrong = await _recompute(handler, workspace_id)
        recomputed = time.perf_counter() - started
        timings = []
        for condition in preview_conditions(previews):
            segment = Segment(segment="preview", name="Preview", when=decode_condition(condition))
            started = time.perf_counter()
            await preview_segment(handler, workspace_id, segment)
            timings.append((time.perf_counter() - started) * 1000)
    timings.sort()
    return {
        "segments": len(bench_segments()),
        "recompute_s": round(recomputed, 2),
        "wrong": wrong,
        "preview_p50_ms": round(timings[len(timings) // 2], 1),
        "preview_p95_ms": round(timings[min(len(timings) * 95 // 100, len(timings) - 1)], 1),
    }


async def _recompute(handler: Handler, workspace_id: int) -> int:
    """Judge everybody by every segment, and return how many are in the wrong one."""
    async with handler.database.report(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        assert workspace.segments is not None
        asked = ask_database(workspace.segments, workspace.segments.live, workspace)
        assert asked is not None, "the database answers for all of these"
        wrong = 0
        await conn.execute("set local statement_timeout = 0")  # as for the audit: some tables are read whole
        for bucket in workspace.row.buckets:
            for each in asked:
                entering, leaving = await who_is_wrong(conn, workspace, bucket, each)
                wrong += len(entering) + len(leaving)
        return wrong
