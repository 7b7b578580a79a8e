"""A version that asks about the past finds it counted, as if it had always been there."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.orders.order import Line, Order, OrderStatus, ReturnedLine
from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import decode_condition
from perennial.flows.batcher import Intake
from perennial.flows.commands import JoinProgram, PostClaim, PostEvent, PostReturn, PutCustomer, PutOrder
from perennial.flows.handle_events import Handler
from perennial.flows.handling.load_batch import load
from perennial.flows.programs.backfill import wait_for_stragglers
from perennial.flows.programs.catching_up import CatchingUp, Walk
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.programs.preparing import prepare
from perennial.flows.segments.segments import put, remove
from perennial.store.database import Database
from perennial.store.programs.backfills import BackfillRow, BackfillState, list_backfills
from perennial.store.workspaces import read_workspace
from perennial.units import DAY
from tests.codebook import CODEBOOK
from tests.flows.shop import START, Shop, put_order
from tests.flows.sound import is_sound

PLAIN = """
program: points
name: Points
time_zone: Europe/Berlin
wallets: [{id: points, name: Points}]
declarations:
  events:
    review.posted: {attributes: {rating: {type: integer}}}
rewards:
  - id: fifty
    name: 50 points and 1 % off
    gives: [{type: points, points: 50}, {type: percent_off, percent: "1"}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: review, type: fixed, trigger: review.posted, points: 7}
  - {id: six, type: gives_reward, when: {fact: order.total, at_least: 600}, reward: fifty}
  - {id: good, type: gives_reward, trigger: review.posted, when: {fact: event.rating, is: 5}, reward: fifty}
"""

# Nobody ever reaches these: the same orders are decided equally under both versions.
ASKING = """
  - id: never
    type: fixed
    points: 1
    when:
      all:
        - {history: orders.net, window: {calendar: year}, at_least: 1000000000000}
        - {history: orders.count, window: ever, at_least: 1000000}
        - history: lines.net
          where: {fact: line.sku, is: sku-1}
          window: {last: {days: 90}}
          at_least: 1000000
        - {history: lines.quantity, window: {calendar: month}, at_least: 1000000}
        - {history: points.earned, window: {last: {days: 30}}, at_least: 1000000}
        - {history: points.earned, window: ever, at_least: 1000000}
        - history: events.count
          event: review.posted
          where: {fact: event.rating, at_least: 4}
          at_least: 1000000
        - history: events.sum
          event: review.posted
          attribute: rating
          window: {calendar: week}
          at_least: 1000000
