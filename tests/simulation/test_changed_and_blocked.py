"""Orders that change, and customers who are blocked for a while, come out as they did."""

from __future__ import annotations

from collections import Counter

import msgspec

from perennial.flows.simulation.simulate import Simulate
from perennial.units import DAY, HOUR
from tests.flows.conftest import owner, shop
from tests.flows.shop import START, Shop, available, put_order
from tests.flows.test_blocks import block, unblock
from tests.simulation.agreement import played, state, stored

__all__ = ["owner", "shop"]

PROGRAM = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: visit, type: fixed, points: 50, cooldown: {days: 1}}
  - {id: hundred, type: gives_reward, reward: hundred, cooldown: {days: 5},
     when: {fact: order.total, at_least: 2000}}
  - {id: mug, type: gives_reward, reward: mug, limits: [{times: 2}],
     when: {fact: order.total, at_least: 3000}}
rewards:
  - {id: hundred, name: 100 points, gives: [{type: points, points: 100}]}
  - {id: mug, name: A mug and points, gives: [{type: physical, sku: mug}, {type: points, points: 7}]}
  - {id: five-off, name: 5.00 off, price: 100, gives: [{type: amount_off, value: 500}]}
"""


async def same(shop: Shop, url: str) -> dict[str, int]:
    """Demand that everybody is as the live path left them, under ``history``; return what they hold."""
    lives, compiled = await played(
        shop.database, url, shop.workspace_id, "points", Simulate(version="history")
    )
    version = compiled.sides[0][-1]
    async with shop.database.snapshot(shop.workspace_id) as conn:
        row = await conn.fetchrow(
            "select bucket_base, bucket_count from workspaces where workspace_id = $1", shop.workspace_id
        )
        assert row is not None
        known = await stored(conn, shop.workspace_id, range(row[0], row[0] + row[1]), version)
    assert len(lives) == len(known)
    held = {}
    for life in lives:
        for playing in life:
            [member] = playing.members
            live = state(known[member.customer_id], version.program_id)
            assert state(member, version.program_id) == live, playing.life.people[0].name
            held[playing.life.people[0].name] = sum(wallet.balance for wallet in member.wallets.values())
    return held


async def test_a_changed_order_keeps_what_it_gave(shop: Shop, database_url: str) -> None:
    """Rules with a cooldown give again for the order that put them to rest; what was handed out stays."""
    await shop.publish(PROGRAM)
    await shop.order("a1", "anna", 1_000)
    for amount in (3_500, 2_500, 2_600):
        await shop.order("a1", "anna", amount)
    await shop.order("b1", "ben", 2_500)
    await shop.order("b1", "ben", 1_000)
    await shop.advance(START + 3 * DAY)
    await shop.order("a2", "anna", 2_400, at=START + HOUR)
    await shop.order("a1", "anna", 2_700)
    await shop.order("a3", "anna", 3_100, at=START + 2 * DAY)
    await shop.order("b2", "ben", 4_000, at=START + 2 * DAY)
    await shop.order("b2", "ben", 3_000, at=START + 2 * DAY)
    await shop.give_back("r1", "b2", "ben", START + 3 * DAY)
    await shop.send(put_order("a3", "anna", 3_100, at=START + 2 * DAY, status="canceled"))
    held = await same(shop, database_url)
    assert held["anna"] > 100


TIERS = """
tiers:
  metrics: [{id: spend, measure: orders.net, window: {calendar: month}}]
  lasts: period
  levels:
    - {id: bronze, name: Bronze, reach: {spend: 0}}
    - {id: silver, name: Silver, reach: {spend: 5000}, multiplier: {by: 3}}
