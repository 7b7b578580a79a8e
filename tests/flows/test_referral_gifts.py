"""Gifts of every kind on both sides of a referral: given once, shown, and taken back as far as unused."""

from __future__ import annotations

from typing import Any

import pytest
from asyncpg import Connection

from perennial.core.entitlements import EntitlementState
from perennial.flows.commands import JoinProgram, PutCustomer
from perennial.flows.customers.statements import statement_of, timeline_of
from perennial.flows.explaining import explain_order
from perennial.flows.referrals.details import ReferralDetail, read_referral_detail
from perennial.flows.referrals.lists import review_referral
from perennial.flows.referring.refer import Refer, refer
from perennial.flows.traces import Context
from perennial.flows.vouchers.vouchers import read_voucher, vouchers_of
from tests.flows.checkout import redeem
from tests.flows.pool import made
from tests.flows.shop import Shop
from tests.flows.sound import is_sound
from tests.flows.test_referrals import PROGRAM as EARLIER
from tests.flows.test_referrals import introduced, order, referral, settle

PROGRAM = """\
program: shop
name: Shop
currency: USD
wallets: [{id: points, name: Points, refunds: unlimited}]
rewards:
  - id: partner-ten
    name: 10.00 at a partner
    codes: {pattern: "PARTNER-############"}
    gives: [{type: amount_off, value: 1000}]
referrals:
  offers:
    - id: friends
      name: Friends
      advocate: {gets: {gives: [ADVOCATE]}}
      friend: {WHEN gets: {gives: [FRIEND]}}
      converts: {on: order}
"""

CARD = "{type: gift_card, value: 2500}"
CODE = "{type: coupon, pool: partner-ten}"
PRODUCT = "{type: free_product, sku: tea, unit_price: 300}"
GOODS = "{type: physical, sku: mug}, {type: points, points: 50}"


async def opened(shop: Shop, advocate: str, friend: str, when: str = "", codes: int = 3) -> Shop:
    """Publish the program with these gifts; anna is a member, and the pool has a few codes."""
    text = PROGRAM.replace("ADVOCATE", advocate).replace("FRIEND", friend).replace("WHEN", when)
    await shop.publish(text)
    await shop.do(JoinProgram(customer="anna", program="shop", at=None, source="test"))
    if codes:
        await made(shop, "b1", reward="partner-ten", count=codes)
    return shop


async def vouchers(shop: Shop, customer: str) -> list[Any]:
    """Return the vouchers of a customer, the latest first."""
    return list((await vouchers_of(shop.handler, shop.workspace_id, customer)).data)


async def cards(shop: Shop, owner: Connection) -> list[int]:
    """Return what every gift card of the shop holds."""
    rows = await owner.fetch(
        "select balance from wallets join vouchers using (bucket, workspace_id)"
        " where workspace_id = $1 and wallets.customer_id = voucher_id order by balance",
        shop.workspace_id,
    )
    return [balance for (balance,) in rows]


async def converted(shop: Shop, friend: str = "ben", name: str = "o1") -> None:
    """Let anna refer a friend, who orders."""
    await refer(shop.handler, shop.workspace_id, Refer(friend=friend, advocate="anna"))
    await shop.do(order(name, friend, 5000))
    await settle(shop)