"""


async def live_through(shop: Shop, customers: int = 3) -> None:
    """Let some customers order, change, return, cancel and review, over several months."""
    for number in range(customers):
        name = f"c{number}"
        await shop.order(f"a{number}", name, 1050, 333, at=START - 200 * DAY)
        await shop.order(f"b{number}", name, 9999, at=START - 40 * DAY)
        await shop.order(f"c{number}", name, 5000, 5000, at=START - 3 * DAY)
        lines = (
            Line(sku="sku-1", amount=700, quantity=7),
            Line(sku="free", amount=0),
            Line(sku="x", amount=-50),
        )
        seven = PutOrder(
            id=f"d{number}",
            customer=name,
            at=START - 2 * DAY,
            order=Order(status=OrderStatus.PAID, lines=lines),
        )
        await shop.do(seven)
        for part in (1, 3):
            returned = (ReturnedLine(line="1", quantity=part),)
            await shop.do(
                PostReturn(
                    id=f"r{number}-{part}", order=f"d{number}", customer=name, at=START, lines=returned
                )
            )
        await shop.do(put_order(f"b{number}", name, 4999, at=START - 40 * DAY))
        await shop.do(put_order(f"c{number}", name, 5000, 5000, at=START - 3 * DAY, status="canceled"))
        await shop.order(f"e{number}", name, 100, at=START - DAY, status="created")
        for rating in (3, 4, 5):
            review = PostEvent(
                id=f"v{number}-{rating}",
                customer=name,
                at=START - rating * 20 * DAY,
                name="review.posted",
                attributes={"rating": rating},
            )
            await shop.do(review)


BY_DAY = 100_000
"""The number of every month is lower, that of every day higher."""


async def counters(database: Database, workspace: int) -> list[tuple[UUID, int, int, int]]:
    """Return everything counted in a workspace, zeros left out."""
    async with database.transaction(workspace) as conn:
        rows = await conn.fetch(
            "select customer_id, metric, period, value from counters where value <> 0 order by 1, 2, 3"
        )
    return [tuple(row) for row in rows]


async def test_counters_added_later_equal_counters_kept_from_the_start(
    shop: Shop, db: Database, workspace: int
) -> None:
    """The same life under a version that always asked, and under one that asks in the end: equal counters.

    It has edited, partly returned and canceled orders, and events with attributes, in several periods.
    """
    await shop.publish(PLAIN + ASKING, valid_from=START - 300 * DAY)
    await live_through(shop)
    kept = await counters(db, workspace)
    assert len({metric for _, metric, _, _ in kept}) == 8
    async with db.transaction(workspace) as conn:
        await conn.execute("update counters set value = 0")
    await shop.publish(PLAIN)
    assert await counters(db, workspace) == []
    await shop.publish(PLAIN + ASKING)
    assert await counters(db, workspace) == kept


async def test_a_known_figure_is_not_counted_again(shop: Shop, db: Database, workspace: int) -> None:
    """Publishing another change leaves the counters that are kept already as they are."""
    await shop.publish(PLAIN + ASKING, valid_from=START - 300 * DAY)
    await live_through(shop, 1)
    async with db.transaction(workspace) as conn:
        await conn.execute("update counters set value = value + 1000")
    marked = await counters(db, workspace)
    await shop.publish((PLAIN + ASKING).replace("points: 7", "points: 8"))
    assert await counters(db, workspace) == marked


async def test_the_new_version_decides_by_the_whole_past(shop: Shop) -> None:
    """The very next order under the new version sees what was bought before it."""
    await shop.publish(PLAIN, valid_from=START - 300 * DAY)
    await shop.order("old", "ann", 40_000, at=START - 100 * DAY)
    bonus = """
  - id: loyal
    type: fixed
    points: 500
    when: {history: orders.net, window: ever, at_least: 40000}
"""
    await shop.publish(PLAIN + bonus)
    decided = await shop.order("new", "ann", 100)
    assert decided.programs[0].points == {"points": 501}


async def test_orders_that_arrive_while_a_version_is_published_are_counted_once(
    db: Database, workspace: int, shop: Shop
) -> None:
    """Parallel orders during the publication: every counter equals the orders in the database."""
    await shop.publish(PLAIN, valid_from=START - 300 * DAY)
    for number in range(20):
        await shop.order(f"before-{number}", f"c{number}", 1000)
    other = Intake(Handler(db, CODEBOOK))  # a second worker with a configuration of its own

    async def keep_ordering(intake: Intake, prefix: str) -> None:
        for number in range(60):
            answer = await intake.submit(workspace, put_order(f"{prefix}{number}", f"c{number % 20}", 1000))
            assert answer.status == 201, msgspec.json.decode(answer.body)

    asking = """
  - {id: never, type: fixed, points: 1, when: {history: orders.net, at_least: 1000000000}}
