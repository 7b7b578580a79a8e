"""How fast orders go through the HTTP API, beside pgbench writing the same rows the usual way.

Both sides run on the same server, over the same TCP, tables, indexes and row-level security, in turns
within one run: a round measures our side with 64 connections, pgbench with 16 clients (its best), and
pgbench with 64. The figures are medians over the rounds, ratios are taken round by round. CPU is that of
PostgreSQL and of our workers; the load generator's and pgbench's own are reported apart, and what
PostgreSQL takes for new connections of pgbench is left out: ours are there all the time.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from perennial.bench.cluster import cluster
from perennial.bench.load import LOOPBACK, Plan, Report
from perennial.bench.naive import (
    NaiveReport,
    Shape,
    Target,
    event_script,
    order_script,
    return_script,
    run_pgbench,
)
from perennial.bench.prepare import (
    Prepared,
    kept_bytes,
    measure_shape,
    prepare,
    rows_per_request,
    vacuum,
)
from perennial.bench.processes import cpu_seconds, resident_bytes
from perennial.config import SECRET_BYTES
from perennial.store.server.embedded import EmbeddedServer

ROUNDS = 7
CONNECTIONS = 64
NAIVE_CLIENTS = 16
CONNECTS = 5
MOST_REQUESTS_PER_SECOND = 12_000
"""Bounds how many requests are prebuilt."""


class Round(msgspec.Struct, kw_only=True):
    """One round: what either side did."""

    ours: Report
    pg_cpu: float
    web_cpu: float
    naive: NaiveReport
    naive_pg_cpu: float
    pgbench_cpu: float
    naive_64: NaiveReport


def run(
    *,
    seconds: float = 10.0,
    members: int = 10_000,
    rules: int = 20,
    rounds: int = ROUNDS,
    workers: int = 2,
    progress: Callable[[str], object] = str,
) -> dict[str, Any]:
    """Measure ``rounds`` rounds of ``seconds`` each and return the figures as one dictionary.

    ``progress`` is told in words what is being done.
    """
    with cluster() as server:
        progress("preparing members")
        prepared = asyncio.run(prepare(server.url, members=members, rules=rules))
        with serving(server.url, workers) as (port, supervisor):
            bench = _Bench(server, prepared, port, supervisor, members)
            progress("warming up")
            kept = bench.warm_up(max(seconds, 2.0))
            done = []
            for number in range(rounds):
                progress(f"round {number + 1} of {rounds}")
                done.append(bench.round(seconds))
            progress("one client")
            single = [bench.single(min(seconds, 5.0)) for _ in range(3)]
            rows = asyncio.run(rows_per_request(server.url, prepared))
            memory = resident_bytes(supervisor)
    return {
        "seconds": seconds,
        "rounds": rounds,
        "members": members,
        "rules": rules,
        "workers": workers,
        **_figures(done),
        **_single_figures(single),
        "bytes_per_order": round(kept),
        "rss_mib": round(memory / 2**20, 1),
        "rows": rows,
    }


def _figures(rounds: list[Round]) -> dict[str, Any]:
    def median(value: Callable[[Round], float], digits: int = 2) -> float:
        return round(statistics.median(value(each) for each in rounds), digits)

    def ours_cpu(each: Round) -> float:
        return (each.pg_cpu + each.web_cpu) / each.ours.requests * 1e6

    def naive_cpu(each: Round) -> float:
        return each.naive_pg_cpu / each.naive.transactions * 1e6

    def rate(each: Round) -> float:
        return each.ours.requests / each.ours.seconds

    failure = next((each.ours.first_failure for each in rounds if each.ours.failures), "")
    return {
        "orders_per_s": median(rate, 0),
        "p50_ms": median(lambda each: each.ours.p50_ms),
        "p99_ms": median(lambda each: each.ours.p99_ms),
        "cpu_us_per_order": median(ours_cpu, 1),
        "cpu_us_postgres": median(lambda each: each.pg_cpu / each.ours.requests * 1e6, 1),
        "cpu_us_web": median(lambda each: each.web_cpu / each.ours.requests * 1e6, 1),
        "load_cpu_us": median(lambda each: each.ours.cpu_seconds / each.ours.requests * 1e6, 1),
        "pgbench_tps": median(lambda each: each.naive.tps, 0),
        "pgbench_p99_ms": median(lambda each: each.naive_64.p99_ms),
        "pgbench_cpu_us": median(naive_cpu, 1),
        "pgbench_own_cpu_us": median(lambda each: each.pgbench_cpu / each.naive.transactions * 1e6, 1),
        "ratio": median(lambda each: rate(each) / each.naive.tps),
        "cpu_ratio": median(lambda each: naive_cpu(each) / ours_cpu(each)),
        "p99_ratio": median(lambda each: each.ours.p99_ms / each.naive_64.p99_ms),
        "failures": sum(each.ours.failures for each in rounds),
        **({"first_failure": failure} if failure else {}),
    }


def _single_figures(single: list[tuple[Report, NaiveReport]]) -> dict[str, float]:
    return {
        "p50_ms_1": round(statistics.median(ours.p50_ms for ours, _ in single), 2),
        "pgbench_p50_ms_1": round(statistics.median(naive.p50_ms for _, naive in single), 2),
        "p50_ratio_1": round(statistics.median(ours.p50_ms / naive.p50_ms for ours, naive in single), 2),
    }


class _Bench:
    """Both sides, ready to run."""

    def __init__(
        self, server: EmbeddedServer, prepared: Prepared, port: int, supervisor: int, members: int
    ) -> None:
        self.server = server
        self.prepared = prepared
        self.port = port
        self.supervisor = supervisor
        self.members = members
        self.folder = server.data_dir / "bench"
        self.folder.mkdir(exist_ok=True)
        self._runs = 0
        self._connecting = 0.0
        self._scripts: dict[Path, int] = {}

    def warm_up(self, seconds: float) -> float:
        """Let both sides run once, and learn from ours how many rows an order writes.

        Returns how many bytes an order of ours left for good, with the returns and events among the
        orders, while nobody else wrote anything.
        """
        self.ours(1.0, CONNECTIONS)
        before = asyncio.run(kept_bytes(self.server.url))
        orders = self.ours(seconds, CONNECTIONS).orders
        kept = (asyncio.run(kept_bytes(self.server.url)) - before) / max(orders, 1)
        shape = asyncio.run(measure_shape(self.server.url, self.prepared))
        self._write_scripts(shape)
        self.naive(1.0, NAIVE_CLIENTS)
        self._connecting = statistics.median(self._connect() for _ in range(CONNECTS))
        asyncio.run(vacuum(self.server.url))
        return kept

    def _connect(self) -> float:
        """Return the CPU seconds that PostgreSQL takes until all clients of pgbench are at work."""
        before = cpu_seconds(self.server.pid or 0)
        self.naive(None, NAIVE_CLIENTS)
        return cpu_seconds(self.server.pid or 0) - before

    def _write_scripts(self, shape: Shape) -> None:
        target = Target(
            workspace_id=self.prepared.naive_workspace,
            bucket=self.prepared.naive_bucket,
            members=self.members,
        )
        for name, script, weight in (
            ("order.sql", order_script(target, shape), 18),
            ("return.sql", return_script(target, shape), 1),
            ("event.sql", event_script(target, shape), 1),
        ):
            path = self.folder / name
            path.write_text(script)
            self._scripts[path] = weight

    def round(self, seconds: float) -> Round:
        """Measure each side once, the heavy figures with the same length."""
        postgres = self.server.pid or 0
        pg, web = cpu_seconds(postgres), cpu_seconds(self.supervisor)
        ours = self.ours(seconds, CONNECTIONS)
        pg, web = cpu_seconds(postgres) - pg, cpu_seconds(self.supervisor) - web
        naive_pg, own = cpu_seconds(postgres), os.times().children_user + os.times().children_system
        naive = self.naive(seconds, NAIVE_CLIENTS)
        naive_pg = cpu_seconds(postgres) - naive_pg - self._connecting
        own = os.times().children_user + os.times().children_system - own
        naive_64 = self.naive(max(2.0, seconds / 2), CONNECTIONS)
        return Round(
            ours=ours,
            pg_cpu=pg,
            web_cpu=web,
            naive=naive,
            naive_pg_cpu=naive_pg,
            pgbench_cpu=own,
            naive_64=naive_64,
        )

    def single(self, seconds: float) -> tuple[Report, NaiveReport]:
        """Measure either side with one client, one after the other."""
        return self.ours(seconds, 1), self.naive(seconds, 1)

    def ours(self, seconds: float, connections: int) -> Report:
        """Drive the HTTP API from a process of its own."""
        self._runs += 1
        plan = Plan(
            port=self.port,
            key=self.prepared.key,
            prefix=f"r{self._runs}",
            connections=connections,
            seconds=seconds,
            requests=int(seconds * min(MOST_REQUESTS_PER_SECOND, 2_000 * connections)),
            members=self.members,
            now=time.time_ns() // 1000,
        )
        return drive("perennial.bench.load", plan)

    def naive(self, seconds: float | None, clients: int) -> NaiveReport:
        """Drive the same work through pgbench, in the role of a worker: without ``seconds`` once each."""
        url = f"{self.server.url}?options=-crole%3Dperennial_worker"
        program = self.server.bin_dir / "pgbench"
        return run_pgbench(program, url, self._scripts, clients, seconds, self.folder / "log")


def drive(module: str, plan: Plan) -> Report:
    """Let the load generator ``module`` send what the plan says, from a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(msgspec.json.encode(plan) + b"\n")
    process.stdin.flush()
    process.stderr.readline()  # it has built its requests
    out, errors = process.communicate(b"go\n")
    if process.returncode != 0:
        raise RuntimeError(f"the load generator failed: {errors.decode()[-2000:]}")
    return msgspec.json.decode(out, type=Report)


@contextmanager
def serving(url: str, workers: int, **more: str) -> Iterator[tuple[int, int]]:
    """Serve with so many workers on a free port; yields the port and the supervisor's process id.

    ``more`` are further variables of the environment.
    """
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PERENNIAL_DATABASE_URL": url,
        "PERENNIAL_PORT": str(port),
        "PERENNIAL_SECRET": secrets.token_hex(SECRET_BYTES),
        **more,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "perennial.cli", "serve", "--workers", str(workers)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(60)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait as long as the server lives: on a busy machine it takes its time to start."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/health/ready", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server ended with status {process.returncode}")
