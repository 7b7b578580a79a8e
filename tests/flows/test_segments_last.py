"""Customers of a batch are judged behind its last command, where nothing comes of a move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from asyncpg import Connection

from perennial.core.member import Member
from perennial.core.segments.compile_segments import SegmentSet
from perennial.core.segments.following_segments import follow
from perennial.core.segments.segment import Segment
from perennial.flows.batch import Batch
from perennial.flows.commands import Command, PostEvent, PostReturn
from perennial.flows.handling import segmenting
from perennial.flows.segments.segments import put
from perennial.units import HOUR, named_id
from tests.flows.shop import START, Shop, put_order
from tests.flows.sound import is_sound
from tests.flows.test_segments import AUTHOR, BIG, segment, sizes
from tests.store.every_move import EVERY_MOVE

QUIET = """\
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
declarations: {events: {visit: {attributes: {}}}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: regular, type: fixed, points: 7, when: {fact: member.segments, contains: big}}
"""
HEARING = QUIET + "  - {id: welcome, trigger: segment.entered, type: fixed, points: 0}\n"
ONCE = {"fact": "member.orders", "is": 1}
MOVES = f"""
select segment_id, entered, at from {EVERY_MOVE}
where workspace_id = $1 and customer_id = $2 order by move_id
"""


def segments() -> list[Segment]:
    """Return a segment of those who spent much, and one of those who ordered once."""
    return [segment("big", BIG), segment("once", ONCE)]


async def moves_of(shop: Shop, owner: Connection, name: str) -> list[tuple[int, bool, int]]:
    """Return into and out of which segments a customer went, in order, and when."""
    customer_id = named_id(shop.workspace_id, "customer", name)
    return [tuple(row) for row in await owner.fetch(MOVES, shop.workspace_id, customer_id)]


@pytest.fixture
def put_off(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that receives how many customers each batch judges last."""
    found: list[int] = []
    decide = segmenting.to_be_judged_last

    def counted(batch: Batch, commands: Sequence[Command]) -> dict[UUID, int]:
        last = decide(batch, commands)
        found.append(len(last))
        return last

    monkeypatch.setattr("perennial.flows.handling.load_batch.to_be_judged_last", counted)
    return found


async def send(shop: Shop, *commands: Command) -> list[int]:
    """Handle commands as one batch, and return the statuses of their answers."""
    workspace = await shop.handler.read_workspace(shop.workspace_id)
    answers = await shop.handler.handle_batch(shop.workspace_id, workspace.bucket_base, commands)
    return [answer.status for answer in answers]


@pytest.mark.parametrize(("program", "last"), [(QUIET, 3), (HEARING, 0)])
async def test_the_same_people_move_at_the_same_instant(
    shop: Shop, owner: Connection, put_off: list[int], program: str, last: int
) -> None:
    """Judged last or each with its order: new ones, late ones, and the one who ordered before."""
    await shop.publish(program)
    for each in segments():
        await put(shop.handler, shop.workspace_id, each, AUTHOR)
    await shop.order("o0", "anna", 60_000)
    put_off.clear()
    first = put_order("o1", "anna", 40_000), put_order("o2", "bert", 100), put_order("o3", "cleo", 100_000)
    assert await send(shop, *first) == [201, 201, 201]
    assert put_off == [last]
    big, once = 1, 2
    assert await moves_of(shop, owner, "anna") == [
        (once, True, START),
        (big, True, START),
        (once, False, START),
    ]
    assert await moves_of(shop, owner, "bert") == [(once, True, START)]
    assert await moves_of(shop, owner, "cleo") == [(big, True, START), (once, True, START)]
    late = put_order("o4", "bert", 100, at=START - HOUR), put_order("o5", "dora", 100, at=START - HOUR)
    assert await send(shop, *late) == [201, 201]
    assert (await moves_of(shop, owner, "bert"))[-1] == (once, False, START)
    assert await moves_of(shop, owner, "dora") == [(once, True, START)]
    await is_sound(shop, owner)