"""
    try:
        await asyncio.gather(
            keep_ordering(shop.intake, "x"),
            keep_ordering(other, "y"),
            apply_document(db, workspace, PLAIN + asking, Author("test", START)),
        )
        await shop.order("after", "c0", 1000)
    finally:
        await other.close()
    async with db.transaction(workspace) as conn:
        stored = await conn.fetch(
            "select customer_id, sum(net)::bigint from orders group by customer_id order by customer_id"
        )
    counted = [(customer, value) for customer, _, _, value in await counters(db, workspace)]
    assert counted == [tuple(row) for row in stored]
    assert sum(value for _, value in counted) == 141 * 1000


@pytest.mark.parametrize("finishes", [True, False])
async def test_whoever_comes_while_the_first_version_is_published_is_counted(
    db: Database, workspace: int, shop: Shop, monkeypatch: pytest.MonkeyPatch, finishes: bool
) -> None:
    """Nobody is known when it is prepared: a batch begins before the version is there and ends after it.

    Without what is done after the version nobody would have counted it.
    """
    await shop.publish(PLAIN)
    read, published, ordering = asyncio.Event(), asyncio.Event(), []
    finish = Walk.finish

    async def held_up(*given: Any, **more: Any) -> None:
        """Go on with the configuration that was read when another one is there."""
        await load(*given, **more)
        read.set()
        await published.wait()

    async def interrupted(*given: Any) -> Any:
        prepared = await prepare(*given)
        with monkeypatch.context() as slow:
            slow.setattr("perennial.flows.handle_events.load", held_up)
            ordering.append(asyncio.create_task(shop.order("meanwhile", "ann", 1000)))
            await asyncio.wait_for(read.wait(), 10)
        return prepared

    async def finishing(walk: Walk) -> bool:
        published.set()
        await ordering[0]
        return await finish(walk) if finishes else False

    monkeypatch.setattr("perennial.flows.programs.life.prepare", interrupted)
    monkeypatch.setattr(Walk, "finish", finishing)
    never = "  - {id: never, type: fixed, points: 1, when: {history: orders.net, at_least: 1000000000}}\n"
    await shop.publish(PLAIN + never)
    assert [value for *_, value in await counters(db, workspace)] == ([1000] if finishes else [])


async def test_whoever_writes_is_waited_for(db: Database, workspace: int) -> None:
    """A transaction that has just begun to write, after the last one that ended, is a straggler, too."""
    async with db.transaction(workspace) as conn:
        await conn.fetchval("select pg_current_xact_id()")
        waiting = asyncio.create_task(wait_for_stragglers(db, workspace))
        _, pending = await asyncio.wait({waiting}, timeout=0.2)
        assert pending
    await asyncio.wait_for(waiting, 5)


async def test_a_version_waits_for_a_batch_that_began_before_it_however_long(
    db: Database, workspace: int, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Publishing gives up waiting, and the worker does not: it goes on when the batch has ended."""
    monkeypatch.setattr("perennial.flows.programs.catching_up.STRAGGLERS_SECONDS", 0.2)
    await shop.publish(PLAIN)
    await shop.order("old", "ann", 1000)
    asking = """
  - {id: never, type: fixed, points: 1, when: {history: orders.net, at_least: 1000000000}}
"""
    worker = CatchingUp(db, uuid4())
    async with db.transaction(workspace) as batch:
        await batch.fetchval("select pg_current_xact_id()")  # it has locked its customers, and decides
        await shop.publish(PLAIN + asking)
        async with db.transaction(workspace) as conn:
            row = await read_workspace(conn, workspace)
        for _ in range(2):
            assert await worker.go_on(row) == 0
        assert (await _state(db, workspace)).state is BackfillState.WAITING
    for _ in range(40):
        if not await worker.go_on(row) and (await _state(db, workspace)).state is BackfillState.DONE:
            break
        await asyncio.sleep(0.05)
    assert (await _state(db, workspace)).state is BackfillState.DONE
    assert [value for *_, value in await counters(db, workspace)] == [1000]