"""


async def test_changed_and_late_orders_go_by_the_tier_of_then(shop: Shop, database_url: str) -> None:
    """Three times the points for what silver bought, however late it is heard of; not for what reached it."""
    await shop.publish(PROGRAM + TIERS)
    await shop.order("a0", "anna", 100)
    await shop.advance(START + 3 * DAY)
    await shop.order("a1", "anna", 6_000, at=START + 3 * DAY)
    for amount in (6_100, 6_200):
        await shop.order("a1", "anna", amount)
    await shop.order("late", "anna", 1_000, at=START + 2 * DAY)
    await shop.advance(START + 40 * DAY)
    await shop.order("late silver", "anna", 1_000, at=START + 9 * DAY)
    await shop.order("late silver", "anna", 1_100, at=START + 9 * DAY)
    await shop.order("bronze", "anna", 1_000, at=START + 40 * DAY)
    earned = [1 + 50, 62 + 50 + 100 + 7, 10 + 50, 33 + 150, 10 + 50]
    assert await same(shop, database_url) == {"anna": sum(earned)}


async def test_a_rule_rests_in_each_store_by_itself(shop: Shop, database_url: str) -> None:
    """Stores are told apart, also for an order that changes."""
    await shop.publish(PROGRAM.replace("cooldown: {days: 1}", "cooldown: {days: 1}, cooldown_per: location"))
    for name, store, amount in (
        ("a1", "x", 1_000),
        ("a2", "y", 1_000),
        ("a3", "x", 1_000),
        ("a1", "x", 1_500),
    ):
        put = put_order(name, "anna", amount)
        await shop.do(msgspec.structs.replace(put, order=msgspec.structs.replace(put.order, location=store)))
    assert (await same(shop, database_url))["anna"] == 50 + 15 + 50 + 10 + 10


async def test_blocks_are_as_they_were(shop: Shop, database_url: str) -> None:
    """What came under a block gives nothing; an order that changes is judged as it was first."""
    await shop.publish(PROGRAM)
    await shop.order("a1", "anna", 1_000)
    await block(shop, spending=False)
    await shop.advance(START + 3 * DAY)
    await shop.order("a2", "anna", 5_000, at=START + 2 * DAY)
    changed = await shop.order("a1", "anna", 1_500)
    await shop.order("a2", "anna", 5_100, at=START + 2 * DAY)
    await unblock(shop)
    await shop.order("a2", "anna", 5_200, at=START + 2 * DAY)
    await shop.order("a3", "anna", 1_000, at=START + 3 * DAY)
    await shop.order("b1", "ben", 1_000)
    await block(shop, "ben")
    await shop.order("b2", "ben", 9_000, at=START + DAY)
    assert available(changed) == 65
    assert await same(shop, database_url) == {"anna": 125, "ben": 60}


MESSAGES = """
messages:
  - {id: thanks, type: email, subject: Thanks, body: Thank you, limits: [{times: 4}]}
  - {id: large, type: email, subject: Large, body: So much, limits: [{times: 2}], cooldown: {hours: 1},
     when: {fact: order.total, at_least: 2000}}
"""


async def test_a_changed_order_sends_and_counts_each_message_once(shop: Shop, database_url: str) -> None:
    """Whatever becomes of an order: what it sent is counted once, and what it now asks for is sent besides.

    Four orders of Anna are thanked for, a fifth is beyond the limit; hers of 10.00 becomes large in between,
    small, and large again. The simulator counts the same.
    """
    await shop.publish(PROGRAM + MESSAGES)
    for amount in (1_000, 1_100, 2_500, 1_000, 2_600):
        await shop.order("a1", "anna", amount)
    await shop.advance(START + 3 * DAY)
    for number in range(2, 6):
        await shop.order(f"a{number}", "anna", 1_000, at=START + number * HOUR)
    await shop.send(put_order("a2", "anna", 1_000, at=START + 2 * HOUR, status="canceled"))
    await shop.order("b1", "ben", 3_000, at=START + DAY)
    await same(shop, database_url)
    lives, compiled = await played(
        shop.database, database_url, shop.workspace_id, "points", Simulate(version="history")
    )
    version = compiled.sides[0][-1]
    used: dict[str, dict[str, int]] = {}
    for life in lives:
        for playing in life:
            [member] = playing.members
            used[playing.life.people[0].name] = {
                message.id: sum(member.limits.get(message.bounds[0].limit.number, {}).values())
                for message in version.messages
            }
    assert used == {"anna": {"thanks": 4, "large": 1}, "ben": {"thanks": 1, "large": 1}}
    sent = Counter[str]()
    for life in lives:
        sent.update(life[0].tally.messages)
    assert sent == {"thanks": 5, "large": 2}
