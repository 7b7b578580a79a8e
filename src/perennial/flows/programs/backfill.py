"""Counters for what a new version asks about the past, computed from what is stored.

Each customer's figures are set, under the customer's lock, and never added to: an interrupted run is simply
run again. When that is done for a version of a program says :mod:`perennial.flows.programs.catching_up`.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.compiling.compile import compile_version
from perennial.core.counts import counts_of
from perennial.core.decisions.returns import reversed_of
from perennial.core.effects import Count
from perennial.core.events import CustomEvent, OrderPaid, OrderReturned, TimersDue
from perennial.core.explaining.causes import instant_of
from perennial.core.version import Version
from perennial.flows.commands import PostEvent
from perennial.flows.stored import StoredDecision, decode_decisions
from perennial.store.customers.customers import lock_customers
from perennial.store.database import Database
from perennial.store.events import EventKind
from perennial.store.history import (
    FIRST,
    PastEvent,
    PastOrder,
    mark_writing,
    oldest_writing,
    read_past,
    replace_counters,
)
from perennial.store.orders import decode_order
from perennial.store.programs.programs import StoredVersion
from perennial.units import Instant, Points

SLICE = 200
"""So many customers are locked and recomputed in one transaction."""

STRAGGLERS_SECONDS = 10

Asked: TypeAlias = tuple[Version, frozenset[int]]
"""Metrics of a version, by their numbers."""

Counted = Counter[tuple[int, int]]
"""What one customer has counted, by metric and period."""

_NOTHING = ""
"""The name of no event."""


def latest_versions(stored: Iterable[StoredVersion]) -> dict[int, Version]:
    """Compile the newest version of each program."""
    newest = {version.program_id: version for version in sorted(stored, key=lambda each: each.number)}
    return {
        program_id: compile_version(
            version.program, program_id, version.number, version.valid_from, version.units
        )
        for program_id, version in newest.items()
    }


def metrics_to_backfill(live: Iterable[Version], new: Version) -> frozenset[int]:
    """Return the metrics of ``new`` that no program counts at present."""
    counted = {metric.number for version in live for metric in version.metrics}
    return frozenset(metric.number for metric in new.metrics) - counted


async def wait_for_stragglers(database: Database, workspace_id: int) -> None:
    """Wait until every transaction that is writing now has ended (10 s at most).

    A batch that read the configuration before a version was published may still be under way after.
    """
    async with database.transaction(workspace_id) as conn:
        mark = await mark_writing(conn)
    for _ in range(STRAGGLERS_SECONDS * 20):
        async with database.transaction(workspace_id) as conn:
            if await oldest_writing(conn) > mark:
                return
        await asyncio.sleep(0.05)


async def recompute(
    conn: Connection, ws: int, bucket: int, customers: list[UUID], asked: Iterable[Asked]
) -> None:
    """Set the counters that versions ask for of some customers, while nothing can happen to them."""
    locked = await lock_customers(conn, ws, bucket, customers)
    living = [customer_id for customer_id, row in locked.items() if row.erased_at is None]
    orders, events = await read_past(conn, ws, bucket, living)
    for version, metrics in asked:
        counted = count_past(version, orders, events)
        rows = [
            (customer_id, metric, period, value)
            for customer_id, counts in counted.items()
            for (metric, period), value in counts.items()
            if value and metric in metrics
        ]
        await replace_counters(conn, ws, bucket, living, sorted(metrics), rows)


def count_past(
    version: Version, orders: Iterable[PastOrder], events: Iterable[PastEvent]
) -> dict[UUID, Counted]:
    """Return what each customer would have counted, had ``version`` always been there.

    Points are counted as they were earned under the versions of their time. What time alone gave
    (birthdays, tier reviews) counts on the day on which the timers ran.
    """
    counted: dict[UUID, Counted] = defaultdict(Counter)
    revisions: dict[UUID, dict[bytes, None]] = {}
    for event in events:
        if event.kind is EventKind.ORDER_REVISION and event.source_id is not None:
            revisions.setdefault(event.source_id, {})[event.decision] = None
        else:
            _count_event(version, event, counted[event.customer_id])
    for order in orders:
        decisions = revisions.get(order.order_id, {}) | {order.decision: None}
        _count_order(version, order, list(decisions), counted[order.customer_id])
    return counted


def _count_event(version: Version, event: PastEvent, counted: Counted) -> None:
    name, attributes = _NOTHING, {}
    if event.kind is EventKind.EVENT:
        command = msgspec.msgpack.decode(event.body, type=PostEvent)
        name, attributes = command.name, command.attributes
    reported = CustomEvent(id=FIRST, at=event.occurred_at, name=name, attributes=attributes)
    counts = [*counts_of(version, reported)]
    counts += _counts_of_points(version, decode_decisions(event.decision), event.occurred_at)
    for count in counts:
        counted[count.metric, count.period] += count.amount


def _counts_of_points(version: Version, decisions: Iterable[StoredDecision], at: Instant) -> Iterator[Count]:
    """Count the points that decisions gave, at ``at`` or when they say that it was."""
    by_instant: dict[Instant, list[StoredDecision]] = defaultdict(list)
    for decision in decisions:
        by_instant[instant_of(decision.caused, at)].append(decision)
    for then, decided in by_instant.items():
        yield from counts_of(version, TimersDue(id=FIRST, at=then), _points(decided))


def _count_order(version: Version, past: PastOrder, decisions: list[bytes], counted: Counted) -> None:
    """Count an order less what came back of it, and what its decisions caused (tier gifts).

    Rewards that rules gave for it are of the order: their points came back with it.
    """
    counts: list[Count] = []
    for decision in decisions:
        caused = [each for each in decode_decisions(decision) if not _is_of_order(each)]
        counts += _counts_of_points(version, caused, past.paid_at)
    if not past.canceled:
        order = decode_order(past.body)
        stored = [each for each in decode_decisions(past.decision) if _is_of_order(each)]
        paid = OrderPaid(id=past.order_id, at=past.paid_at, order=order)
        counts += counts_of(version, paid, _points(stored))
        if past.returned:
            returned = OrderReturned(
                id=past.order_id,
                at=past.paid_at,
                order=order,
                paid_at=past.paid_at,
                awards=(),
                before=(0,) * len(order.lines),
                after=tuple(past.returned),
            )
            back: Counter[int] = Counter()
            for award in (award for each in stored for award in each.awards):
                back[award.unit] += reversed_of(award, order, past.returned)
            counts += counts_of(version, returned, back)
    for count in counts:
        counted[count.metric, count.period] += count.amount


def _is_of_order(decision: StoredDecision) -> bool:
    return decision.trigger == "order.paid" or decision.given is not None


def _points(decisions: Iterable[StoredDecision]) -> Mapping[int, Points]:
    """Return the points that decisions gave, by unit."""
    points: Counter[int] = Counter()
    for decision in decisions:
        for award in decision.awards:
            points[award.unit] += award.points
    return points
