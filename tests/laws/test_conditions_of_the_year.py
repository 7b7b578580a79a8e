"""On the public year of shopping, generated conditions name the same households in Python and in SQL.

The households bought what they bought, and a program gave them what it gives. Conditions are made up of the
data's own departments, brands, products, stores and amounts, and compare figures with the very value of some
household or the one next to it, so that both answers occur and every bound is met.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random
from uuid import UUID

import msgspec
import pytest

from perennial.connectors.complete_journey import Basket, Statistics, read_baskets
from perennial.core.compiling.compile import compile_version
from perennial.core.conditions.check import check, member_place
from perennial.core.conditions.sql import SqlConditions, compile_sql, kept_by
from perennial.core.conditions.walk import holds
from perennial.core.counts import measured
from perennial.core.dates.periods import Period, Span, local_midnight, period_of
from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.earning.fixed import Fixed
from perennial.core.events import OrderPaid
from perennial.core.facts import SEGMENTS, Fact, FactSource
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.simulation.past import Life, Person
from perennial.core.simulation.playing import Playing
from perennial.core.simulation.side import Side
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    History,
    HistoryWindow,
    Measure,
    Not,
    Operator,
)
from perennial.core.terms.rfm import RfmScale
from perennial.core.version import Metric, Version
from perennial.core.version_scope import scope_of
from perennial.store.database import WORKER_ROLE, connect
from perennial.store.matching import list_which
from perennial.units import DAY, Instant, named_id, parse_instant
from tests.laws.nearby import near
from tests.laws.strategies import World

EXAMPLE = Path(__file__).parents[2] / "examples" / "complete-journey.yaml"
BUCKET = WORKSPACE = 9_002
PROGRAM_ID = 4
UNITS = {"points": 21}
MOMENTS = [
    parse_instant(text)
    for text in (
        "2017-03-12T07:30:00Z",
        "2017-07-01T12:00:00Z",
        "2018-01-01T04:59:59Z",
        "2018-01-01T05:00:00Z",
    )
]
"""A night in which the clocks change, the middle of the year, its last second, and the first of the next."""

_AT_ONCE = 25
_SERVED = (FactSource.MEMBER, FactSource.WALLET, FactSource.NOW)
_ORDERED = (Operator.AT_LEAST, Operator.MORE_THAN, Operator.LESS_THAN, Operator.AT_MOST, Operator.IS)
_OF_LINES = (Measure.LINES_NET, Measure.LINES_QUANTITY)
_OF_ORDERS = (Measure.ORDERS_COUNT, Measure.ORDERS_NET)
_RFM = RfmScale(recency=(7, 14, 30, 60), frequency=(5, 20, 50, 90), monetary=(5_000, 30_000, 90_000, 200_000))


class Year:
    """Households with all that they bought, and what a program has given them for it."""

    def __init__(self, households: int | None, tests: int) -> None:
        program = read_program(EXAMPLE.read_text())
        assert isinstance(program, Program)
        self.program = msgspec.structs.replace(program, rfm=_RFM)
        self.baskets: dict[UUID, list[OrderPaid]] = defaultdict(list)
        names: dict[UUID, str] = {}
        first = last = 0
        for basket in read_baskets(Statistics(), members=households):
            who = named_id(WORKSPACE, "customer", basket.customer)
            names[who] = basket.customer
            self.baskets[who].append(_paid(basket))
            first, last = first or basket.at, basket.at
        side = Side([compile_version(self.program, PROGRAM_ID, 1, first, UNITS)], first)
        self.members: list[Member] = []
        for who, orders in self.baskets.items():
            life = Life(who, [Person(who, names[who])], [(order.id, 0, order) for order in orders])
            playing = Playing(side, life)
            for order in orders:
                playing.take(0, order)
            playing.finish(last + DAY)
            [member] = playing.members
            member.counters = {}
            self.members.append(member)
        self._counted: set[int] = set()
        self._days: dict[tuple[Measure, Condition | None], int] = {}
        chance = Random(tests)
        self._orders = [order.order for orders in self.baskets.values() for order in orders]

        self.line_tests = [None, *(self._a_line(chance) for _ in range(tests))]
        self.order_tests = [None, *(self._an_order(chance) for _ in range(tests // 2))]

    def version(self, conditions: list[Condition]) -> Version:
        """Compile a version with a rule for each condition, so that it counts what they ask."""
        rules = tuple(
            Fixed(id=f"r{place}", trigger="member.joined", wallet="points", when=condition, points=1)
            for place, condition in enumerate(conditions)
        )
        program = msgspec.structs.replace(self.program, earning_rules=rules)
        return compile_version(program, PROGRAM_ID, 1, 0, UNITS)

    def facts(self) -> list[Fact]:
        """Return the facts of a customer that can be asked of all at once."""
        every = self.version([]).facts.facts.values()
        return [fact for fact in every if fact.source in _SERVED and fact.name != SEGMENTS]

    def exist(self) -> list[Condition]:
        """Return a condition for each fact, so that a version reads all of them."""
        return [Compare(fact.name, Operator.EXISTS, True) for fact in self.facts()]

    def count(self, version: Version) -> list[tuple[UUID, Metric, int, int]]:
        """Let everybody count what they have not counted yet; return it: who, what, period, value."""
        wanted = [
            (metric, choose)
            for metric, choose in zip(version.metrics, version.choices, strict=True)
            if metric.number not in self._counted
        ]
        self._counted |= {metric.number for metric, _ in wanted}
        daily = [each for each in wanted if each[0].period is Period.DAY]
        self._days |= {(metric.measure, metric.where): metric.number for metric, _ in daily}
        for member in self.members:
            for metric, _ in wanted:
                member.counters[metric.number] = {}
            for order in self.baskets[member.customer_id] if daily else ():
                day = period_of(order.at, Period.DAY, version.zone)
                for (metric, _), amount in zip(daily, measured(version, order, daily, {}), strict=True):
                    if amount:
                        _add(member.counters[metric.number], day, amount)
            for metric, _ in wanted:
                if metric.period is not Period.DAY:
                    self._sum_days(version, member, metric)
        return [
            (member.customer_id, metric, period, value)
            for member in self.members
            for metric, _ in wanted
            for period, value in member.counters[metric.number].items()
        ]

    def _sum_days(self, version: Version, member: Member, metric: Metric) -> None:
        """Count a period as its days, which are counted first: every basket is gone through only once."""
        days = member.counters[self._days[metric.measure, metric.where]]
        for day, amount in days.items():
            start = local_midnight(date.fromordinal(day), version.zone)
            _add(member.counters[metric.number], period_of(start, metric.period, version.zone), amount)

    def _a_line(self, chance: Random) -> Condition:
        """Return what somebody bought once, as a test of lines."""
        line = chance.choice(chance.choice(self._orders).lines)
        kinds: list[Condition] = [
            Compare("line.sku", Operator.IS, line.sku),
            Compare("line.net", chance.choice(_ORDERED), line.net),
            Compare("line.quantity", chance.choice(_ORDERED), line.quantity),
        ]
        if line.categories:
            wanted = chance.choice(line.categories)
            kinds += [Compare("line.categories", Operator.CONTAINS, wanted)] * 3
        if line.brand:
            kinds.append(Compare("line.brand", Operator.IS, line.brand))
        some = chance.choice(kinds)
        if chance.random() < 0.3:
            return All((some, Not(chance.choice(kinds))))
        return some

    def _an_order(self, chance: Random) -> Condition:
        """Return something of an order that somebody placed."""
        order = chance.choice(self._orders)
        total = sum(line.net for line in order.lines)
        if chance.random() < 0.3 and order.location:
            return Compare("order.location", Operator.IS, order.location)
        return Compare("order.total", chance.choice(_ORDERED), total)


def _add(periods: dict[int, int], period: int, amount: int) -> None:
    periods[period] = periods.get(period, 0) + amount


def _paid(basket: Basket) -> OrderPaid:
    return OrderPaid(id=named_id(WORKSPACE, "order", basket.order_id), at=basket.at, order=basket.order)


class Stored:
    """The year in a database, with an event loop of its own."""

    def __init__(self, url: str, year: Year, runner: asyncio.Runner) -> None:
        self.year = year
        self._run = runner.run
        self._owner = runner.run(connect(url, statement_timeout="0"))
        self._worker = runner.run(connect(url, role=WORKER_ROLE, statement_timeout="0"))
        runner.run(self._store())

    def close(self) -> None:
        """Close both connections."""
        for conn in (self._owner, self._worker):
            self._run(conn.close())

    async def _store(self) -> None:
        await self._owner.execute(
            "insert into workspaces (workspace_id, code, name, sandbox, bucket_base, bucket_count, "
            "created_at) values ($1, 'year', 'Year', true, $1, 1, now())",
            WORKSPACE,
        )
        members = self.year.members
        owned = [(member.customer_id, wallet) for member in members for wallet in member.wallets.items()]
        joined = [(member.customer_id, each) for member in members for each in member.memberships.items()]
        await self._copy(
            "customers",
            ["external_id", "created_at"],
            [(member.customer_id, str(member.customer_id), 0) for member in members],
        )
        await self._copy(
            "memberships",
            ["program_id", "joined_at", "source", "tier"],
            [(who, program, each.joined_at, each.source, each.tier) for who, (program, each) in joined],
        )
        names = ["balance", "pending", "debt", "shortfall", "earned", "spent", "expired", "activated_until"]
        await self._copy(
            "wallets",
            ["unit_id", *names],
            [(who, unit, *(getattr(wallet, name) for name in names)) for who, (unit, wallet) in owned],
        )

    async def _copy(self, table: str, columns: list[str], rows: Sequence[tuple[object, ...]]) -> None:
        await self._owner.copy_records_to_table(
            table,
            columns=["bucket", "workspace_id", "customer_id", *columns],
            records=[(BUCKET, WORKSPACE, *row) for row in rows],
        )

    def count(self, version: Version) -> None:
        """Let everybody have counted what the version asks for."""
        rows = [
            (BUCKET, WORKSPACE, who, metric.number, value, period)
            for who, metric, period, value in self.year.count(version)
        ]
        self._run(self._owner.copy_records_to_table("counters", records=rows))
        self._run(self._owner.execute("analyze counters"))

    def count_all(self) -> None:
        """Let everybody count everything that may be asked, in one go over the baskets."""
        windows = [
            HistoryWindow(ever=True),
            HistoryWindow(calendar=Period.YEAR),
            HistoryWindow(calendar=Period.DAY),
        ]
        tests = [(measure, where) for measure in _OF_LINES for where in self.year.line_tests]
        tests += [(measure, where) for measure in _OF_ORDERS for where in self.year.order_tests]
        asked: list[Condition] = [
            History(measure, where, None, None, None, window, Operator.AT_LEAST, 1)
            for measure, where in tests
            for window in windows
        ]
        self.count(self.year.version([*self.year.exist(), *asked]))

    def which(self, sql: SqlConditions) -> dict[UUID, list[int]]:
        """Return who meets which conditions."""

        async def ask() -> dict[UUID, list[int]]:
            async with self._worker.transaction():
                await self._worker.execute(f"set local app.workspace = '{WORKSPACE}'")
                return dict(await list_which(self._worker, WORKSPACE, BUCKET, sql))

        return self._run(ask())


@pytest.fixture(scope="module")
def stored(database_url: str, request: pytest.FixtureRequest) -> Iterator[Stored]:
    every = Year(None, 60) if request.config.getoption("--torture") else Year(25, 12)
    with asyncio.Runner() as runner:
        stored = Stored(database_url, every, runner)
        stored.count_all()
        yield stored
        stored.close()


def test_conditions_name_the_same_households(stored: Stored, request: pytest.FixtureRequest) -> None:
    """100 conditions over 25 households; with --torture 1,000 over all: walked, compiled, and in SQL."""
    chance = Random(20171231)
    wanted = 1_000 if request.config.getoption("--torture") else 100
    asked = both = 0
    while asked < wanted:
        at = chance.choice(MOMENTS)
        conditions = generated(stored, at, min(_AT_ONCE, wanted - asked), chance)
        version = stored.year.version(conditions)
        stored.count(version)
        walked, compiled = judged(version, stored.year.members, at)
        assert compiled == walked
        sql = compile_sql(conditions, kept_by(version, at))
        assert isinstance(sql, SqlConditions), sql
        found = stored.which(sql)
        for place, condition in enumerate(conditions):
            in_python = {who for who, places in walked.items() if place in places}
            assert in_python == {who for who, places in found.items() if place in places}, condition
            both += 0 < len(in_python) < len(stored.year.members)
        asked += len(conditions)
    assert both > asked // 4
    print(
        f"{asked} conditions over {len(stored.year.members)} households; {both} hold for some and not for all"
    )


def generated(stored: Stored, at: Instant, size: int, chance: Random) -> list[Condition]:
    """Return conditions whose bounds are values that some household has at ``at``, or the next ones."""
    facts = stored.year.facts()
    histories = [history(stored.year, chance) for _ in range(size)]
    version = stored.year.version([*stored.year.exist(), *histories])
    stored.count(version)
    leaves: list[Condition] = []
    for node in histories:
        snapshot = snapshot_of(at, version, chance.choice(stored.year.members))
        value = snapshot.history[version.histories[node]] + chance.choice([0, 0, 1, -1])
        operand = (value - 2, value) if node.operator is Operator.BETWEEN else value
        leaves.append(_with(node, operand))
    while len(leaves) < 3 * size:
        snapshot = snapshot_of(at, version, chance.choice(stored.year.members))
        fact = chance.choice(facts)
        own = near(World("member.joined", snapshot, scope_of(version, snapshot, at)), fact, chance)
        if _is_served(own) and not check(own, version.facts, member_place()):
            leaves.append(own)
    return [tree(leaves, chance, depth=2) for _ in range(size)]


def history(year: Year, chance: Random) -> History:
    """Return a figure of the past, to be compared with something that is told later."""
    window = chance.choice(
        [
            HistoryWindow(ever=True),
            HistoryWindow(since_joining=True),
            HistoryWindow(calendar=chance.choice(list(Period)[1:-1]), offset=chance.randint(-2, 0)),
            HistoryWindow(last=Span(days=chance.choice([1, 7, 30, 90, 365]))),
        ]
    )
    measure = chance.choice([*_OF_LINES, *_OF_ORDERS])
    of_lines = measure in _OF_LINES
    where = chance.choice(year.line_tests if of_lines else year.order_tests)
    operator = chance.choice([*_ORDERED, Operator.IS_NOT, Operator.BETWEEN])
    operand = (0, chance.randint(0, 10**9)) if operator is Operator.BETWEEN else chance.randint(0, 10**9)
    return History(measure, where, None, None, None, window, operator, operand)


def tree(leaves: list[Condition], chance: Random, depth: int) -> Condition:
    """Return a condition made of some of the leaves."""
    kind = chance.choice(["leaf", "all", "any", "not"]) if depth else "leaf"
    match kind:
        case "all" | "any":
            parts = tuple(tree(leaves, chance, depth - 1) for _ in range(chance.randint(1, 3)))
            return All(parts) if kind == "all" else AnyOf(parts)
        case "not":
            return Not(tree(leaves, chance, depth - 1))
        case _:
            return chance.choice(leaves)


def judged(
    version: Version, members: list[Member], at: Instant
) -> tuple[dict[UUID, list[int]], dict[UUID, list[int]]]:
    """Return who meets which of the version's conditions, by walking them and by the compiled version."""
    walked, compiled = {}, {}
    conditions = [each.rule.when for each in version.rules]
    for member in members:
        snapshot = snapshot_of(at, version, member)
        scope = scope_of(version, snapshot, at)
        walked[member.customer_id] = [
            place for place, each in enumerate(conditions) if each is not None and holds(each, scope)
        ]
        _, fired = version.triggers["member.joined"](at, None, [], {}, snapshot)
        compiled[member.customer_id] = [place for place, *_ in fired]
    return walked, compiled


def _with(node: History, operand: int | tuple[int, int]) -> History:
    return History(
        node.measure, node.where, node.event, node.attribute, node.wallet, node.window, node.operator, operand
    )


def _is_served(node: Condition) -> bool:
    return isinstance(node, Compare) and node.operator not in (Operator.MATCHES, Operator.WITHIN)
