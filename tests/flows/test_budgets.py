"""Limits on the live path: found and locked for every order, given back, and shown with a forecast."""

from __future__ import annotations

import pytest

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows.claims.budgets import (
    BudgetView,
    DayUse,
    ForecastView,
    HoldersView,
    HolderUse,
    read_all_budgets,
)
from perennial.flows.commands import JoinProgram, PostClaim, PutOrder
from perennial.flows.explaining import explain_order
from perennial.units import DAY, Instant
from tests.flows.shop import START, Shop, put_order

PROGRAM = """
program: points
name: Points
time_zone: Europe/Berlin
currency: USD
wallets:
  - {id: points, name: Points}
declarations:
  order: {device: {type: text}}
earning_rules:
  - id: base
    type: per_amount
    points: 1
    per: 100
    limits:
      - {points: 100, per: location, every: day}
      - {times: 2, per: attribute, attribute: device}
  - {id: bonus, type: fixed, points: 5, shared_limits: [all]}
limits:
  - {id: all, points: 100, per: total, every: month, across_programs: true}
rewards:
  - {id: gift, name: A gift, price: 1, gives: [{type: free_shipping}], limits: [{customers: 2, per: total}]}
"""

OTHER = """
program: other
name: Other
currency: USD
time_zone: Europe/Berlin
wallets:
  - {id: points, name: Points}
earning_rules:
  - {id: more, type: fixed, points: 20, shared_limits: [all], limits: [{times: 9, every: day}]}
limits:
  - {id: all, points: 100, per: total, every: month, across_programs: true}
"""


def put(
    name: str,
    customer: str | None,
    amount: int,
    store: str | None = "berlin",
    device: str = "d1",
    at: Instant = START,
    status: str = "paid",
) -> PutOrder:
    """Build the command of an order in a store, on a device."""
    order = Order(
        status=OrderStatus(status),
        lines=(Line(sku="tee", amount=amount),),
        location=store,
        attributes={"device": device},
    )
    return PutOrder(id=name, customer=customer, at=at, order=order)


async def base_of(shop: Shop, command: PutOrder) -> int:
    """Send an order and return what the rule ``base`` gave for it."""
    answer = await shop.do(command)
    return sum(
        award.points for program in answer.programs for award in program.awards if award.rule == "base"
    )


async def shown(shop: Shop) -> dict[str, BudgetView]:
    """Return every limit that is shown, by its part, id and what it counts."""
    found = (await read_all_budgets(shop.handler, shop.workspace_id)).data
    return {f"{each.part} {each.id} {each.counts} {each.per}": each for each in found}


async def test_a_store_and_a_device_have_parts_of_their_own(shop: Shop) -> None:
    """A store gives 100 points a day to all its orders, a device earns twice; who says neither, none."""
    await shop.publish(PROGRAM)
    assert await base_of(shop, put("o1", "anna", 8_000)) == 80
    assert await base_of(shop, put("o2", "ben", 8_000, device="d2")) == 20
    assert await base_of(shop, put("o3", "ben", 8_000, store="bonn", device="d2")) == 80
    assert await base_of(shop, put("o4", "cleo", 100, store="bonn", device="d2")) == 0
    assert await base_of(shop, put("o5", "cleo", 100, store=None, device="d3")) == 0
    assert await base_of(shop, put("o6", "cleo", 100, store="bonn", device="d3")) == 1
    explained = await explain_order(shop.handler, shop.workspace_id, "o4")
    assert "rule base: 2 times in all, for each device: used up" in explained.words
    explained = await explain_order(shop.handler, shop.workspace_id, "o5")
    assert "no location is given" in explained.words