@pytest.mark.parametrize(("program", "last"), [(QUIET, 6), (HEARING, 0)])
async def test_returns_and_events_are_judged_last_as_well(
    shop: Shop, owner: Connection, put_off: list[int], program: str, last: int
) -> None:
    """The same people move at the same instants: by orders, returns and events, also those refused."""
    await shop.publish(program)
    for each in [*segments(), segment("none", {"not": {"fact": "member.orders", "at_least": 1}})]:
        await put(shop.handler, shop.workspace_id, each, AUTHOR)
    await shop.order("o1", "anna", 100_000)
    await shop.order("o2", "bert", 100_000)
    put_off.clear()
    statuses = await send(
        shop,
        PostReturn(id="r1", order="o1", customer="anna", at=START, lines=()),
        put_order("o3", "cleo", 100_000),
        PostEvent(id="e1", customer="dora", at=START, name="visit", attributes={}),
        PostReturn(id="r2", order="unknown", customer="emil", at=START, lines=()),
        PostReturn(id="r3", order="o2", customer=None, at=START - HOUR, lines=()),
        put_order("o4", "fred", 100, at=START + HOUR),
        put_order("o5", "gerd", 100, status="created"),
    )
    assert statuses == [201, 201, 201, 404, 201, 422, 201]
    assert put_off[-1] == last
    big, once, none = 1, 2, 3
    left_big = [(big, True, START), (once, True, START), (big, False, START)]
    assert await moves_of(shop, owner, "anna") == left_big
    assert await moves_of(shop, owner, "bert") == left_big
    assert await moves_of(shop, owner, "cleo") == [(big, True, START), (once, True, START)]
    assert await moves_of(shop, owner, "dora") == [(none, True, START)]
    assert await moves_of(shop, owner, "gerd") == [(none, True, START)]
    await is_sound(shop, owner)


async def test_who_is_named_twice_is_judged_with_each_order(
    shop: Shop, owner: Connection, put_off: list[int]
) -> None:
    """The second order sees the segments that the first one led into; both moves are kept."""
    await shop.publish(QUIET)
    for each in segments():
        await put(shop.handler, shop.workspace_id, each, AUTHOR)
    await send(shop, put_order("o1", "anna", 100_000), put_order("o2", "anna", 100))
    big, once = 1, 2
    moves = [(big, True, START), (once, True, START), (once, False, START)]
    assert await moves_of(shop, owner, "anna") == moves
    points = "select balance from wallets where workspace_id = $1"
    assert await owner.fetchval(points, shop.workspace_id) == 1_000 + 1 + 7
    back = PostReturn(id="r1", order="o1", customer="anna", at=START, lines=())
    await send(shop, back, put_order("o3", "bert", 100))
    await send(shop, put_order("o2", "anna", 200), put_order("o4", "cleo", 100))
    await send(shop, put_order("o5", "anna", 100, at=START + HOUR // 100))
    assert put_off == [0, 2, 1, 0], "o2 is changed, and o5 lies ahead of the clock"
    await is_sound(shop, owner)


@pytest.mark.parametrize("known", [True, False], ids=["known before", "new"])
async def test_who_cannot_be_judged_is_left_out_alone(
    shop: Shop, owner: Connection, put_off: list[int], monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """A fault in judging one customer costs that order, and nobody else anything."""
    await shop.publish(QUIET)
    await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    if known:
        await shop.order("o1", "bert", 100)
    bert = named_id(shop.workspace_id, "customer", "bert")

    def unlucky(segments: SegmentSet, member: Member, *rest: Any, **more: Any) -> None:
        if member.customer_id == bert:
            raise ZeroDivisionError
        follow(segments, member, *rest, **more)

    monkeypatch.setattr("perennial.flows.handling.segmenting.follow", unlucky)
    three = [put_order(f"o-{name}", name, 100_000) for name in ("anna", "bert", "cleo")]
    assert await send(shop, *three) == [201, 500, 201]
    assert len(three) in put_off
    monkeypatch.setattr("perennial.flows.handling.segmenting.follow", follow)
    assert await sizes(shop) == {"big": 2}
    assert await moves_of(shop, owner, "bert") == []
    assert await send(shop, *three) == [200, 201, 200]
    await is_sound(shop, owner)


async def test_who_is_new_with_a_refused_order_and_cannot_be_judged_is_left_out_alone(
    shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused order leaves a customer behind who is judged: a fault in that costs nobody else anything."""
    await shop.publish(QUIET)
    await put(shop.handler, shop.workspace_id, segment("big", BIG), AUTHOR)
    bert = named_id(shop.workspace_id, "customer", "bert")

    def unlucky(segments: SegmentSet, member: Member, *rest: Any, **more: Any) -> None:
        if member.customer_id == bert:
            raise ZeroDivisionError
        follow(segments, member, *rest, **more)

    three = [
        put_order("o-anna", "anna", 100_000),
        put_order("o-bert", "bert", 100, at=START + HOUR),
        put_order("o-cleo", "cleo", 100_000),
    ]
    with monkeypatch.context() as patched:
        patched.setattr("perennial.flows.handling.segmenting.follow", unlucky)
        assert await send(shop, *three) == [201, 500, 201]
    assert await sizes(shop) == {"big": 2}
    assert await send(shop, *three) == [200, 422, 200]
    await is_sound(shop, owner)
