"""Quotes and redemptions through the HTTP API, beside pgbench doing the same reads and row writes.

A cart has ten lines and five codes out of a million, for one of 100,000 members, in a program with 1,000
campaigns. Our side has 64 connections; pgbench has 64 clients with three scripts: the rows of a redemption
written one by one, the rows of a quote read one by one, and a transaction that updates a single row, which
is the least that anything can cost. The figures are medians over interleaved rounds.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from perennial.bench.carts import CODES
from perennial.bench.cluster import cluster
from perennial.bench.ingest import CONNECTIONS, drive, serving
from perennial.bench.load import Plan, Report
from perennial.bench.naive import NaiveReport, run_pgbench
from perennial.bench.prepare import fill_members, naive_id, our_id, vacuum
from perennial.bench.price import priced_document
from perennial.bench.processes import cpu_seconds
from perennial.config import SECRET_BYTES
from perennial.core.document.stacking import Sequence
from perennial.flows.handle_events import Handler
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.staff.keys import create_key
from perennial.flows.staff.scopes import Scope
from perennial.flows.vouchers.batches import NewBatch, create_batch
from perennial.flows.workspaces import create_workspace
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database, connect
from perennial.store.server.embedded import EmbeddedServer
from perennial.store.server.migrate import migrate

_MOST_PER_SECOND = {"quotes": 2_500, "redemptions": 2_000}
"""Bounds how many requests are prebuilt, and so how many codes a round may use up."""

_CUSTOMER = "md5('c' || :c)::uuid"
_VOUCHER = "md5('v' || :v{0})::uuid"


class _Prepared(msgspec.Struct, kw_only=True):
    workspace: int
    naive: int
    bucket: int
    key: str
    codes: list[str]


def run(
    *,
    seconds: float = 8.0,
    members: int = 100_000,
    campaigns: int = 1_000,
    vouchers: int = 1_000_000,
    rounds: int = 3,
    workers: int = 2,
    progress: Callable[[str], object] = str,
) -> dict[str, Any]:
    """Measure ``rounds`` rounds of ``seconds`` each and return the figures as one dictionary."""
    secret = secrets.token_hex(SECRET_BYTES)
    with cluster() as server:
        progress("preparing members and codes")
        prepared = asyncio.run(_prepare(server.url, secret, members, campaigns, vouchers))
        with serving(server.url, workers, PERENNIAL_SECRET=secret) as (port, supervisor):
            bench = _Bench(server, prepared, port, supervisor, members)
            progress("warming up")
            bench.ours("quotes", 2.0)
            bench.ours("redemptions", 2.0)
            asyncio.run(vacuum(server.url))
            done = []
            for number in range(rounds):
                progress(f"round {number + 1} of {rounds}")
                done.append(bench.round(seconds))
    return {
        "seconds": seconds,
        "rounds": rounds,
        "members": members,
        "campaigns": campaigns,
        "vouchers": vouchers,
        **_figures(done),
    }


class _Side(msgspec.Struct):
    """What one kind of request did on our side, with the CPU seconds of server and workers."""

    report: Report
    cpu: float


class _Round(msgspec.Struct, kw_only=True):
    quotes: _Side
    redemptions: _Side
    reading: NaiveReport
    writing: NaiveReport
    single: NaiveReport


def _figures(rounds: list[_Round]) -> dict[str, Any]:
    def median(value: Callable[[_Round], float], digits: int = 2) -> float:
        return round(statistics.median(value(each) for each in rounds), digits)

    def of_side(
        name: str, ours: Callable[[_Round], _Side], naive: Callable[[_Round], NaiveReport]
    ) -> dict[str, Any]:
        failure = next((ours(each).report.first_failure for each in rounds if ours(each).report.failures), "")
        figures: dict[str, Any] = {
            f"{name}s_per_s": median(lambda each: ours(each).report.requests / ours(each).report.seconds, 0),
            f"{name}_p50_ms": median(lambda each: ours(each).report.p50_ms),
            f"{name}_p99_ms": median(lambda each: ours(each).report.p99_ms),
            f"{name}_cpu_us": median(lambda each: ours(each).cpu / ours(each).report.requests * 1e6, 1),
            f"{name}_pgbench_tps": median(lambda each: naive(each).tps, 0),
            f"{name}_pgbench_p99_ms": median(lambda each: naive(each).p99_ms),
            f"{name}_p99_over_single": median(lambda each: ours(each).report.p99_ms / each.single.p99_ms),
            f"{name}_failures": sum(ours(each).report.failures for each in rounds),
        }
        return figures | ({f"{name}_first_failure": failure} if failure else {})

    return {
        **of_side("quote", lambda each: each.quotes, lambda each: each.reading),
        **of_side("redemption", lambda each: each.redemptions, lambda each: each.writing),
        "single_tps": median(lambda each: each.single.tps, 0),
        "single_p50_ms": median(lambda each: each.single.p50_ms),
        "single_p99_ms": median(lambda each: each.single.p99_ms),
    }


async def _prepare(url: str, secret: str, members: int, campaigns: int, vouchers: int) -> _Prepared:
    await migrate(url)
    codebook = Codebook(bytes.fromhex(secret))
    async with await Database.connect(url, role=None) as database:
        ours = await create_workspace(database, "bench", "Bench", sandbox=False)
        naive = await create_workspace(database, "naive", "Naive", sandbox=False)
        today = datetime.now(UTC).date()
        document = priced_document(campaigns, CODES, Sequence.LEVELS, today)
        author = Author(actor="bench", at=time.time_ns() // 1_000)
        await apply_document(database, ours.workspace_id, msgspec.json.encode(document).decode(), author)
        key = await create_key(
            database, "bench", "bench", [Scope.WRITE.value, Scope.READ.value], actor="bench"
        )
        handler = Handler(database, codebook)
        for number in range(CODES):
            batch = NewBatch(
                id=f"pool-{number}", reward=f"code-{number}", count=vouchers // CODES, allow_weak=True
            )
            await create_batch(handler, ours.workspace_id, batch, "bench")
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
        rows = await owner.fetch(
            "select reward, sealed from vouchers where workspace_id = $1", ours.workspace_id
        )
        await owner.execute(_NAIVE_VOUCHERS, naive.workspace_id, naive.bucket_base, members)
        await owner.execute("analyze")
    finally:
        await owner.close()
    pools: dict[str, list[str]] = {}
    for reward, sealed in rows:
        pools.setdefault(reward, []).append(codebook.open(ours.workspace_id, sealed))
    return _Prepared(
        workspace=ours.workspace_id,
        naive=naive.workspace_id,
        bucket=naive.bucket_base,
        key=key.secret,
        codes=[code for of_cart in zip(*pools.values(), strict=True) for code in of_cart],
    )


_NAIVE_VOUCHERS = """
insert into vouchers (bucket, workspace_id, customer_id, voucher_id, operation_id, program_id, version,
    value, points, issued_at, unit_id, state, reward, sealed, last4, currency, used, uses)
