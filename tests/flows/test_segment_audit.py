"""The audit recomputes live segments: silent where they are true to the data, and told of a wrong row."""

from __future__ import annotations

from typing import Any

import pytest
from asyncpg import Connection

from perennial.core.segments.segment import Segment
from perennial.flows.segments.audit import audit_everything, audit_segments
from perennial.flows.segments.lists import ListedRow, import_list
from perennial.flows.segments.segments import put, remove
from perennial.units import DAY, named_id, parse_instant
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound
from tests.flows.test_segments import AUTHOR, BIG, PROGRAM, segment

SEGMENTS: dict[str, dict[str, Any]] = {
    "big": BIG,
    "small": {"not": {"fact": "member.segments", "contains": "big"}},
    "soon": {"fact": "wallet.points.expiring_30_days", "at_least": 100},
    "dormant": {"fact": "member.days_since_last_order", "at_least": 30},
}
_OUT = "delete from segment_members where workspace_id = $1 and customer_id = $2"
_IN = """
insert into segment_members (bucket, workspace_id, customer_id, segment_id, entered_at)
select bucket, $1, $2, (select segment_id from segments where workspace_id = $1 and code = 'big'), $3
from customers where workspace_id = $1 and customer_id = $2
"""
_CLOCK = "update workspaces set clock_at = $2 where workspace_id = $1"


@pytest.fixture
async def filled(shop: Shop) -> Shop:
    """A shop with live segments, a list, and three customers of whom one is big."""
    await shop.publish(
        PROGRAM.replace("name: Points}]", "name: Points, expiry: {type: rolling, after: {days: 40}}}]")
    )
    for code, when in SEGMENTS.items():
        await put(shop.handler, shop.workspace_id, segment(code, when), AUTHOR)
    await put(shop.handler, shop.workspace_id, Segment(segment="press", name="The press"), AUTHOR)
    for name, amount in (("anna", 100_000), ("bert", 20_000), ("cleo", 100)):
        await shop.order(f"o-{name}", name, amount)
    await import_list(shop.handler, shop.workspace_id, "press", [ListedRow(1, "cleo")], replaces=False)
    return shop


async def findings(shop: Shop, owner: Connection) -> list[str]:
    """Return what the audit of the segments finds."""
    report = await audit_segments(owner, shop.workspace_id)
    names = {named_id(shop.workspace_id, "customer", name): name for name in ("anna", "bert", "cleo")}
    return sorted(f"{names[each.customer_id]} {each.words}" for each in report.findings if each.customer_id)


async def test_it_is_silent_while_life_goes_on(filled: Shop, owner: Connection) -> None:
    """Orders, returns, days that pass and segments that go leave nothing to find."""
    await is_sound(filled, owner)
    await filled.give_back("r1", "o-anna", "anna")
    await is_sound(filled, owner)
    for days in (9, 10, 29, 30, 41, 365):
        await filled.advance(START + days * DAY)
        await is_sound(filled, owner)
    await remove(filled.handler, filled.workspace_id, "small", AUTHOR)
    await is_sound(filled, owner)


async def test_a_wrong_row_is_told(filled: Shop, owner: Connection) -> None:
    """Who is missing and who is too many are both named, with everything that depends on them."""
    ws = filled.workspace_id
    anna, bert = (named_id(ws, "customer", name) for name in ("anna", "bert"))
    await owner.execute(_OUT, ws, anna)
    assert await findings(filled, owner) == [
        "anna should be in segment big",
        "anna should be in segment small",
    ]
    await owner.execute(_IN, ws, anna, START)
    assert await findings(filled, owner) == []
    await owner.execute(_IN, ws, bert, START)
    assert await findings(filled, owner) == [
        "bert should not be in segment big",
        "bert should not be in segment small",
    ]
    report = await audit_everything(owner, ws)
    assert {check.name for check in report.broken} == {"segments", "segment_members"}


async def test_an_entering_that_is_told_twice_is_found(filled: Shop, owner: Connection) -> None:
    """It stands with the membership, and in the log as well."""
    twice = """
    insert into segment_moves (bucket, workspace_id, customer_id, move_id, segment_id, at, entered, told)
    select bucket, workspace_id, customer_id, move_id, segment_id, entered_at, true, told
    from segment_members where workspace_id = $1 and customer_id = $2
    """
    await owner.execute(twice, filled.workspace_id, named_id(filled.workspace_id, "customer", "cleo"))
    report = await audit_everything(owner, filled.workspace_id)
    assert {check.name for check in report.broken} == {"segment_members"}


async def test_who_waits_for_a_timer_is_not_wrong_yet(filled: Shop, owner: Connection) -> None:
    """Between a midnight and the timer that it makes due, nobody is told; a customer without one is."""
    ws, later = filled.workspace_id, parse_instant("2026-04-01T00:00:00Z")
    await owner.execute(_CLOCK, ws, later)
    assert await findings(filled, owner) == []
    await owner.execute("delete from timers where workspace_id = $1", ws)
    assert await findings(filled, owner) == [
        "anna should be in segment dormant",
        "anna should be in segment soon",
        "bert should be in segment dormant",
        "bert should be in segment soon",
        "cleo should be in segment dormant",
    ]