async def test_what_another_publication_left_uncounted_is_prepared_anew(
    db: Database, workspace: int, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A figure is counted already when a version is prepared, and no more when it is written."""
    asking = (
        PLAIN + "  - {id: never, type: fixed, points: 1, when: {history: orders.net, at_least: 1000000000}}\n"
    )
    await shop.publish(asking)
    await shop.order("old", "ann", 1000)
    prepared = []

    async def interrupted(*given: Any) -> Any:
        prepared.append(await prepare(*given))
        if len(prepared) == 1:
            monkeypatch.setattr("perennial.flows.programs.life.prepare", prepare)
            await shop.publish(PLAIN)
            await shop.order("uncounted", "ann", 500)
            monkeypatch.setattr("perennial.flows.programs.life.prepare", interrupted)
        return prepared[-1]

    monkeypatch.setattr("perennial.flows.programs.life.prepare", interrupted)
    await shop.publish(asking)
    assert [bool(each.asked) for each in prepared] == [False, True]
    assert [value for *_, value in await counters(db, workspace)] == [1500]


async def _state(db: Database, workspace: int) -> BackfillRow:
    async with db.transaction(workspace) as conn:
        (row,) = await list_backfills(conn, workspace, 1, 10)
    return row


REWARDED = """
program: points
name: Points
time_zone: Europe/Berlin
currency: USD
enrollment: {mode: on_request, count_past_orders: true}
wallets: [{id: points, name: Points}]
declarations:
  member: {birthday: {type: date}}
  events:
    review.posted: {attributes: {rating: {type: integer}}}
rewards:
  - {id: pricey, name: Pricey, price: 900, gives: [{type: amount_off, value: 500}]}
tiers:
  lasts: life
  metrics: [{id: spend, measure: orders.net, window: {ever: true}}]
  levels:
    - {id: base, name: Base, reach: {spend: 0}}
    - {id: gold, name: Gold, reach: {spend: 90000}}
challenges:
  - {id: three, name: Three, goals: [{measure: orders.count, target: 3}], repeat: {}}
  - {id: old, name: Old, goals: [{member_for: {days: 10}}]}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: hello, type: fixed, trigger: member.joined, points: 11}
  - {id: gold, type: fixed, trigger: tier.entered, points: 100}
  - {id: done, type: fixed, trigger: challenge.completed, points: 1000}
  - {id: day, type: fixed, trigger: member.birthday, points: 13}
  - {id: big, type: fixed, trigger: segment.entered, when: {fact: event.segment, is: many}, points: 17}
  - {id: review, type: fixed, trigger: review.posted, points: 7}
"""


def _segment(code: str, window: Any) -> Segment:
    when = {"history": "points.earned", "window": window, "at_least": 1_000_000}
    return Segment(segment=code, name="Asking", when=decode_condition(when))


async def test_points_of_tiers_challenges_and_time_are_counted_as_they_are_completed_later(
    shop: Shop, db: Database, workspace: int, owner: Connection
) -> None:
    """What segments count while it happens is what they find when they are defined in the end.

    There are points of tiers, challenges, birthdays, joining, segments and past orders, and a return of
    more than the wallet still holds.
    """
    await shop.publish(REWARDED, valid_from=START - 300 * DAY)
    windows = ({"last": {"days": 30}}, "ever", {"calendar": "month"})
    many = {"history": "orders.count", "window": "ever", "at_least": 2}
    asking = [_segment(f"s{number}", window) for number, window in enumerate(windows)]
    author = Author(actor="mara", at=START)
    for each in [Segment(segment="many", name="Many", when=decode_condition(many)), *asking]:
        await put(shop.handler, workspace, each, author)
    await shop.order("p1", "anna", 12_345, 400, at=START - 90 * DAY)
    await shop.order("p2", "anna", 5_000, at=START - 80 * DAY)
    await shop.give_back("pr", "p2", "anna", at=START - 79 * DAY)
    await shop.do(PutCustomer(customer="anna", attributes={"birthday": "1990-02-20"}))
    await shop.do(JoinProgram(customer="anna", program="points", source="api", at=START - 40 * DAY))
    for number in range(7):
        await shop.order(f"o{number}", "anna", 20_000, at=START - (30 - number) * DAY)
    await shop.do(PostClaim(id="c", customer="anna", at=START, reward="pricey"))
    await shop.do(PostClaim(id="c2", customer="anna", at=START, reward="pricey"))
    await shop.give_back("r1", "o6", "anna")
    await shop.do(put_order("o5", "anna", 20_000, at=START - 25 * DAY, status="canceled"))
    await shop.do(put_order("o4", "anna", 120_000, at=START - 26 * DAY))
    kept = await counters(db, workspace)
    for each in asking:
        await remove(shop.handler, workspace, each.segment, author)
    async with db.transaction(workspace) as conn:
        await conn.execute("update counters set value = 0")
    await shop.publish(REWARDED.replace("points: 7}", "points: 8}"))
    for each in asking:
        await put(shop.handler, workspace, each, author)
    found = await counters(db, workspace)
    asked = {metric for _, metric, _, _ in found}
    assert len(asked) == len(asking)
    again = [row for row in found if row[2] > 0]
    assert again == [row for row in kept if row[1] in asked]
    # Once months were asked for as well, all of it was taken from them; what was counted before stays behind.
    (ever,) = (value for _, _, period, value in found if period == 0)
    assert ever == sum(value for _, _, period, value in again if period < BY_DAY)
    await is_sound(shop, owner)
