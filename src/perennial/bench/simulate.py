"""How many events per second a simulation plays: the real baskets of a year, under two versions.

The baskets of the Complete Journey are put into a workspace as the live path stores them: customers and
paid orders, in the order of time. What the live path gave for them is left out, because a simulation does
not read it. Then ``simulate`` runs as it does behind the API: its own processes, one snapshot, reading
included. An event is one basket under one version.

Memory and start-up of the processes are part of the time. Per core is per process: with more processes
than cores it says nothing.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any
from uuid import UUID

from asyncpg import Connection

from perennial.bench.cluster import cluster
from perennial.bench.processes import cpu_seconds
from perennial.connectors.complete_journey import Basket, Statistics, read_baskets
from perennial.core.orders.order import net_amounts
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.simulation.result import SimulationResult
from perennial.flows.simulation.simulate import Simulate, prepare, simulate
from perennial.flows.workspaces import create_workspace
from perennial.store.database import Database, connect
from perennial.store.orders import encode_order
from perennial.store.server.migrate import migrate
from perennial.units import DAY, bucket_of, named_id

PROGRAM = "complete-journey"
_PORTION = 4_096
_PAID = 2


def run(
    *,
    document: str,
    limit: int | None = None,
    processes: int = 2,
    buckets: int = 1,
    rounds: int = 3,
) -> dict[str, Any]:
    """Simulate ``document`` beside a variant of it; return the figures of the median round.

    ``limit`` takes only the first baskets. Raises ``NotInstalled`` without the data.
    """
    with cluster() as server:
        workspace_id, orders = asyncio.run(_fill(server.url, document, limit, buckets))
        measured = [asyncio.run(_round(server.url, workspace_id, document, processes)) for _ in range(rounds)]
    measured.sort(key=lambda each: each["seconds"])
    figures = measured[len(measured) // 2]
    events = figures.pop("events")
    return {
        "orders": orders,
        "versions": 2,
        "processes": processes,
        "buckets": buckets,
        "cores": os.cpu_count() or 1,
        "rounds": rounds,
        "events": events,
        "events_per_s": round(events / figures["seconds"]),
        "events_per_s_and_process": round(events / figures["seconds"] / processes),
        "cpu_us_per_event": round(1e6 * figures["cpu_s"] / events, 1),
        **{name: round(value, 2) for name, value in figures.items()},
    }


def variant_of(document: str) -> str:
    """Return the sample program with another base rate and other thresholds: the second version."""
    changed = document.replace("    points: 1\n", "    points: 2\n", 1)
    changed = changed.replace("reach: {spend: 100000}", "reach: {spend: 80000}", 1)
    if changed == document:
        raise ValueError("the sample program has changed: the bench cannot vary it")
    return changed


async def _fill(url: str, document: str, limit: int | None, buckets: int) -> tuple[int, int]:
    """Store the baskets as a shop's history; return its workspace and how many there are."""
    await migrate(url)
    async with await Database.connect(url, role=None) as database:
        workspace = await create_workspace(database, "bench", "Bench", sandbox=True, buckets=buckets)
        baskets = read_baskets(Statistics(), limit=limit)
        first = next(baskets)
        owner = await connect(url, statement_timeout="0")
        try:
            await owner.execute(
                "update workspaces set clock_at = $2 where workspace_id = $1",
                workspace.workspace_id,
                first.at,
            )
            await apply_document(
                database, workspace.workspace_id, document, Author(actor="bench", at=time.time_ns() // 1_000)
            )
            writer = _Writer(owner, workspace.workspace_id, workspace.bucket_base, buckets)
            await writer.write(first)
            for basket in baskets:
                await writer.write(basket)
            last = await writer.finish()
            await owner.execute(
                "update workspaces set clock_at = $2 where workspace_id = $1",
                workspace.workspace_id,
                last + DAY,
            )
            await owner.execute("analyze")
        finally:
            await owner.close()
        return workspace.workspace_id, writer.orders


class _Writer:
    """Copies customers and orders in portions."""

    def __init__(self, owner: Connection, workspace_id: int, base: int, buckets: int) -> None:
        self._owner = owner
        self._workspace_id = workspace_id
        self._base = base
        self._buckets = buckets
        self._waiting: list[tuple[Any, ...]] = []
        self._customers: dict[str, tuple[int, UUID]] = {}
        self._last = 0
        self.orders = 0

    async def write(self, basket: Basket) -> None:
        """Take one basket."""
        self.orders += 1
        known = self._customers.get(basket.customer)
        if known is None:
            known = (
                bucket_of(basket.customer, self._base, self._buckets),
                named_id(self._workspace_id, "customer", basket.customer),
            )
            self._customers[basket.customer] = known
        bucket, customer_id = known
        self._last = basket.at
        self._waiting.append(
            (
                bucket,
                self._workspace_id,
                customer_id,
                named_id(self._workspace_id, "order", basket.order_id),
                UUID(int=self.orders),
                _PAID,
                1,
                basket.order_id,
                sum(net_amounts(basket.order)),
                basket.at,
                basket.at,
                basket.at,
                encode_order(basket.order),
                b"",
                b"",
            )
        )
        if len(self._waiting) >= _PORTION:
            await self._flush()

    async def finish(self) -> int:
        """Write what is left, and the customers; return the instant of the last basket."""
        await self._flush()
        await self._owner.copy_records_to_table(
            "customers",
            columns=["bucket", "workspace_id", "customer_id", "external_id", "created_at"],
            records=[
                (bucket, self._workspace_id, customer_id, name, self._last)
                for name, (bucket, customer_id) in self._customers.items()
            ],
        )
        return self._last

    async def _flush(self) -> None:
        await self._owner.copy_records_to_table(
            "orders",
            columns=[
                "bucket",
                "workspace_id",
                "customer_id",
                "order_id",
                "operation_id",
                "status",
                "revision",
                "external_id",
                "net",
                "occurred_at",
                "paid_at",
                "recorded_at",
                "body",
                "decision",
                "answer",
            ],
            records=self._waiting,
        )
        self._waiting = []


async def _round(url: str, workspace_id: int, document: str, processes: int) -> dict[str, float]:
    """Run one simulation; CPU is that of its processes and of this one, PostgreSQL's left out."""
    asked = Simulate(document=variant_of(document))
    async with await Database.connect(url) as database:
        prepared = await prepare(database, url, workspace_id, PROGRAM, asked)
    cpu, start = cpu_seconds(os.getpid()), time.perf_counter()
    result: SimulationResult | None = None
    async for step in simulate(prepared, processes):
        if isinstance(step, SimulationResult):
            result = step
    assert result is not None, "a simulation ends with its result"
    seconds = time.perf_counter() - start
    return {
        "events": sum(side.orders for side in result.sides),
        "seconds": seconds,
        "cpu_s": cpu_seconds(os.getpid()) - cpu,
    }
