"""Laws of conditions in SQL: asked of all members at once, they come out as they do member by member."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random
from uuid import UUID

import msgspec
import pytest
from asyncpg import Connection
from hypothesis import given, settings
from hypothesis import strategies as st

from perennial.core.compiling.compile import compile_version
from perennial.core.conditions.check import check, member_place
from perennial.core.conditions.sql import SqlConditions, compile_sql, kept_by
from perennial.core.conditions.walk import holds
from perennial.core.earning.fixed import Fixed
from perennial.core.facts import FactSource
from perennial.core.needs import snapshot_of
from perennial.core.terms.conditions import Compare, Condition, History, HistoryWindow, Measure, Operator
from perennial.core.version import Version
from perennial.core.version_scope import scope_of
from perennial.store.database import WORKER_ROLE, connect
from perennial.store.matching import list_which, preview_matching
from perennial.units import Instant
from tests.laws.nearby import near
from tests.laws.population import BUCKET, MOMENTS, PROGRAM_ID, SEGMENTS, UNITS, WORKSPACE, Population
from tests.laws.strategies import FACTS, PROGRAM, World, member_conditions

_ZONES = ["Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"]


_PERSON = (FactSource.MEMBER, FactSource.WALLET, FactSource.NOW)


class Stored:
    """The population in a database, with an event loop of its own: Hypothesis calls plain functions."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self.people = Population(Random(7))
        self._runner = runner
        self._owner: Connection = runner.run(connect(url))
        self._worker: Connection = runner.run(connect(url, role=WORKER_ROLE))
        runner.run(self.people.store(self._owner))

    def close(self) -> None:
        """Close both connections."""
        for conn in (self._owner, self._worker):
            self._runner.run(conn.close())

    def count(self, version: Version) -> None:
        """Let everybody have counted what the version asks for."""
        self._runner.run(self.people.count(self._owner, version.metrics, version.zone))

    def matching(self, sql: SqlConditions) -> list[UUID]:
        """Return who meets the only condition; a preview must say the same."""

        async def ask() -> list[UUID]:
            async with self._worker.transaction():
                await self._worker.execute(f"set local app.workspace = '{WORKSPACE}'")
                found = [who for who, _ in await list_which(self._worker, WORKSPACE, BUCKET, sql)]
                preview = await preview_matching(self._worker, WORKSPACE, BUCKET, sql, 5)
                assert (preview.count, list(preview.sample)) == (len(found), found[:5])
                return found

        return self._runner.run(ask())

    def which(self, sql: SqlConditions) -> dict[UUID, list[int]]:
        """Return who meets which conditions."""

        async def ask() -> dict[UUID, list[int]]:
            async with self._worker.transaction():
                await self._worker.execute(f"set local app.workspace = '{WORKSPACE}'")
                return dict(await list_which(self._worker, WORKSPACE, BUCKET, sql))

        return self._runner.run(ask())


@pytest.fixture(scope="module")
def stored(database_url: str) -> Iterator[Stored]:
    with asyncio.Runner() as runner:
        every = Stored(database_url, runner)
        yield every
        every.close()


def version_asking(conditions: list[Condition], zone: str) -> Version:
    """Compile a version with a rule for each condition, so that it counts what they ask."""
    rules = tuple(
        Fixed(id=f"r{place}", trigger="member.joined", wallet="points", when=condition, points=1)
        for place, condition in enumerate(conditions)
    )
    program = msgspec.structs.replace(PROGRAM, time_zone=zone, earning_rules=rules)
    return compile_version(program, PROGRAM_ID, 1, 0, UNITS)


