"""What only a quote says: what the cart just misses, and what the member can almost claim."""

from __future__ import annotations

import msgspec
import pytest

from perennial.flows.claims.catalogue import read_catalogue
from perennial.flows.commands import PostClaim
from perennial.flows.handling.quote_answers import HintAnswer, NextRewardAnswer
from tests.flows.checkout import Checkout, redeem
from tests.flows.shop import START, Shop

PROGRAM = """
program: points
name: Points
time_zone: UTC
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
rewards:
  - id: ship
    name: Free shipping
    automatic: true
    usable_when: {fact: order.total, at_least: 5000}
    gives: [{type: free_shipping}]
  - id: mug
    name: A mug
    price: 100
    gives: [{type: amount_off, value: 1500}]
    refusals: [{text: {en: Not now., ko: 지금은 안 됩니다.}}]
  - id: tea
    name: Tea
    codes: {shared: TEA}
    usable_when: {fact: order.total, at_least: 5000}
    gives: [{type: amount_off, value: 100}]
    refusals:
      - {reasons: [conditions_not_met], text: {en: From 50 dollars on., de: Ab 50 Dollar.}}
"""


@pytest.fixture
async def checkout(shop: Shop) -> Checkout:
    """A shop whose customer anna has 20 points."""
    await shop.publish(PROGRAM)
    await shop.order("seed", "anna", 2_000)
    return Checkout(shop)


async def test_a_quote_says_what_is_near(checkout: Checkout) -> None:
    """With 42.00 in the cart 8.00 are missing for free shipping, and after it 38 points for the mug."""
    command = redeem("q", "anna", 4_200, shipping=490)
    quoted = await checkout.quote(command)
    ship = HintAnswer(reward="points/ship", name="Free shipping", amount=800)
    mug = NextRewardAnswer(reward="points/mug", name="A mug", wallet="points/points", price=100, missing=38)
    assert (quoted.hints, quoted.next_rewards) == ((ship,), (mug,))
    redeemed = (await checkout.redeem(command)).quote
    assert (redeemed.hints, redeemed.next_rewards) == ((), ())


async def test_the_shop_says_in_its_own_words_why_not(checkout: Checkout) -> None:
    """Its sentence stands beside the code of the reason, in each of its languages; of others it says none."""
    small = await checkout.quote(redeem("q1", "anna", 4_200, codes=("TEA",)))
    assert (small.redeemables[0].reason, small.redeemables[0].text) == (
        "conditions_not_met",
        {"en": "From 50 dollars on.", "de": "Ab 50 Dollar."},
    )
    large = await checkout.quote(redeem("q2", "anna", 5_000, codes=("TEA", "tea")))
    assert [(one.reason, one.text) for one in large.redeemables[:2]] == [(None, None), ("given_twice", None)]
    found = await read_catalogue(checkout.shop.handler, checkout.shop.workspace_id, "anna")
    [why_not] = found.data[0].why_not
    said = {"en": "Not now.", "ko": "지금은 안 됩니다."}
    assert (why_not.code, why_not.text) == ("insufficient_points", said)
    claim = PostClaim(id="c1", customer="anna", at=START, reward="mug")
    refused = await checkout.shop.refuse(claim)
    assert (refused.status, refused.code, refused.text) == (409, "insufficient_points", said)
    unknown = await checkout.shop.refuse(msgspec.structs.replace(claim, reward="points/cup"))
    assert (unknown.code, unknown.text) == ("reward_unknown", None)


async def test_nothing_is_near_what_is_there(checkout: Checkout) -> None:
    """A cart that has free shipping gets no hint; a guest, who has no points, no next reward."""
    quoted = await checkout.quote(redeem("q", None, 5_000, shipping=490))
    assert (quoted.shipping_discount, quoted.hints, quoted.next_rewards) == (490, (), ())
