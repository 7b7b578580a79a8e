"""Figures of the whole past lie where days or months are kept anyway; nobody moves when that changes."""

from __future__ import annotations

from typing import Any

import pytest
from asyncpg import Connection

from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import decode_condition
from perennial.flows.problems import ProblemError
from perennial.flows.programs.catching_up import Walk
from perennial.flows.programs.life import Author
from perennial.flows.segments import segments
from perennial.flows.segments.segments import put, remove, segments_of
from perennial.store.programs.programs import lock_configuration
from perennial.units import DAY
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound

PROGRAM = """\
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules: [{id: base, type: per_amount, points: 1, per: 100}]
"""
TIERS = """\
tiers:
  metrics: [{measure: orders.net, window: {calendar: year}}]
  levels: [{id: gold, name: Gold, reach: {metric: 90000}}]
"""
AUTHOR = Author(actor="mara", at=START)
LOYAL: dict[str, Any] = {"fact": "member.orders", "at_least": 3}
RICH: dict[str, Any] = {"fact": "member.spent", "at_least": 1_000}
LATELY: dict[str, Any] = {"fact": "member.days_since_last_order", "less_than": 60}


async def define(shop: Shop, code: str, when: dict[str, Any]) -> None:
    """Put a live segment."""
    document = Segment(segment=code, name=code.title(), when=decode_condition(when))
    await put(shop.handler, shop.workspace_id, document, AUTHOR)


async def sizes(shop: Shop) -> dict[str, int]:
    """Return how many customers are in each segment."""
    states = await segments_of(shop.handler, shop.workspace_id)
    return {state.row.code: state.size for state in states}


async def counted(owner: Connection, shop: Shop) -> list[int]:
    """Return the periods in which a customer's orders are counted at present, one for each counter."""
    rows = await owner.fetch(
        "select period from counters where workspace_id = $1 and value > 0 order by period", shop.workspace_id
    )
    return [row["period"] for row in rows]


async def test_what_another_segment_asks_moves_nobody(shop: Shop, owner: Connection) -> None:
    """Figures are found by days as soon as these are kept, and for ever again when they are not."""
    await shop.publish(PROGRAM)
    await define(shop, "loyal", LOYAL)
    await shop.order("a1", "anna", 100, at=START - 2 * DAY)
    await shop.order("a2", "anna", 100, at=START - DAY)
    assert await counted(owner, shop) == [0]
    await define(shop, "lately", LATELY)
    assert await sizes(shop) == {"lately": 1, "loyal": 0}
    await shop.order("a3", "anna", 100)
    await shop.order("b1", "bert", 100)
    assert await sizes(shop) == {"lately": 2, "loyal": 1}
    assert 0 in await counted(owner, shop), "what anna had counted for ever stays behind"
    assert len([each for each in await counted(owner, shop) if each > 0]) == 4
    await is_sound(shop, owner)
    await shop.order("b2", "bert", 100)
    await remove(shop.handler, shop.workspace_id, "lately", AUTHOR)
    assert await sizes(shop) == {"loyal": 1}
    await shop.order("b3", "bert", 100)
    assert await sizes(shop) == {"loyal": 2}
    await is_sound(shop, owner)


async def test_months_of_the_program_come_and_go(shop: Shop, owner: Connection) -> None:
    """Amounts that a program counts for its tiers are those of the segments, until it counts them no more."""
    await shop.publish(PROGRAM + TIERS)
    await define(shop, "rich", RICH)
    await shop.order("a1", "anna", 600)
    assert len(await counted(owner, shop)) == 1
    await shop.publish(PROGRAM)
    await shop.order("a2", "anna", 600)
    assert await sizes(shop) == {"rich": 1}
    await is_sound(shop, owner)
    await shop.publish(PROGRAM + TIERS)
    await shop.give_back("r1", "a2", "anna")
    assert await sizes(shop) == {"rich": 0}
    await is_sound(shop, owner)


@pytest.mark.parametrize("counts_again", [True, False], ids=["counted again", "control"])
@pytest.mark.parametrize("leaving", [True, False], ids=["removed", "put"])
async def test_who_orders_while_figures_move_is_counted(
    shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch, *, leaving: bool, counts_again: bool
) -> None:
    """An order between the counting and the definition is in both; only the second counting sees it."""
    await shop.publish(PROGRAM)
    await define(shop, "loyal", LOYAL)
    await shop.order("a1", "anna", 100)
    if leaving:
        await define(shop, "lately", LATELY)

    async def order_before(conn: Connection, workspace_id: int) -> None:
        await shop.order("a2", "anna", 100)
        await lock_configuration(conn, workspace_id)

    async def nothing(*_: object) -> bool:
        return True

    monkeypatch.setattr(segments, "lock_configuration", order_before)
    if not counts_again:
        monkeypatch.setattr(Walk, "finish", nothing)
    if leaving:
        await remove(shop.handler, shop.workspace_id, "lately", AUTHOR)
    else:
        await define(shop, "lately", LATELY)
    monkeypatch.undo()
    await shop.order("a3", "anna", 100)
    assert (await sizes(shop))["loyal"] == (1 if counts_again else 0)
    if counts_again:
        await is_sound(shop, owner)


async def test_a_refused_removal_counts_nothing(shop: Shop, owner: Connection) -> None:
    """Removing what another segment asks about would move figures, were it not refused before that."""
    await shop.publish(PROGRAM)
    await define(shop, "loyal", LOYAL)
    await define(shop, "lately", LATELY)
    await define(shop, "rest", {"not": {"fact": "member.segments", "contains": "lately"}})
    await shop.order("a1", "anna", 100)
    begun = "select count(*) from backfills where workspace_id = $1"
    before = await owner.fetchval(begun, shop.workspace_id)
    with pytest.raises(ProblemError, match="asks about lately"):
        await remove(shop.handler, shop.workspace_id, "lately", AUTHOR)
    assert await owner.fetchval(begun, shop.workspace_id) == before
    await remove(shop.handler, shop.workspace_id, "rest", AUTHOR)
    await remove(shop.handler, shop.workspace_id, "lately", AUTHOR)
    assert await owner.fetchval(begun, shop.workspace_id) == before + 1, "else there was nothing to count"
