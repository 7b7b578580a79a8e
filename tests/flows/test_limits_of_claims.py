"""Limits on what a reward takes off orders: a claim leaves them alone, and the order is cut by them."""

from __future__ import annotations

import msgspec
import pytest
from asyncpg import Connection

from perennial.flows.commands import PostClaim
from tests.flows.checkout import Checkout, a_cart, redeem
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound

PROGRAM = """\
program: points
name: Points
currency: USD
wallets:
  - {id: points, name: Points}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 1}
rewards:
  - {id: big, name: 1.00 off, price: 10, gives: [{type: amount_off, value: 100}],
     limits: [{LIMIT, per: location, every: day}]}
"""


@pytest.mark.parametrize("limit", ["discount: 60, at_cap: cut", "order_value: 1000"])
async def test_a_claim_needs_no_location(shop: Shop, owner: Connection, limit: str) -> None:
    """What is counted by the order's location is known on the order, and is asked there."""
    await shop.publish(PROGRAM.replace("LIMIT", limit))
    await shop.order("seed", "anna", 1_000)
    checkout = Checkout(shop)
    code = await checkout.claim("c1", "anna", "big")
    command = redeem("r1", "anna", 500, codes=(code,))
    refused = await checkout.quote(command)
    assert [one.reason for one in refused.redeemables] == ["limit_reached"]
    here = msgspec.structs.replace(a_cart(500), location="berlin")
    redeemed = await checkout.redeem(msgspec.structs.replace(command, order=here))
    assert redeemed.quote.discount_total == (60 if limit.startswith("discount") else 100)
    await is_sound(shop, owner)


async def test_what_can_never_be_used_is_not_sold(shop: Shop, owner: Connection) -> None:
    """Once all that everybody may take off is taken nobody pays for more; what comes back is sold again."""
    await shop.publish(PROGRAM.replace("LIMIT, per: location, every: day", "discount: 150, per: total"))
    await shop.order("seed", "anna", 1_000)
    checkout = Checkout(shop)
    first, second = await checkout.claim("c1", "anna", "big"), await checkout.claim("c2", "anna", "big")
    await checkout.redeem(redeem("r1", "anna", 500, codes=(first,)))
    third = await checkout.claim("c3", "anna", "big")
    await checkout.redeem(redeem("r2", "anna", 50, codes=(second,)))
    more = PostClaim(id="c4", customer="anna", at=START, reward="big")
    assert (await shop.refuse(more)).code == "limit_reached"
    await checkout.roll_back("b1", "r2", "anna")
    await shop.do(more)
    await checkout.redeem(redeem("r3", "anna", 50, codes=(third,)))
    await is_sound(shop, owner)


async def test_how_often_it_is_claimed_in_a_place_is_asked_at_once(shop: Shop) -> None:
    """A claim is a time, and it does not say where it is made."""
    await shop.publish(PROGRAM.replace("LIMIT", "times: 5"))
    await shop.order("seed", "anna", 1_000)
    refused = await shop.refuse(PostClaim(id="c1", customer="anna", at=START, reward="big"))
    assert refused.code == "limit_reached"
