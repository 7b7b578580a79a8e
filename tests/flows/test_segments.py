"""Segments on a real database: true to the data at once, and by time alone."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.condition_document import decode_condition
from perennial.core.segment import Segment
from perennial.flows.problems import ProblemError
from perennial.flows.programs import Author
from perennial.flows.segments import put, remove, segments_of
from perennial.units import DAY, parse_instant
from tests.flows.shop import START, Shop, available

PROGRAM = """\
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: welcome, trigger: segment.entered, type: fixed, points: 500, when: {fact: event.segment, is: big}}
  - {id: regular, type: fixed, points: 7, when: {fact: member.segments, contains: big}}
"""
CLUB = """\
program: club
name: Club
currency: USD
enrollment: {mode: segment, segment: big, closed: true}
wallets: [{id: stars, name: Stars}]
earning_rules: [{id: base, type: per_amount, points: 1, per: 100}]
"""
BIG = {"history": "orders.net", "window": {"last": {"days": 365}}, "at_least": 100_000}
AUTHOR = Author(actor="mara", at=START)


def segment(code: str, when: dict[str, Any]) -> Segment:
    """Build a live segment."""
    return Segment(segment=code, name=code.title(), when=decode_condition(when))


async def sizes(shop: Shop) -> dict[str, int]:
    """Return how many customers are in each segment."""
    states = await segments_of(shop.handler, shop.workspace_id)
    return {state.row.code: state.size for state in states}


async def test_an_order_lets_its_customer_enter(shop: Shop) -> None:
    """The order sees the segments from before it; entering is an event, once, with its award."""
    await shop.publish(PROGRAM)
    await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    assert available(await shop.order("o1", "anna", 99_999)) == 999
    assert await sizes(shop) == {"big": 0}
    assert available(await shop.order("o2", "anna", 1)) == 999 + 500
    assert await sizes(shop) == {"big": 1}
    assert available(await shop.order("o3", "anna", 100)) == 1_499 + 1 + 7
    assert await sizes(shop) == {"big": 1}


async def test_who_was_inside_before_does_not_enter(shop: Shop) -> None:
    """A new definition is filled from the past and gives nobody points."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 100_000)
    state = await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    assert (state.size, state.row.version, state.row.filled) == (1, 1, True)
    assert available(await shop.order("o2", "anna", 100)) == 1_000 + 1 + 7


async def test_a_return_and_time_alone_let_customers_leave(shop: Shop) -> None:
    """SC-04 and SC-06: the sum falls by a return at once, and by the window at the midnight it ends."""
    await shop.publish(PROGRAM)
    await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    await shop.order("o1", "anna", 100_000)
    await shop.order("o2", "bert", 100_000)
    assert await sizes(shop) == {"big": 2}
    await shop.give_back("r1", "o1", "anna")
    assert await sizes(shop) == {"big": 1}
    gone = parse_instant("2027-03-02T00:00:00Z")
    await shop.advance(gone - DAY)
    assert await sizes(shop) == {"big": 1}
    await shop.advance(gone)
    assert await sizes(shop) == {"big": 0}


async def test_a_segment_enrolls_and_closes_a_program(shop: Shop) -> None:
    """SC-13: outside only the open program awards; who enters belongs to both, and earns in both."""
    await shop.publish(PROGRAM)
    await shop.publish(CLUB)
    await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    outside = await shop.order("o1", "anna", 99_900)
    assert [balance.wallet for balance in outside.balances] == ["points"]
    await shop.order("o2", "anna", 100)
    inside = await shop.order("o3", "anna", 1_000)
    assert available(inside, "stars") == 10
    await shop.give_back("r1", "o1", "anna")
    assert available(await shop.order("o4", "anna", 500), "stars") == 10


async def test_segments_combine_without_circles(shop: Shop) -> None:
    """A segment follows the one that it asks about; a circle is named and refused."""
    await shop.publish(PROGRAM)
    await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    small = segment("small", {"not": {"fact": "member.segments", "contains": "big"}})
    await put(shop.handler, shop.workspace_id, small, AUTHOR)
    await shop.order("o1", "anna", 100)
    assert await sizes(shop) == {"big": 0, "small": 1}
    await shop.order("o2", "anna", 100_000)
    assert await sizes(shop) == {"big": 1, "small": 0}
    circle = segment("big", {"fact": "member.segments", "contains": "small"})
    with pytest.raises(ProblemError, match="cannot depend on itself: big > small > big"):
        await put(shop.handler, shop.workspace_id, circle, AUTHOR)
    with pytest.raises(ProblemError, match="asks about big"):
        await remove(shop.handler, shop.workspace_id, "big", AUTHOR)
    await remove(shop.handler, shop.workspace_id, "small", AUTHOR)
    assert await sizes(shop) == {"big": 1}
