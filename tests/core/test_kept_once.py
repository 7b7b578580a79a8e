"""What segments ask of the whole past is taken from days or months that are kept anyway."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.core.counts import counts_of
from perennial.core.events import OrderPaid
from perennial.core.fold import fold
from perennial.core.member import Member
from perennial.core.needs import lookback
from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.core.segments.compile_segments import Kept, based_on, compile_segments
from perennial.core.segments.segment import Segment
from perennial.core.segments.sight import sight_of
from perennial.core.terms.condition_document import decode_condition
from perennial.core.version import Version
from perennial.units import DAY, Instant, parse_instant
from tests.core.earning_stage import version_of

SOMEBODY = UUID(int=1)
NOW = parse_instant("2026-03-02T10:00:00Z")
PROGRAM = version_of()
TIERS = {
    "metrics": [{"measure": "orders.net", "window": {"calendar": "year"}}],
    "levels": [{"id": "gold", "name": "Gold", "reach": {"metric": 9}}],
}

EVER = {"fact": "member.orders", "at_least": 3}
SPENT = {"fact": "member.spent", "at_least": 3}
ALL_DAYS = {"fact": "member.days_since_last_order", "at_least": 9}
SOME_DAYS = {"fact": "member.orders_30_days", "at_least": 2}
THIS_YEAR = {"fact": "member.orders_this_year", "at_least": 2}
SINCE_JOINING = {"history": "orders.count", "window": "since_joining", "at_least": 2}


def judging(*conditions: dict[str, Any], program: Version = PROGRAM) -> Version:
    """Compile live segments with these conditions on members of a program, and return what they read."""
    kept = [
        Kept(Segment(segment=f"s{number}", name="S", when=decode_condition(when)), number, 1, filled=True)
        for number, when in enumerate(conditions, 1)
    ]
    (version,) = compile_segments(kept, [based_on(program)]).versions
    return version


def kept(version: Version) -> list[tuple[str, str]]:
    """Return by which periods a version keeps what."""
    return sorted((metric.measure.value, metric.period.value) for metric in version.metrics)


@pytest.mark.parametrize(
    ("others", "periods"),
    [
        ([], ["ever"]),
        ([SOME_DAYS], ["day", "ever"]),
        ([ALL_DAYS], ["day"]),
        ([SINCE_JOINING], ["day"]),
        ([THIS_YEAR], ["month"]),
        ([THIS_YEAR, ALL_DAYS], ["day", "month"]),
        ([SOME_DAYS, THIS_YEAR], ["day", "month"]),
    ],
)
def test_nothing_is_kept_for_ever_beside_days_that_are_read_or_months(
    others: list[dict[str, Any]], periods: list[str]
) -> None:
    """Days serve only where all of them are read anyway, months always."""
    assert kept(judging(*others, EVER)) == [("orders.count", period) for period in periods]
    assert kept(judging(EVER, *others)) == [("orders.count", period) for period in periods]


def test_another_measure_is_kept_by_itself() -> None:
    """Days of orders tell nothing of amounts."""
    assert kept(judging(EVER, SPENT, ALL_DAYS)) == [("orders.count", "day"), ("orders.net", "ever")]


def test_months_of_the_program_serve() -> None:
    """What the program counts for its tiers is not counted a second time for segments."""
    program = version_of(tiers=TIERS)
    assert judging(SPENT, program=program).metrics == program.metrics
    assert kept(program) == [("orders.net", "month")]
    assert kept(judging(EVER, program=program)) == [("orders.count", "ever")]


def test_all_of_it_is_read() -> None:
    """However long ago it was, it is loaded and counted."""
    version = judging(EVER, ALL_DAYS)
    (metric,) = version.metrics
    assert lookback(version, NOW) == {metric.number: 0}


orders = st.lists(st.tuples(st.integers(-9_000, 0), st.integers(1, 9_999)), max_size=8)


@given(orders, st.sampled_from([[ALL_DAYS], [THIS_YEAR], [SINCE_JOINING], [SOME_DAYS, THIS_YEAR]]))
def test_it_is_the_same_however_it_is_kept(
    placed: list[tuple[int, int]], others: list[dict[str, Any]]
) -> None:
    """The number of orders does not depend on what else is asked, now and on any later day."""
    alone, beside = judging(EVER), judging(EVER, *others)
    for days in (0, 1, 400):
        at = NOW + days * DAY
        assert _orders(beside, placed, at) == _orders(alone, placed, at) == len(placed)


def _orders(version: Version, placed: list[tuple[int, int]], at: Instant) -> int:
    """Return how many orders the segments of a version see of somebody who placed these, in days from now."""
    member = Member(customer_id=SOMEBODY, owner=SOMEBODY)
    for day, amount in placed:
        order = Order(status=OrderStatus.PAID, currency="USD", lines=(Line(sku="a", amount=amount),))
        paid = OrderPaid(id=SOMEBODY, at=NOW + day * DAY, order=order)
        fold(member, version, counts_of(version, paid), paid.at)
    place = next(place for place, need in enumerate(version.needs) if need.window.ever)
    then = sight_of(version, member, at)
    assert sight_of(version, member, NOW).figure_on(place, then.day) == then.figure(place)
    return then.figure(place)
