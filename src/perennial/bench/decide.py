"""How many decisions the pure core makes per second on one core, and what the rules alone cost.

The program has ``rules`` earning rules of many kinds (a base rate, bonuses by category, brand and
product, thresholds, channels, weekdays and hours, tiers, countries, history), three tiers and two
campaigns; every order has five lines. A decision is everything between a loaded member and the
effects to be written: the snapshot, the rules, multipliers, limits, lines, lots, counts and tiers.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import process_time_ns
from uuid import UUID

import msgspec

from perennial.bench.program import DEPARTMENTS, bench_document
from perennial.core.compiling.compile import compile_version
from perennial.core.conditions.scope import attributes_of
from perennial.core.decide import decide
from perennial.core.document.program import Program
from perennial.core.earn import judge
from perennial.core.events import OrderPaid
from perennial.core.member import Member, Membership
from perennial.core.needs import snapshot_of
from perennial.core.orders.order import Line, Order, OrderStatus, net_amounts
from perennial.core.terms.condition_document import DEC_HOOK
from perennial.core.version import Version
from perennial.units import DAY, MINUTE, parse_instant

_START = parse_instant("2026-11-23T08:00:00Z")
_ORDERS = 512


def run(rules: int = 20, seconds: float = 5.0) -> dict[str, float]:
    """Measure for about ``seconds`` with a program of ``rules`` rules; times are in microseconds.

    ``decisions_per_s`` and ``decision_us`` are whole decisions, ``rules_us`` is asking all rules and
    working out the points of those that fire, ``fired`` how many fire on average.
    """
    version = benched_version(rules)
    orders = benched_orders()
    member = benched_member(version)
    fired = sum(len(judge(event, version, snapshot_of(event.at, version, member)).fired) for event in orders)

    def decide_all() -> None:
        for event in orders:
            decide(event, version, member)

    rules_us = _measure(_rules_alone(version, member, orders), seconds / 2)
    decision_us = _measure(decide_all, seconds / 2)
    return {
        "rules": rules,
        "lines": 5,
        "fired": round(fired / len(orders), 2),
        "decisions_per_s": round(1e6 / decision_us),
        "decision_us": round(decision_us, 2),
        "rules_us": round(rules_us, 2),
        "us_per_rule": round(rules_us / rules, 3),
    }


def _measure(work: Callable[[], None], seconds: float) -> float:
    """Return the median microseconds of CPU time per order of repeated passes over all orders."""
    work()
    passes: list[int] = []
    end = process_time_ns() + int(seconds * 1e9)
    while process_time_ns() < end or len(passes) < 3:
        start = process_time_ns()
        work()
        passes.append(process_time_ns() - start)
    passes.sort()
    return passes[len(passes) // 2] / 1000 / _ORDERS


def _rules_alone(version: Version, member: Member, orders: list[OrderPaid]) -> Callable[[], None]:
    """Return a pass over all orders that asks the rules, without what is done with their points."""
    inputs = [
        (
            event.at,
            event.order,
            net_amounts(event.order),
            attributes_of(event),
            snapshot_of(event.at, version, member),
        )
        for event in orders
    ]
    fire = version.triggers["order.paid"]

    def ask_all() -> None:
        for at, order, nets, event, snapshot in inputs:
            fire(at, order, nets, event, snapshot)

    return ask_all


def benched_version(rules: int) -> Version:
    """Return the benchmarks' program with so many rules, compiled."""
    program = msgspec.convert(bench_document(rules), Program, dec_hook=DEC_HOOK)
    return compile_version(program, 1, 1, _START, {"points": 1})


def benched_orders() -> list[OrderPaid]:
    """Return orders of five lines over one day; the same in every run."""
    random = Random(20261123)
    return [
        OrderPaid(
            id=UUID(int=number + 1),
            at=_START + number * (DAY // _ORDERS) // MINUTE * MINUTE,
            order=_order(random),
        )
        for number in range(_ORDERS)
    ]


def _order(random: Random) -> Order:
    lines = tuple(
        Line(
            sku=f"sku-{random.randrange(400)}",
            amount=random.randrange(100, 4000),
            quantity=random.choice((1, 1, 1, 2, 3)),
            categories=(random.choice(DEPARTMENTS),),
            brand=f"brand-{random.randrange(40)}",
        )
        for _ in range(5)
    )
    return Order(
        status=OrderStatus.PAID,
        lines=lines,
        location=f"store-{random.randrange(20)}",
        channel=random.choice(("app", "web", "store")),
    )


def benched_member(version: Version) -> Member:
    """Return a silver member with a year of history."""
    joined_at = _START - 300 * DAY
    counters = {metric.number: {2026 * 12 + month: 9000 for month in range(11)} for metric in version.metrics}
    return Member(
        customer_id=UUID(int=1),
        owner=UUID(int=1),
        attributes={"country": "DE"},
        memberships={1: Membership(joined_at=joined_at, tier="silver", tier_since=joined_at)},
        counters=counters,
    )
