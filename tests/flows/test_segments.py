"""Segments on a real database: true to the data at once, and by time alone."""

from __future__ import annotations

from typing import Any

import pytest
from asyncpg import Connection

from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import decode_condition
from perennial.flows import handle_events
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch
from perennial.flows.commands import Command, OutsideFact, PutCustomer, PutHousehold, RunTimers
from perennial.flows.customers.household import put_household
from perennial.flows.problems import ProblemError, answer_problem, problem
from perennial.flows.programs.life import Author
from perennial.flows.segments.apply import apply_to_inside
from perennial.flows.segments.fill import fill
from perennial.flows.segments.segments import put, remove, segments_of
from perennial.flows.segments.views import members_of
from perennial.units import DAY, HOUR, SECOND, named_id, parse_instant
from tests.flows.shop import START, Shop, available
from tests.flows.sound import is_sound

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
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
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


@pytest.mark.parametrize("times", [1, 2])
async def test_who_cannot_be_judged_is_tried_again(
    shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Once more at once, and then by the timers; the neighbors are judged meanwhile."""
    await shop.publish(PROGRAM)
    for name in ("anna", "bert", "cleo"):
        await shop.order(f"o-{name}", name, 100_000)
    bert, left = named_id(shop.workspace_id, "customer", "bert").hex, [times]
    handle = handle_events._decide  # noqa: SLF001

    def unlucky(batch: Batch, index: int, command: Command) -> Answer:
        if isinstance(command, RunTimers) and command.customer_id == bert and left[0]:
            left[0] -= 1
            return answer_problem(problem(503, "unavailable", "The database cannot take writes now.").problem)
        return handle(batch, index, command)

    monkeypatch.setattr("perennial.flows.handle_events._decide", unlucky)
    state = await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    assert state.size == 4 - times
    await shop.advance(START + SECOND)
    assert await sizes(shop) == {"big": 3}
    await is_sound(shop, owner)


@pytest.mark.parametrize("at_once", [1, 4, 50_000])
async def test_the_database_fills_as_customers_are_judged(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """A large workspace is filled by sets: the same people, whom time moves from the next midnight on.

    The same where it takes several statements to ask for all of them.
    """
    monkeypatch.setattr("perennial.flows.segments.fill.ONE_BY_ONE", 0)
    monkeypatch.setattr("perennial.flows.segments.fill.ASKED_AT_ONCE", at_once)
    await shop.publish(PROGRAM)
    for number in range(6):
        await shop.order(f"o{number}", f"c{number}", 40_000 * number)
    big = await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    rest = segment("rest", {"not": {"fact": "member.segments", "contains": "big"}})
    assert (big.size, (await put(shop.handler, shop.workspace_id, rest, AUTHOR)).size) == (3, 3)
    few = segment("big", {**BIG, "at_least": 150_000})
    assert (await put(shop.handler, shop.workspace_id, few, AUTHOR)).size == 2
    assert await sizes(shop) == {"big": 2, "rest": 4}
    await shop.advance(parse_instant("2027-03-02T00:00:00Z"))
    assert await sizes(shop) == {"big": 0, "rest": 6}


@pytest.mark.parametrize(("asks_again", "inside"), [(True, 0), (False, 2)])
async def test_a_fill_by_an_older_definition_moves_nobody(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, asks_again: bool, inside: int
) -> None:
    """A process that was held up goes on when another one has filled a newer definition: it stops.

    Without the look at the definition it would let in whom the older one wants.
    """
    monkeypatch.setattr("perennial.flows.segments.fill.ONE_BY_ONE", 0)
    monkeypatch.setattr("perennial.flows.segments.fill.SLICE", 1)
    await shop.publish(PROGRAM)
    for number in range(3):
        await shop.order(f"o{number}", f"c{number}", 100_000)
    with monkeypatch.context() as unfilled:
        unfilled.setattr("perennial.flows.segments.filling.Filling.go_on", _is_done)
        await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    older = fill(shop.handler, shop.workspace_id, ["big"])
    await anext(older)
    assert await sizes(shop) == {"big": 1}
    state = await put(shop.handler, shop.workspace_id, segment("big", {**BIG, "at_least": 100_001}), AUTHOR)
    assert (state.size, state.row.filled) == (0, True)
    if not asks_again:
        monkeypatch.setattr("perennial.flows.segments.fill._is_asked_still", lambda *_: True)
    async for _ in older:
        pass
    assert await sizes(shop) == {"big": inside}


async def _is_done(_filling: object) -> bool:
    return True


@pytest.mark.parametrize("one_by_one", [0, 5_000], ids=["by sets", "one by one"])
async def test_who_is_inside_from_the_first_moment_on_is_a_member_where_the_segment_enrolls(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, one_by_one: int
) -> None:
    """However large the workspace is, filling it makes members, with what joining gives, and once."""
    monkeypatch.setattr("perennial.flows.segments.fill.ONE_BY_ONE", one_by_one)
    await shop.publish(PROGRAM)
    await shop.publish(CLUB + "  - {id: hello, trigger: member.joined, type: fixed, points: 5}\n")
    await shop.order("o1", "anna", 100_000)
    await shop.order("o2", "bert", 1_000)
    state = await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    assert state.size == 1
    members = "select balance from wallets join units using (workspace_id, unit_id) where code = 'stars'"
    async with shop.database.transaction(shop.workspace_id) as conn:
        assert [row[0] for row in await conn.fetch(members)] == [5]
    await put(shop.handler, shop.workspace_id, segment("big", {**BIG, "at_least": 90_000}), AUTHOR)
    assert available(await shop.order("o3", "anna", 1_000), "stars") == 15


async def test_a_household_moves_together(shop: Shop) -> None:
    """What one earns for the wallet that they share moves the others as well, in the same transaction."""
    await shop.publish(PROGRAM)
    for name in ("anna", "bert"):
        await put_household(shop.handler, shop.workspace_id, PutHousehold(customer=name, household="home"))
    rich = segment("rich", {"fact": "wallet.points.balance", "at_least": 500})
    await put(shop.handler, shop.workspace_id, rich, AUTHOR)
    await shop.order("o1", "anna", 49_900)
    assert await sizes(shop) == {"rich": 0}
    await shop.order("o2", "anna", 100)
    assert await sizes(shop) == {"rich": 2}
    await shop.give_back("r1", "o1", "anna")
    assert await sizes(shop) == {"rich": 0}


async def test_a_score_from_outside_moves_when_it_is_stale(shop: Shop) -> None:
    """Facts from outside count as long as they are known, to the second."""
    await shop.publish(PROGRAM + "declarations: {member: {score: {type: integer, outside: true}}}\n")
    high = segment("high", {"fact": "member.score", "at_least": 50})
    await put(shop.handler, shop.workspace_id, high, AUTHOR)
    facts = {"score": OutsideFact(value=70, seconds=3_600)}
    await shop.do(PutCustomer(customer="anna", facts=facts))
    assert await sizes(shop) == {"high": 1}
    await shop.advance(START + 3_599 * SECOND)
    assert await sizes(shop) == {"high": 1}
    await shop.advance(START + 3_600 * SECOND)
    assert await sizes(shop) == {"high": 0}


async def test_lapsing_customers_are_told_by_the_days(shop: Shop) -> None:
    """Computed facts move customers by time alone: dormant after 90 days, and back with an order."""
    await shop.publish(PROGRAM)
    dormant = segment("dormant", {"fact": "member.days_since_last_order", "at_least": 90})
    await put(shop.handler, shop.workspace_id, dormant, AUTHOR)
    await shop.order("o1", "anna", 100)
    await shop.advance(START + 89 * DAY)
    assert await sizes(shop) == {"dormant": 0}
    await shop.advance(START + 90 * DAY)
    assert await sizes(shop) == {"dormant": 1}
    await shop.order("o2", "anna", 100, at=START + 90 * DAY)
    assert await sizes(shop) == {"dormant": 0}


async def test_a_rule_is_applied_to_those_alone_whom_no_event_told(shop: Shop) -> None:
    """Who was inside at first, or entered before the rule was there, gets it once; others had it already."""
    plain = PROGRAM.replace("  - {id: welcome,", "  - {id: greeting,")
    await shop.publish(plain.replace("points: 500", "points: 1"))
    await shop.order("o1", "anna", 100_000)
    await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    await shop.order("o2", "bert", 100_000)
    await shop.advance(START + DAY)
    await shop.publish(PROGRAM)
    await shop.order("o3", "cleo", 100_000, at=START + DAY)

    async def apply(*, preview: bool) -> tuple[int, int]:
        done = await apply_to_inside(
            shop.handler,
            shop.workspace_id,
            "big",
            "points",
            "welcome",
            author=None if preview else AUTHOR,
        )
        return done.customers, done.points

    assert await apply(preview=True) == (2, 1_000)
    assert await apply(preview=False) == (2, 1_000)
    assert await apply(preview=False) == (0, 0)
    shown = [
        available(await shop.order(f"last-{name}", name, 0, at=START + DAY))
        for name in ("anna", "bert", "cleo")
    ]
    assert [points - 7 for points in shown] == [1_500, 1_501, 1_500]


async def test_another_time_zone_judges_everybody_anew(shop: Shop, owner: Connection) -> None:
    """A day is another one elsewhere: figures are counted by its days, and whoever is wrong moves."""
    await shop.publish(PROGRAM)
    window = {"calendar": "day"}
    today = segment("today", {"history": "orders.net", "window": window, "at_least": 1_000})
    await put(shop.handler, shop.workspace_id, today, AUTHOR)
    await shop.order("o1", "anna", 1_000, at=START - 3 * HOUR)
    await shop.order("o2", "bert", 1_000, at=START - HOUR // 2)
    assert await sizes(shop) == {"today": 2}
    await shop.publish(PROGRAM + "time_zone: Pacific/Auckland\n")
    await shop.advance(START + HOUR)
    assert await sizes(shop) == {"today": 1}
    assert available(await shop.order("o3", "bert", 100, at=START + HOUR)) > 0
    await is_sound(shop, owner)
    await shop.advance(START + 23 * HOUR)
    assert await sizes(shop) == {"today": 0}
    await is_sound(shop, owner)


async def test_members_are_listed_as_they_entered(shop: Shop) -> None:
    """Page by page, whatever their ids are; whoever enters while somebody reads comes last."""
    await shop.publish(PROGRAM)
    await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    names = ["anna", "bert", "cleo", "dora"]
    assert sorted(names, key=lambda name: named_id(shop.workspace_id, "customer", name)) != names
    found: list[str] = []
    cursor: str | None = None
    for hour, name in enumerate(names):
        await shop.advance(START + hour * HOUR)
        await shop.order(f"o-{name}", name, 100_000)
        if hour:
            page = await members_of(shop.handler, shop.workspace_id, "big", cursor=cursor, limit=1)
            found, cursor = found + [each.customer for each in page.data], page.next_cursor
    page = await members_of(shop.handler, shop.workspace_id, "big", cursor=cursor, limit=2)
    assert [*found, *(each.customer for each in page.data)] == names
