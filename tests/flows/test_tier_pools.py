"""Codes of a pool that are worth more to members of a tier, and members who get one of their tier's pool."""

from __future__ import annotations

import msgspec
import pytest
from asyncpg import Connection

from perennial.flows.answers import Decided
from perennial.flows.commands import AssignTier
from perennial.flows.vouchers.assign_voucher import AssignVoucher, assign_voucher
from perennial.flows.vouchers.batches import NewBatch, create_batch
from tests.flows.checkout import Checkout, redeem
from tests.flows.shop import Shop
from tests.flows.sound import is_sound

PROGRAM = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
tiers:
  metrics: [{id: spend, measure: orders.net}]
  lasts: life
  levels:
    - {id: base, name: Base, reach: {spend: 0}}
    - {id: vip, name: VIP, reach: {spend: 1000000}}
rewards:
  - id: flyer
    name: A flyer's code
    codes: {pattern: "F-############"}
    gives: [{type: amount_off, value: 500}]
    by_tier: {vip: {gives: [{type: percent_off, percent: "20"}]}}
  - {id: cups, name: Cups, codes: {pattern: "C-############"}, gives: [{type: amount_off, value: 100}]}
  - {id: mugs, name: Mugs, codes: {pattern: "M-############"}, gives: [{type: amount_off, value: 900}]}
  - id: welcome
    name: A welcome
    gives: [{type: coupon, pool: cups}]
    by_tier: {vip: {gives: [{type: coupon, pool: mugs}]}}
"""


@pytest.fixture
async def open_shop(shop: Shop) -> Shop:
    """A shop in which vera is a VIP, anna is not, and each pool has three codes."""
    await shop.publish(PROGRAM)
    for name in ("anna", "vera"):
        await shop.order(f"o-{name}", name, 100)
    await shop.do(
        AssignTier(id="t", customer="vera", at=None, program="points", tier="vip", reason="r", actor="t")
    )
    for pool in ("flyer", "cups", "mugs"):
        batch = NewBatch(id=pool, reward=pool, count=3)
        await create_batch(shop.handler, shop.workspace_id, batch, "test")
    return shop


async def assigned(shop: Shop, name: str, customer: str, reward: str) -> tuple[str, str]:
    """Give a customer a code, and return of which reward it is, and the code."""
    command = AssignVoucher(id=name, customer=customer, reward=reward)
    answer = await assign_voucher(shop.handler, shop.workspace_id, command)
    assert answer.status in (200, 201)
    voucher = msgspec.json.decode(answer.body, type=Decided).voucher
    assert voucher is not None
    assert voucher.code is not None
    return voucher.reward, voucher.code


async def discount_for(shop: Shop, customer: str | None, code: str) -> int:
    """Return what a code takes off a cart of 100.00."""
    return (await Checkout(shop).quote(redeem("q", customer, 10_000, codes=(code,)))).discount_total


async def test_a_code_of_a_pool_is_worth_what_the_tier_at_the_order_says(
    open_shop: Shop, owner: Connection
) -> None:
    """On 100.00 the same code takes 5.00 off for anyone, and 20 % for a VIP, whoever was given it."""
    shop = open_shop
    _, code = await assigned(shop, "a", "anna", "flyer")
    for customer, discount in ((None, 500), ("anna", 500), ("vera", 2_000)):
        assert await discount_for(shop, customer, code) == discount
    await shop.do(
        AssignTier(id="u", customer="anna", at=None, program="points", tier="vip", reason="r", actor="t")
    )
    assert await discount_for(shop, "anna", code) == 2_000
    await is_sound(shop, owner)


async def test_a_member_is_given_a_code_of_the_pool_of_the_tier(open_shop: Shop) -> None:
    """One call for everybody: anna gets a code for cups, vera one for mugs; again, the same ones."""
    shop = open_shop
    given = [await assigned(shop, f"w-{name}", name, "welcome") for name in ("anna", "vera")]
    assert [reward for reward, _ in given] == ["points/cups", "points/mugs"]
    assert [await assigned(shop, f"w-{name}", name, "welcome") for name in ("anna", "vera")] == given