@pytest.mark.parametrize(("advocate", "friend"), [(CARD, CODE), (CODE, CARD), (PRODUCT, GOODS)])
async def test_either_side_gets_any_kind_and_a_return_takes_it_back(
    shop: Shop, owner: Connection, advocate: str, friend: str
) -> None:
    """A card holds its money, a code leaves the pool; the order comes back, and nothing is left."""
    await opened(shop, advocate, friend)
    await converted(shop)
    assert (await referral(shop, "ben")).state == "converted"
    gifts = {
        CARD: ("shop/friends.{}", 2500),
        CODE: ("shop/partner-ten", 1000),
        PRODUCT: ("shop/friends.{}", 0),
    }
    for side, customer, role in ((advocate, "anna", "advocate"), (friend, "ben", "friend")):
        found = [(each.reward, each.value, each.state) for each in await vouchers(shop, customer)]
        reward, value = gifts.get(side, ("", 0))
        assert found == ([(reward.format(role), value, "issued")] if reward else [])
    assert await cards(shop, owner) == ([2500] if CARD in (advocate, friend) else [])
    await shop.give_back("back", "o1", "ben")
    assert await settle(shop) == 1
    for customer in ("anna", "ben"):
        assert {each.state for each in await vouchers(shop, customer)} <= {"voided"}
    assert not any(await cards(shop, owner))
    owed = await owner.fetch(
        "select state from entitlements where workspace_id = $1 and kind = 'physical'", shop.workspace_id
    )
    assert [state for (state,) in owed] == ([EntitlementState.CANCELED] if friend == GOODS else [])
    await is_sound(shop, owner)


async def test_of_a_card_that_was_used_what_is_left_is_taken_back(shop: Shop, owner: Connection) -> None:
    """10.00 of 25.00 were spent: 15.00 come back, and the code pays nothing more."""
    await opened(shop, CARD, GOODS)
    await converted(shop)
    code = (await vouchers(shop, "anna"))[0].code
    assert code is not None
    await shop.send(redeem("r1", "anna", 1000, codes=(code,), order_id="a1"))
    assert await cards(shop, owner) == [1500]
    await shop.give_back("back", "o1", "ben")
    await settle(shop)
    assert await cards(shop, owner) == [0]
    assert (await read_voucher(shop.handler, shop.workspace_id, code)).state == "voided"
    await is_sound(shop, owner)


async def test_an_empty_pool_rejects_the_advocate_and_lets_the_friend_go_without(shop: Shop) -> None:
    """An advocate for whom nothing is left is told so; a friend for whom nothing is left still converts."""
    await opened(shop, CODE, CARD, codes=1)
    await converted(shop)
    await converted(shop, "cora", "o2")
    states = [(await referral(shop, friend)) for friend in ("ben", "cora")]
    assert [(each.state, each.reason) for each in states] == [
        ("converted", None),
        ("rejected", "out_of_stock"),
    ]
    assert len(await vouchers(shop, "anna")) == 1
    assert await vouchers(shop, "cora") == []


async def test_a_friend_gets_a_code_at_once_or_after_review(shop: Shop, owner: Connection) -> None:
    """What comes at once comes of the pool as well, and after the review, once."""
    await opened(shop, CARD, CODE, "at: at_once,")
    first = await refer(shop.handler, shop.workspace_id, Refer(friend="ben", advocate="anna"))
    assert first.view.voucher is not None
    assert first.view.voucher.reward == "shop/partner-ten"
    device = Context(device="phone-1")
    for name in ("anna", "cora"):
        await introduced(shop, PutCustomer(customer=name), "", device="phone-1")
    second = await refer(
        shop.handler, shop.workspace_id, Refer(friend="cora", advocate="anna", context=device)
    )
    assert (second.view.state, second.view.voucher) == ("in_review", None)
    for _ in range(2):
        await review_referral(
            shop.intake, shop.workspace_id, second.view.id, approve=True, actor="eve", reason="sisters"
        )
    assert [each.reward for each in await vouchers(shop, "cora")] == ["shop/partner-ten"]
    await shop.do(order("o2", "cora", 5000))
    await settle(shop)
    assert len(await vouchers(shop, "cora")) == 1
    assert await cards(shop, owner) == [2500]
    await shop.give_back("back", "o2", "cora")
    await settle(shop)
    assert [each.state for each in await vouchers(shop, "cora")] == ["voided"]
    assert [each.state for each in await vouchers(shop, "ben")] == ["issued"]
    await is_sound(shop, owner)


