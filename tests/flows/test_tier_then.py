"""What is heard of late, or judged anew, goes by the tier of its own time; the tier moves on from now."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from asyncpg import Connection

from perennial.flows.answers import Decided
from perennial.flows.commands import JoinProgram, PostEvent, PutHousehold
from perennial.flows.customers.household import put_household
from perennial.flows.explaining import explain_order
from perennial.flows.reading import read_customer
from perennial.units import DAY, Points, parse_instant
from tests.flows.shop import START, Shop, available, put_order
from tests.flows.sound import is_sound

CLUB = """
program: club
name: Club
currency: USD
time_zone: Europe/Berlin
wallets:
  - id: points
    name: Points
    pending: {type: period, after: {days: 14}}
    tiers: {gold: {pending: {type: none}}}
declarations:
  events: {visit.made: {}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100, tiers: {gold: 2}}
  - {id: visit, type: fixed, trigger: visit.made, points: 10}
  - id: entered
    type: fixed
    trigger: tier.entered
    when: {fact: event.tier, is: gold}
    points: 50
    multiplied: false
tiers:
  metrics:
    - {id: spend, measure: orders.net, window: {calendar: month}}
  lasts: period
  levels:
    - {id: bronze, name: Bronze, reach: {spend: 0}}
    - {id: silver, name: Silver, reach: {spend: 20000}, multiplier: {by: 1.5}}
    - {id: gold, name: Gold, reach: {spend: 50000}, multiplier: {by: 3}}
"""
PAST = CLUB + "enrollment: {mode: on_request, count_past_orders: true}\n"
APRIL = parse_instant("2026-04-10T12:00:00Z")


def _given(answer: Decided) -> dict[str, Points]:
    return {award.rule: award.points for award in answer.programs[0].awards}


async def _tier(shop: Shop, customer: str = "c1") -> str | None:
    view = await read_customer(shop.handler, shop.workspace_id, customer)
    return view.memberships[0].tier


@pytest.mark.parametrize("again", ["false", "true"])
async def test_a_late_order_is_judged_by_the_tier_of_its_time(
    shop: Shop, owner: Connection, again: str
) -> None:
    """Rate, factor and dates are those of then. What was lost since is not reached again, with its gift."""
    await shop.publish(CLUB + f"  gifts_again: {again}\n")
    first, up, down = START, START + 2 * DAY, APRIL
    await shop.order("o1", "c1", 1_000, at=first)
    await shop.advance(up)
    assert _given(await shop.order("o2", "c1", 60_000, at=up)) == {"base": 600, "entered": 50}
    assert await _tier(shop) == "gold"
    late = await shop.order("late-1", "c1", 1_000, at=first + DAY)
    assert _given(late) == {"base": 10}
    assert late.programs[0].awards[0].available_at == "2026-03-17T23:00:00Z"
    explained = await explain_order(shop.handler, shop.workspace_id, "late-1")
    assert explained.decisions[0].explanation.tier == "bronze"
    await shop.advance(down)
    assert await _tier(shop) == "bronze"
    as_gold = await shop.order("late-2", "c1", 1_000, at=up + DAY)
    assert _given(as_gold) == {"base": 60}
    visit = PostEvent(id="v1", customer="c1", at=up + DAY, name="visit.made")
    assert _given(await shop.do(visit)) == {"visit": 30}
    assert await _tier(shop) == "bronze"
    await is_sound(shop, owner)


async def test_a_late_order_in_the_batch_that_lifts(shop: Shop, owner: Connection) -> None:
    """The move that the same transaction has made is known as well."""
    await shop.publish(CLUB)
    await shop.advance(up := START + 2 * DAY)
    lifting = asyncio.create_task(shop.order("o1", "c1", 60_000, at=up))
    late = asyncio.create_task(shop.order("o2", "c1", 1_000, at=START + DAY))
    assert _given(await lifting)["base"] == 600
    # It is older than the membership: everybody begins with the tier that needs nothing.
    assert _given(await late) == {"base": 10}
    await is_sound(shop, owner)


@pytest.mark.parametrize("returns", ["at_review", "at_once"])
async def test_a_changed_order_does_not_earn_by_what_it_reached(
    shop: Shop, owner: Connection, returns: str
) -> None:
    """However often it is sent again, and up or down; what it lifts is the tier as it is."""
    await shop.publish(CLUB + f"  returns: {returns}\n")
    await shop.order("o1", "c1", 60_000)
    for amount in (60_100, 60_300, 100):
        changed = await shop.order("o1", "c1", amount)
        assert _given(changed)["base"] == amount // 100
        assert changed.programs[0].awards[0].available_at == "2026-03-16T23:00:00Z"
    assert await _tier(shop) == ("gold" if returns == "at_review" else "bronze")
    await is_sound(shop, owner)


async def test_a_household_has_the_tier_of_then_in_common(shop: Shop, owner: Connection) -> None:
    """Who was lifted with another one had the lower tier before, too."""
    await shop.publish(CLUB + "pool: all\n")
    for name in ("c1", "c2"):
        await shop.order(f"first-{name}", name, 1_000)
        await put_household(shop.handler, shop.workspace_id, PutHousehold(customer=name, household="home"))
    await shop.advance(up := START + 2 * DAY)
    await shop.order("o2", "c1", 60_000, at=up)
    assert await _tier(shop, "c2") == "gold"
    assert _given(await shop.order("late", "c2", 1_000, at=START + DAY))["base"] == 10
    await is_sound(shop, owner)


async def test_past_orders_go_through_the_tiers_of_their_time(shop: Shop, owner: Connection) -> None:
    """A tier that March's orders reach is lost by April's; the counters of March are read for that."""
    await shop.publish(PAST)
    await shop.order("o1", "c1", 30_000)
    await shop.order("o2", "c1", 1_000)
    await shop.advance(APRIL)
    await shop.order("o3", "c1", 2_000, at=APRIL)
    joined = await shop.do(JoinProgram(customer="c1", program="club", at=APRIL, source="api"))
    assert [award.points for award in joined.programs[0].awards] == [300, 15, 20]
    # What March gave is available by now, what April gave is not.
    assert (available(joined), joined.balances[0].pending) == (315, 20)
    assert (joined.programs[0].tier, await _tier(shop)) == ("bronze", "bronze")
    await is_sound(shop, owner)


async def test_a_guests_order_is_judged_with_the_history_of_its_time(shop: Shop, owner: Connection) -> None:
    """Attached in April without saying when it was, an order of March counts beside those of March."""
    await shop.publish(CLUB)
    await shop.order("o1", "c1", 15_000)
    await shop.order("guest", None, 10_000)
    await shop.advance(APRIL)
    attached = msgspec.structs.replace(put_order("guest", "c1", 10_000), at=None)
    answer = await shop.do(attached)
    assert _given(answer) == {"base": 100}
    assert answer.programs[0].tier == "silver"
    await is_sound(shop, owner)