select $2, $1, id, id, id, 1, 1, 500, 0, now(), 1, 1, 'code-0', decode(repeat('61', 40), 'hex'), 'ABCD',
    'USD', 0, null
from (select md5('v' || number)::uuid as id from generate_series(1, $3) as number) as ids
"""


class _Bench:
    """Both sides, ready to run."""

    def __init__(
        self, server: EmbeddedServer, prepared: _Prepared, port: int, supervisor: int, members: int
    ) -> None:
        self.server = server
        self.prepared = prepared
        self.port = port
        self.supervisor = supervisor
        self.members = members
        self.folder = server.data_dir / "bench"
        self.folder.mkdir(exist_ok=True)
        self._runs = 0
        self._taken = 0
        self._scripts = {
            name: self._write(f"{name}.sql", lines)
            for name, lines in (("single", _single()), ("reading", _reading()), ("writing", _writing()))
        }

    def round(self, seconds: float) -> _Round:
        """Measure every side once."""
        return _Round(
            quotes=self.ours("quotes", seconds),
            redemptions=self.ours("redemptions", seconds),
            reading=self.naive("reading", seconds / 2),
            writing=self.naive("writing", seconds / 2),
            single=self.naive("single", seconds / 2),
        )

    def ours(self, kind: str, seconds: float) -> _Side:
        """Drive the HTTP API from a process of its own, with codes that nobody used."""
        self._runs += 1
        count = int(seconds * _MOST_PER_SECOND[kind])
        codes = self.prepared.codes[self._taken : self._taken + (count + CONNECTIONS) * CODES]
        if kind == "redemptions":
            self._taken += len(codes)
        file = self.folder / "codes"
        file.write_text("\n".join(codes))
        plan = Plan(
            port=self.port,
            key=self.prepared.key,
            prefix=f"r{self._runs}",
            connections=CONNECTIONS,
            seconds=seconds,
            requests=min(count, len(codes) // CODES - CONNECTIONS),
            members=self.members,
            now=time.time_ns() // 1_000,
            kind=kind,
            codes=str(file),
        )
        processes = (self.server.pid or 0, self.supervisor)
        before = sum(cpu_seconds(process) for process in processes)
        report = drive("perennial.bench.carts", plan)
        return _Side(report, sum(cpu_seconds(process) for process in processes) - before)

    def naive(self, script: str, seconds: float) -> NaiveReport:
        """Drive one script through pgbench, in the role of a worker."""
        url = f"{self.server.url}?options=-crole%3Dperennial_worker"
        program = self.server.bin_dir / "pgbench"
        scripts = {self._scripts[script]: 1}
        return run_pgbench(program, url, scripts, CONNECTIONS, seconds, self.folder / "log")

    def _write(self, name: str, statements: list[str]) -> Path:
        own = f"bucket = {self.prepared.bucket} and workspace_id = {self.prepared.naive}"
        key = f"{self.prepared.bucket}, {self.prepared.naive}, {_CUSTOMER}"
        each = self.members // CONNECTIONS
        lines = [
            f"\\set c random(1, {self.members})",
            # Every client has vouchers of its own, as nobody uses another's codes: so none locks another's.
            *(f"\\set v{number} :client_id * {each} + random(1, {each})" for number in range(CODES)),
            "begin;",
            f"set local app.workspace = '{self.prepared.naive}';",
            *statements,
            "commit;",
        ]
        text = "\n".join(
            line.replace("OWN", f"{own} and customer_id = {_CUSTOMER}")
            .replace("HERE", own)
            .replace("KEY", key)
            for line in lines
        )
        path = self.folder / name
        path.write_text(text.replace("WORKSPACE", str(self.prepared.naive)) + "\n")
        return path


def _of_voucher(number: int) -> str:
    voucher = _VOUCHER.format(number)
    return f"HERE and customer_id = {voucher} and voucher_id = {voucher}"


def _single() -> list[str]:
    return [f"update vouchers set used = used + 1 where {_of_voucher(0)};"]


def _reading() -> list[str]:
    """Return the reads of a quote: the customer, the wallet, the tier, and every voucher."""
    return [
        "select attributes from customers where OWN;",
        "select balance, pending, debt from wallets where OWN;",
        "select tier from memberships where OWN;",
        "select due_at from timers where OWN;",
        *(
            f"select reward, used, uses, expires_at from vouchers where {_of_voucher(n)};"
            for n in range(CODES)
        ),
    ]


def _writing() -> list[str]:
    """Return the reads and writes of a redemption that four of five codes apply to."""
    return [
        "select gen_random_uuid()::text as id, gen_random_uuid()::text as op \\gset",
        "select attributes from customers where OWN for update;",
        "select balance, pending, debt from wallets where OWN;",
        "select tier from memberships where OWN;",
        *(
            f"select reward, used, uses from vouchers where {_of_voucher(n)} for update;"
            for n in range(CODES)
        ),
        (
            "insert into external_ids (workspace_id, kind, bucket, id_hash, customer_id)"
            f" values (WORKSPACE, 15, 0, :id::uuid, {_CUSTOMER});"
        ),
        (
            "insert into events (bucket, workspace_id, customer_id, event_id, operation_id, occurred_at,"
            " recorded_at, source_id, kind, external_id, body, decision, answer) values (KEY, :id::uuid,"
            " :op::uuid, now(), now(), null, 15, substr(:id, 1, 14), decode(repeat('61', 900), 'hex'),"
            " decode(repeat('61', 80), 'hex'), decode(repeat('61', 2000), 'hex'));"
        ),
        (
            "insert into redemptions (bucket, workspace_id, customer_id, redemption_id, state, taken,"
            " answer) values (KEY, :id::uuid, 2, decode(repeat('61', 300), 'hex'),"
            " decode(repeat('61', 2000), 'hex'));"
        ),
        *(f"update vouchers set used = used + 1 where {_of_voucher(n)};" for n in range(CODES - 1)),
    ]