def judged(
    version: Version, people: Population, at: Instant
) -> tuple[dict[UUID, list[int]], dict[UUID, list[int]]]:
    """Return who meets which of the version's conditions, by walking them and by the compiled version."""
    walked, compiled = {}, {}
    conditions = [each.rule.when for each in version.rules]
    for member in people.members:
        snapshot = snapshot_of(at, version, member)
        scope = scope_of(version, snapshot, at)
        walked[member.customer_id] = [
            place for place, each in enumerate(conditions) if each is not None and holds(each, scope)
        ]
        _, fired = version.triggers["member.joined"](at, None, [], {}, snapshot)
        compiled[member.customer_id] = [place for place, *_ in fired]
    return _some(walked), _some(compiled)


def _some(found: dict[UUID, list[int]]) -> dict[UUID, list[int]]:
    return {customer_id: places for customer_id, places in found.items() if places}


@settings(max_examples=80, deadline=None)
@given(
    st.lists(member_conditions(), min_size=1, max_size=3), st.sampled_from(_ZONES), st.sampled_from(MOMENTS)
)
def test_conditions_in_sql_agree_with_python(
    stored: Stored, conditions: list[Condition], zone: str, at: Instant
) -> None:
    """Generated conditions over generated members: the walk, the compiled source and SQL name the same."""
    version = version_asking(conditions, zone)
    stored.count(version)
    walked, compiled = judged(version, stored.people, at)
    assert compiled == walked
    kept = kept_by(version, at, SEGMENTS)
    sql = compile_sql(conditions, kept)
    assert isinstance(sql, SqlConditions), sql
    assert stored.which(sql) == walked
    one = compile_sql(conditions[:1], kept)
    assert isinstance(one, SqlConditions)
    assert stored.matching(one) == [customer_id for customer_id, places in walked.items() if 0 in places]


@pytest.mark.parametrize("seed", range(8))
def test_conditions_in_sql_agree_at_the_values_themselves(stored: Stored, seed: int) -> None:
    """Compared with somebody's own value or the one next to it, every fact comes out the same."""
    chance = Random(seed)
    zone, at = chance.choice(_ZONES), chance.choice(MOMENTS)
    every = [fact for fact in FACTS.facts.values() if fact.source in _PERSON]
    version = version_asking([Compare(fact.name, Operator.EXISTS, True) for fact in every], zone)
    stored.count(version)
    snapshot = snapshot_of(at, version, chance.choice(stored.people.members))
    world = World("member.joined", snapshot, scope_of(version, snapshot, at))
    conditions = [near(world, fact, chance) for fact in every for _ in range(2)]
    conditions = [node for node in conditions if not check(node, FACTS, member_place()) and _is_served(node)]
    version = version_asking(conditions, zone)
    walked, compiled = judged(version, stored.people, at)
    assert compiled == walked
    sql = compile_sql(conditions, kept_by(version, at, SEGMENTS))
    assert isinstance(sql, SqlConditions), sql
    assert _named(stored.which(sql), conditions) == _named(walked, conditions)


def _named(found: dict[UUID, list[int]], conditions: list[Condition]) -> set[tuple[int, Condition]]:
    return {(customer_id.int, conditions[place]) for customer_id, places in found.items() for place in places}


def _is_served(node: Condition) -> bool:
    return isinstance(node, Compare) and node.operator not in (Operator.MATCHES, Operator.WITHIN)


def test_an_altered_population_is_noticed(stored: Stored) -> None:
    """The comparison above can fail: with one counter changed in memory alone, the two differ."""
    condition = History(
        Measure.ORDERS_COUNT, None, None, None, None, HistoryWindow(ever=True), Operator.AT_LEAST, 5_000
    )
    version = version_asking([condition], _ZONES[0])
    stored.count(version)
    member = stored.people.members[0]
    number = version.metrics[0].number
    kept = member.counters.get(number, {})
    member.counters[number] = {0: 5_000}
    walked, _ = judged(version, stored.people, MOMENTS[0])
    member.counters[number] = kept
    sql = compile_sql([condition], kept_by(version, MOMENTS[0]))
    assert isinstance(sql, SqlConditions)
    assert stored.which(sql) != walked
