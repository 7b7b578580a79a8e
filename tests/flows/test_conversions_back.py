"""The way back of a conversion on a live shop: what is still there comes back, and the rest is named."""

from __future__ import annotations

import pytest
from asyncpg import Connection

from perennial.flows.checkout.expire_holds import expire_holds
from perennial.flows.commands import PostAdjustment, PostClaim, PostRedemption, PutHousehold
from perennial.flows.conversions.conversions import list_converted
from perennial.flows.customers.household import put_household
from perennial.units import DAY, MINUTE
from tests.flows.checkout import a_cart
from tests.flows.shop import START, Shop, put_order
from tests.flows.sound import is_sound
from tests.flows.test_conversions import BOTH, STARS, back, balances, bucket_of, convert, points, run, visited


async def test_the_way_back_names_what_was_used(shop: Shop, owner: Connection) -> None:
    """Anna bought a mug with the older star, Ben nothing: Ben's star is whole, of Anna's two one."""
    await shop.publish(STARS)
    await shop.order("a1", "anna", 100)
    await shop.order("b1", "ben", 100)
    await shop.advance(START + DAY)
    await shop.order("a2", "anna", 100, at=START + DAY)
    await shop.publish(BOTH)
    await shop.advance(START + 2 * DAY)
    await convert(shop)
    await shop.do(PostClaim(id="m", customer="anna", at=START + 2 * DAY, reward="mug"))
    returned = await back(shop)
    assert (returned.state, returned.came_back, returned.taken_back, returned.used) == ("reversed", 2, 24, 12)
    assert (await balances(shop, "anna"), await balances(shop, "ben")) == ((1, 0), (1, 0))
    listed = await list_converted(shop.handler, shop.workspace_id, "cafe", "c1", limit=1)
    assert listed.next_cursor is not None
    more = await list_converted(shop.handler, shop.workspace_id, "cafe", "c1", cursor=listed.next_cursor)
    assert {(one.customer, one.came_back, one.used) for one in (*listed.data, *more.data)} == {
        ("anna", 1, 12),
        ("ben", 1, 0),
    }
    assert await back(shop) == returned
    await shop.advance(START + 91 * DAY)
    assert await balances(shop, "anna") == (1, 0)
    await shop.advance(START + 92 * DAY)
    assert await balances(shop, "anna") == (0, 0)
    await is_sound(shop, owner)


async def test_the_way_back_waits_for_holds(shop: Shop, owner: Connection) -> None:
    """Points that are held come back first; then the star does."""
    await visited(shop, "anna")
    await convert(shop)
    hold = PostRedemption(
        id="h1", customer="anna", at=START, order=a_cart(500), points=(points(5),), hold_for=MINUTE
    )
    assert (await shop.send(hold)).status == 201
    assert (await back(shop)).owners == {"return_waiting": 1}
    await shop.advance(START + 2 * MINUTE)
    await expire_holds(shop.handler, shop.workspace_id, await bucket_of(shop), START + 2 * MINUTE)
    await run(shop)
    assert await balances(shop, "anna") == (1, 0)
    await is_sound(shop, owner)


async def test_what_waited_for_an_order_comes_back_after_it(shop: Shop, owner: Connection) -> None:
    """Anna's order is fulfilled between the ways: her star comes back, to be spent. Ben's still waits."""
    waiting = BOTH.replace("{id: stars,", "{id: stars, pending: {type: fulfillment},")
    visit = "{id: visit, type: fixed, trigger: order.paid, points: 1, wallet: stars}"
    await shop.publish(waiting.replace("earning_rules:", f"earning_rules:\n  - {visit}"))
    for customer in ("anna", "ben"):
        await shop.order(f"o-{customer}", customer, 100, at=START)
    assert await balances(shop, "anna") == (0, 1)
    done = await convert(shop)
    assert (done.points, done.become) == (2, 24)
    await shop.advance(START + DAY)
    await shop.do(put_order("o-anna", "anna", 100, status="fulfilled", at=START + DAY))
    assert await balances(shop, "anna") == (0, 13)
    returned = await back(shop)
    assert (returned.state, returned.came_back, returned.used) == ("reversed", 2, 0)
    assert (await balances(shop, "anna"), await balances(shop, "ben")) == ((1, 1), (0, 1))
    await shop.do(put_order("o-ben", "ben", 100, status="fulfilled", at=START + DAY))
    assert await balances(shop, "ben") == (1, 1)
    await shop.give_back("r1", "o-anna", "anna", at=START + DAY)
    assert await balances(shop, "anna") == (0, 0)
    await is_sound(shop, owner)


async def test_who_entered_a_household_meanwhile_is_named(shop: Shop, owner: Connection) -> None:
    """Anna's points are the household's by now: they stay there, and the list of owners says so."""
    await visited(shop, "anna", "ben")
    await convert(shop)
    await put_household(shop.handler, shop.workspace_id, PutHousehold(customer="anna", household="home"))
    returned = await back(shop)
    assert (returned.state, returned.came_back, returned.used) == ("reversed", 1, 12)
    listed = await list_converted(shop.handler, shop.workspace_id, "cafe", "c1")
    assert {each.customer: (each.came_back, each.used, each.reason) for each in listed.data} == {
        "anna": (0, 12, "in_household"),
        "ben": (1, 0, None),
    }
    assert await balances(shop, "anna") == (0, 12)
    await is_sound(shop, owner)


@pytest.mark.parametrize(("policy", "left"), [("unlimited", (0, 1, 0)), ("within_balance", (0, 0, 1))])
async def test_what_is_missing_in_the_first_unit_is_seen_when_it_is_back(
    shop: Shop, owner: Connection, policy: str, left: tuple[int, int, int]
) -> None:
    """Anna's only star was spent and then its order returned: the debt or shortfall goes and comes."""
    await shop.publish(STARS.replace("unlimited", policy))
    await shop.order("o1", "anna", 100)
    spent = PostAdjustment(
        id="a1", customer="anna", at=START, wallet="stars", points=-1, reason="spent", actor="test"
    )
    await shop.do(spent)
    await shop.give_back("r1", "o1", "anna")
    await shop.publish(BOTH.replace("unlimited", policy))
    done = await convert(shop)
    assert (done.left, done.left_owed, done.left_shortfall) == (0, 0, 0)
    returned = await back(shop)
    assert (returned.left, returned.left_owed, returned.left_shortfall) == left
    await is_sound(shop, owner)