async def test_a_referral_is_told_with_evidence_and_the_points_name_the_order(shop: Shop) -> None:
    """Who looks at it sees what was found; the advocate's points name the friend's order, and why."""
    await shop.publish(EARLIER + "      checks: [{type: same_device}, {type: many_from_ip, most: 2}]\n")
    await shop.do(JoinProgram(customer="anna", program="shop", at=None, source="test"))
    await introduced(shop, PutCustomer(customer="anna"), "", device="phone-1")
    place = "10.0.0.1"
    contexts = {"ben": Context(), "cora": Context(ip=place, device="phone-1"), "dan": Context(ip=place)}
    for friend, seen in contexts.items():
        await refer(shop.handler, shop.workspace_id, Refer(friend=friend, advocate="anna", context=seen))
    queued = await detail(shop, "cora")
    assert [(each.signal, each.does) for each in queued.evidence] == [
        ("same_device", "review"),
        ("many_from_ip", "review"),
    ]
    assert queued.evidence[1].words == ("2 referrals came from one address within 7 days, this one included.")
    assert queued.advocate_referrals == {"pending": 1, "in_review": 2}
    await shop.do(order("o-ben", "ben", 5000))
    await settle(shop)
    told = await detail(shop, "ben")
    assert told.converted_by is not None
    assert (told.converted_by.type, told.converted_by.id) == ("order", "o-ben")
    advocate = next(gift for gift in told.gifts if gift.role == "advocate")
    assert (advocate.customer, advocate.points) == ("anna", {"points": 507})
    assert [each.cause for each in advocate.decisions] == [
        "The member referred a friend, and that converted (offer friends)."
    ]
    assert "What counted was order o-ben" in told.words
    assert "The advocate got Friends (507 points). The member referred a friend" in told.words
    statement = await statement_of(shop.handler, shop.workspace_id, "anna")
    assert {(each.source_type, each.source, each.referral) for each in statement.data} == {
        ("referral", "o-ben", told.id)
    }
    timeline = await timeline_of(shop.handler, shop.workspace_id, "anna")
    assert [each.referral for each in timeline.data if each.type == "referral"] == [told.id]
    await shop.give_back("back", "o-ben", "ben")
    await settle(shop)
    assert (await detail(shop, "ben")).words.endswith(
        "It is reversed: the order came back. What both got was taken back."
    )


async def detail(shop: Shop, friend: str) -> ReferralDetail:
    """Return everything about the only referral of a friend."""
    return await read_referral_detail(shop.handler, shop.workspace_id, (await referral(shop, friend)).id)


async def test_what_an_order_caused_is_explained_with_it(shop: Shop) -> None:
    """A completed challenge with what it gave, and a tier, each with the rules that gave something for it."""
    await shop.publish(
        """\
program: shop
name: Shop
currency: USD
wallets: [{id: points, name: Points}]
tiers:
  metrics: [{id: spend, measure: orders.net, window: {calendar: year}}]
  levels: [{id: silver, name: Silver, reach: {spend: 10000}}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: applause, type: fixed, trigger: challenge.completed, points: 5}
  - {id: welcome, type: fixed, trigger: tier.entered, points: 9, when: {fact: event.tier, is: silver}}
challenges:
  - {id: first, name: First, goals: [{measure: orders.count}], gives: [{type: badge, name: starter}]}
"""
    )
    await shop.order("o1", "ben", 20_000)
    found = await explain_order(shop.handler, shop.workspace_id, "o1")
    caused = {each.trigger: each for each in found.decisions if each.cause is not None}
    assert {trigger: (each.cause, each.explanation.points) for trigger, each in caused.items()} == {
        "tier.entered": ("The member entered tier silver.", {"points": 9}),
        "challenge.completed": ("Challenge first was completed: it gave badge starter.", {"points": 5}),
    }
    assert "shop: Challenge first was completed: it gave badge starter. Earned 5 points." in found.words
