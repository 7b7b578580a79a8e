"""RFM scores: by bounds that stand in the program, in rules, in segments, and by time alone."""

from __future__ import annotations

from datetime import date

import pytest

from perennial.core.document.document import read_program
from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import decode_condition
from perennial.core.terms.figures import READERS
from perennial.core.validation.validation import validate
from perennial.flows.programs.life import Author
from perennial.flows.reports import Asked, read_report
from perennial.flows.segments.segments import put, segments_of
from tests.flows.shop import START, Shop

DAY = 86_400_000_000
PROGRAM = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
rfm: {recency: [1, 3, 7, 30], frequency: [1, 2, 3, 4], monetary: [1000, 2000, 3000, 4000]}
earning_rules:
  - {id: base, type: fixed, points: 1}
  - {id: best, type: fixed, points: 10, when: {fact: member.rfm_recency, is: 5}}
  - {id: often, type: fixed, points: 100, when: {fact: member.rfm_frequency, at_least: 3}}
  - {id: much, type: fixed, points: 1000, when: {fact: member.rfm_monetary, at_least: 4}}
"""


@pytest.mark.parametrize(
    ("reader", "value", "score"),
    [
        ("recency", -1, None),
        ("recency", 0, 5),
        ("recency", 1, 5),
        ("recency", 2, 4),
        ("recency", 30, 2),
        ("recency", 31, 1),
        ("score", 0, 1),
        ("score", 1, 1),
        ("score", 2, 2),
        ("score", 7, 3),
        ("score", 31, 5),
    ],
)
def test_scores_by_their_bounds(reader: str, value: int, score: int | None) -> None:
    """At most at a bound is on its near side, past it on the far one."""
    assert READERS[reader](value, 1, 3, 7, 30) == score


def test_bounds_ascend() -> None:
    """Bounds that go back are refused by their name, and so is another number of them."""
    wrong = read_program(PROGRAM.replace("[1, 3, 7, 30]", "[1, 7, 3, 30]"))
    assert not isinstance(wrong, list)
    assert [(each.path, each.code) for each in validate(wrong)] == [("rfm.recency", "bounds_not_ascending")]


async def test_rules_ask_for_scores(shop: Shop) -> None:
    """An order sees the scores from before it."""
    await shop.publish(PROGRAM)

    async def earned(name: str, days: int, amount: int) -> int:
        at = START + days * DAY
        await shop.advance(at)
        answer = await shop.order(name, "anna", amount, at=at)
        return answer.programs[0].points["points"]

    assert await earned("o1", 0, 1_500) == 1
    assert await earned("o2", 1, 1_500) == 11
    assert await earned("o3", 4, 500) == 1
    assert await earned("o4", 5, 1_000) == 1_111
    assert await earned("o5", 20, 100) == 1_101
    assert await earned("o6", 400, 100) == 1


async def test_a_segment_by_recency_is_left_by_time_alone(shop: Shop) -> None:
    """Whoever scores 4 or 5 for recency is in, and out on the fourth day without an order."""
    await shop.publish(PROGRAM)
    when = decode_condition({"fact": "member.rfm_recency", "at_least": 4})
    fresh = Segment(segment="fresh", name="Fresh", when=when)
    await put(shop.handler, shop.workspace_id, fresh, Author(actor="test", at=START))

    async def size() -> int:
        return (await segments_of(shop.handler, shop.workspace_id))[0].size

    await shop.order("o1", "anna", 1_000)
    assert await size() == 1
    await shop.advance(START + 3 * DAY)
    assert await size() == 1
    await shop.advance(START + 4 * DAY)
    assert await size() == 0


async def test_the_report_says_where_to_cut(shop: Shop) -> None:
    """Of ten customers with 100 to 1,000 each fifth is two: the bounds put two into each score."""
    await shop.publish(PROGRAM)
    for number in range(1, 11):
        await shop.order(f"o{number}", f"c{number}", 100 * number)
    asked = Asked(first=date(2026, 3, 1), last=date(2026, 3, 2))
    rows = (await read_report(shop.handler, shop.workspace_id, "rfm-scale", asked)).data
    bounds = [row["value"] for row in rows if row["measure"] == "monetary"]
    assert bounds == [200, 400, 600, 800]
    scores = [READERS["score"](100 * number, *bounds) for number in range(1, 11)]
    assert scores == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