async def test_a_changed_and_a_canceled_order_move_their_parts(shop: Shop) -> None:
    """An order that moves to another store frees the first one's part; canceled, it frees all of it."""
    await shop.publish(PROGRAM)
    assert await base_of(shop, put("o1", "anna", 10_000)) == 100
    assert await base_of(shop, put("o2", "ben", 1_000, device="d2")) == 0
    assert await base_of(shop, put("o1", "anna", 10_000, store="bonn")) == 100
    assert await base_of(shop, put("o3", "ben", 1_000, device="d2")) == 10
    await shop.do(put("o1", "anna", 10_000, store="bonn", status="canceled"))
    assert await base_of(shop, put("o4", "ben", 10_000, store="bonn", device="d3")) == 100
    held = (await shown(shop))["rule base points location"].holders
    assert held == HoldersView(2, 1, (HolderUse("bonn", 100, 0), HolderUse("berlin", 10, 90)))


async def test_a_guests_order_uses_its_part_when_it_finds_its_customer(shop: Shop) -> None:
    """The stored order's own store and device are found, although the command is another."""
    await shop.publish(PROGRAM)
    await shop.do(put("o1", None, 3_000))
    assert await base_of(shop, put("o1", "anna", 3_000)) == 30
    assert (await shown(shop))["rule base points location"].holders == HoldersView(
        1, 0, (HolderUse("berlin", 30, 70),)
    )


async def test_past_orders_use_the_budgets_of_their_own_time(shop: Shop) -> None:
    """Who joins later earns for orders from before, each within its own day's part."""
    await shop.publish(PROGRAM + "enrollment: {mode: on_request, count_past_orders: true}\n", START - 9 * DAY)
    for number, at in enumerate((START - 2 * DAY, START - 2 * DAY + 1, START - DAY), 1):
        await shop.do(put(f"o{number}", "anna", 6_000, device=f"d{number}", at=at))
    await shop.do(JoinProgram(customer="anna", program="points", source="test", at=START))
    async with shop.database.transaction(shop.workspace_id) as conn:
        rows = await conn.fetch("select used from budgets where holder = 'berlin' order by period")
    assert [row["used"] for row in rows] == [100, 60]


async def test_all_limits_are_shown_with_what_is_used(shop: Shop) -> None:
    """One list has every limit of both programs; the one that spans them is there once."""
    await shop.publish(PROGRAM, START - 9 * DAY)
    await shop.publish(OTHER, START - 9 * DAY)
    for number, day in enumerate((3, 2, 1, 0)):
        await shop.do(put_order(f"o{number}", f"c{number}", 100, at=START - day * DAY))
    await shop.do(PostClaim(id="k1", customer="c0", at=START, reward="gift"))
    found = await shown(shop)
    assert set(found) == {
        "rule base points location",
        "rule base times attribute",
        "limit all points total",
        "reward gift customers total",
        "rule more times member",
    }
    shared = found["limit all points total"]
    assert shared.programs == ("points", "other")
    # Of the four days 27 February is another month.
    assert (shared.cap, shared.used, shared.left, shared.every) == (100, 50, 50, "month")
    assert (shared.starts_at, shared.ends_at) == ("2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z")
    assert shared.days == (DayUse("2026-03-01", 25), DayUse("2026-03-02", 25))
    # 75 were left this morning, 25 a day: three days, today being the first.
    assert shared.forecast == ForecastView(25, "2026-03-04")
    member = found["rule more times member"]
    assert (member.used, member.left, member.cap, member.forecast, member.holders) == (
        None,
        None,
        9,
        None,
        None,
    )
    customers = found["reward gift customers total"]
    assert (customers.used, customers.left, customers.starts_at) == (1, 1, None)
    assert customers.words == "reward gift: 2 customers in all"


@pytest.mark.parametrize(("cap", "runs_out_on"), [(100, "2026-03-11"), (100_000, None)])
async def test_a_forecast_beyond_the_period_says_no_day(
    shop: Shop, cap: int, runs_out_on: str | None
) -> None:
    """What lasts longer than the month has an average, but no day on which it runs out."""
    await shop.publish(OTHER.replace("points: 100", f"points: {cap}").replace("points: 20", "points: 10"))
    await shop.order("o1", "anna", 100)
    await shop.advance(START + DAY)
    await shop.order("o2", "anna", 100, at=START + DAY)
    view = (await shown(shop))["limit all points total"]
    assert view.forecast == ForecastView(10, runs_out_on)
