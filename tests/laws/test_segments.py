"""Laws of segments: judged as the tree walk says, and nothing changes before the instant that was named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perennial.core.conditions.scope import Scope
from perennial.core.conditions.walk import fact_value, holds
from perennial.core.dates.periods import Period, local_date, local_midnight, period_of_day, shift_date
from perennial.core.dates.schedule import Span
from perennial.core.facts import STALE_FROM, FactType
from perennial.core.member import Member, Membership, Wallet
from perennial.core.segments.compile_segments import BasedOn, Kept, SegmentSet, compile_segments
from perennial.core.segments.segment import Segment, check_segment
from perennial.core.segments.segmenting import Judging
from perennial.core.segments.sight import sight_of
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
from perennial.core.version import Version
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.units import DAY, HOUR, SECOND, Instant
from tests.laws.strategies import FACTS, PROGRAM, instants, integers, segment_attributes, segment_conditions

UNITS = {wallet.id: number for number, wallet in enumerate(PROGRAM.wallets, 1)}
SOMEBODY = UUID(int=1)
FOLLOWING = (*range(1, 64), 90, 91, 365, 366, 367, 400, 401, 800, 1_500)
"""The days after which is looked whether somebody moved who was said to stay."""


def without_problems(condition: Condition) -> bool:
    """Whether a segment may have this condition."""
    segment = Segment(segment="some", name="Some", when=condition)
    texts = {code: Segment(segment=code, name=code) for code in ("a", "b", "coffee", "silver")}
    return not check_segment(segment, FACTS, texts)


# A strategy is made once: hypothesis looks through each before it first draws from it.
_SOUND = segment_conditions().filter(without_problems)
_SOME = st.lists(_SOUND, min_size=1, max_size=3)
_DAYS = st.dictionaries(st.integers(-400, 1) | st.integers(-3, 1), st.integers(-1, 9), min_size=1, max_size=5)
_LOTS = st.lists(st.tuples(st.integers(1, 100 * DAY), st.integers(0, 5)), min_size=1, max_size=3)
_TIERS = st.sampled_from([None, "silver", "gold"])
_OPERATORS = st.sampled_from([Operator.AT_LEAST, Operator.LESS_THAN, Operator.MORE_THAN, Operator.IS])
_CLOSE = st.integers(-3, 3) | st.just(0)


def compiled(condition: Condition | None) -> SegmentSet:
    """Compile one live segment."""
    segment = Segment(segment="some", name="Some", when=condition)
    return compile_segments([Kept(segment, 1, 1, True)], [BasedOn(PROGRAM, 1, UNITS)])


@st.composite
def members(draw: st.DrawFn, version: Version, at: Instant) -> Member:
    """Draw somebody with what the segments of a version read."""
    today = local_date(at, version.zone).toordinal()
    counters = {}
    for metric in version.metrics:
        drawn = draw(_DAYS)
        if metric.period is Period.EVER:
            counters[metric.number] = {0: sum(drawn.values())}
            continue
        starts = version.program.week_starts
        counters[metric.number] = {
            period_of_day(today + back, metric.period, starts): amount for back, amount in drawn.items()
        }
    lots = draw(_LOTS)
    wallets = {}
    for unit in UNITS.values():
        keys = [(LotKey(Origin.EARNED, at - DAY, at + ahead), left) for ahead, left in lots]
        wallets[unit] = Wallet(
            balance=draw(integers),
            pending=draw(st.integers(0, 5)),
            earned=draw(integers),
            lots={key.lot_id: Lot(key.lot_id, key, left, left) for key, left in keys},
        )
    joined_at = draw(st.none() | st.integers(at - 900 * DAY, at))
    tier = draw(_TIERS)
    return Member(
        customer_id=SOMEBODY,
        owner=SOMEBODY,
        attributes=draw(segment_attributes(at)),
        memberships={1: Membership(joined_at=joined_at, tier=tier)} if joined_at is not None else {},
        wallets=wallets,
        counters=counters,
        segments={"silver": at} if draw(st.booleans()) else {},
    )


@st.composite
def near(draw: st.DrawFn, node: Condition, scope: Scope) -> Condition:
    """Draw the same condition with numbers close to what they are compared with, so that time matters."""
    match node:
        case All(of) | AnyOf(of):
            return type(node)(tuple(draw(near(part, scope)) for part in of))
        case Not(of):
            return Not(draw(near(of, scope)))
        case History():
            assert scope.history is not None
            value: object = scope.history(node)
        case Compare():
            fact = FACTS.facts[node.fact]
            value = fact_value(fact, scope) if fact.type is FactType.INTEGER else None
        case _:
            raise AssertionError(node)
    if not isinstance(value, int):
        return node
    operator = draw(_OPERATORS)
    operand = value + draw(_CLOSE)
    if isinstance(node, Compare):
        return Compare(node.fact, operator, operand)
    return History(
        node.measure, node.where, node.event, node.attribute, node.wallet, node.window, operator, operand
    )


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_nothing_changes_before_its_time(data: st.DataObject) -> None:
    """The generated code says what the tree walk says, and until the next change it says the same."""
    condition = data.draw(_SOUND)
    segments = compiled(condition)
    at = data.draw(instants())
    (version,) = segments.versions
    member = data.draw(members(version, at))
    condition = data.draw(near(condition, sight_of(version, member, at).scope(at)))
    segments = compiled(condition)
    inside, due = _judged(segments, member, at)
    stale_from = member.attributes.get(f"weather{STALE_FROM}")
    later_instants = [
        local_midnight(shift_date(local_date(at, version.zone), Span(days=days), 1), version.zone)
        for days in FOLLOWING
    ]
    if isinstance(stale_from, int):
        later_instants.append(stale_from * SECOND)
    assert due is None or due > at
    for later in later_instants:
        if at < later and (due is None or later < due):
            assert _judged(segments, member, later)[0] is inside, (later, due)


def test_a_day_that_lies_ahead_counts_when_it_comes() -> None:
    """An order was stamped a few minutes ahead, on Friday: on Thursday this week has none, on Friday one."""
    window = HistoryWindow(calendar=Period.WEEK)
    segments = compiled(History(Measure.ORDERS_COUNT, None, None, None, None, window, Operator.AT_LEAST, 1))
    (version,) = segments.versions
    (metric,) = version.metrics
    thursday = date(2023, 6, 1)
    friday = shift_date(thursday, Span(days=1), 1)
    ahead = Member(customer_id=SOMEBODY, owner=SOMEBODY, counters={metric.number: {friday.toordinal(): 1}})
    at = local_midnight(thursday, version.zone) + 12 * HOUR
    midnight = local_midnight(friday, version.zone)
    assert _judged(segments, ahead, at) == (False, midnight)
    assert _judged(segments, ahead, midnight)[0] is True


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_many_are_judged_as_each_alone(data: st.DataObject) -> None:
    """Segments that compare the same values are looked up together: each holds when the tree walk says so."""
    drawn = data.draw(_SOME)
    at = data.draw(instants())
    one = data.draw(members(_together(drawn).versions[0], at))
    scope = sight_of(_together(drawn).versions[0], one, at).scope(at)
    close = [data.draw(near(condition, scope)) for condition in drawn for _ in range(3)]
    segments = _together([*drawn, *close, All((close[0], close[-1]))])
    member = msgspec.structs.replace(one, segments={f"s{place}": at for place in range(0, len(close), 2)})
    now = sight_of(segments.versions[0], member, at).scope(at)
    expected = {live.code for live in segments.live if holds(live.when, now)}
    Judging(segments, member, at).judge()
    assert member.segments.keys() == expected


def _together(conditions: Sequence[Condition]) -> SegmentSet:
    """Compile live segments ``s0`` and so on."""
    kept = [
        Kept(Segment(segment=f"s{place}", name="Some", when=condition), place + 1, 1, True)
        for place, condition in enumerate(conditions)
    ]
    return compile_segments(kept, [BasedOn(PROGRAM, 1, UNITS)])


def _judged(segments: SegmentSet, member: Member, at: Instant) -> tuple[bool, Instant | None]:
    """Judge a copy of the member, and check it against the tree walk."""
    copied = msgspec.structs.replace(member, segments=dict(member.segments))
    judging = Judging(segments, copied, at)
    judging.judge()
    inside = "some" in copied.segments
    (live,) = segments.live
    assert inside is holds(live.when, sight_of(live.version, member, at).scope(at))
    return inside, judging.next_change()
