"""Over HTTP the wallet that pays is named beside the reward: in a claim, a line of a batch, and a cart."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from perennial.flows.programs.life import Author, apply_document
from tests.http.site import PROGRAM, Site, order

CAFE = """\
program: cafe
name: Cafe
currency: USD
wallets: [{id: beans, name: Beans}, {id: stars, name: Stars}]
earning_rules: [{id: base, type: per_amount, wallet: beans, points: 1, per: 1}]
rewards:
  - id: cap
    name: A cap
    wallet: beans
    price: 300
    prices: [{points: 3, wallet: stars}]
    gives: [{type: amount_off, value: 500}]
  - {id: mug, name: A mug, wallet: beans, price: 200, gives: [{type: amount_off, value: 100}]}
"""
CART = {"lines": [{"id": "l1", "sku": "tea", "amount": 4_000}]}


@pytest.fixture
async def cafe(site: Site) -> Site:
    """A site with two programs, where anna has 1,000 beans and 7 stars of the second."""
    author = Author(actor="test", at=time.time_ns() // 1_000)
    for document in (PROGRAM, CAFE):
        await apply_document(site.database, site.row.workspace_id, document, author)
    await site.done("PUT", "/v1/orders/o1", order(1_000))
    given = {"id": "a1", "customer": "anna", "wallet": "stars", "points": 7, "reason": "r"}
    await site.done("POST", "/v1/adjustments", given)
    return site


def stars_of(answer: dict[str, Any]) -> int:
    """Return the stars of an answer."""
    return next(int(each["available"]) for each in answer["balances"] if each["wallet"] == "stars")


async def test_every_way_to_claim_takes_a_wallet(cafe: Site) -> None:
    """Three stars each time, and 300 beans where the cart says so."""
    claim = {"id": "c1", "reward": "cap", "wallet": "stars"}
    assert stars_of(await cafe.done("POST", "/v1/customers/anna/claims", claim)) == 4
    line = {"op": "claim", "id": "c2", "customer": "anna", "reward": "cafe/cap", "wallet": "cafe/stars"}
    lines = {"content-type": "application/x-ndjson"}
    batch = await cafe.call("POST", "/v1/batch", raw=json.dumps(line).encode(), headers=lines)
    assert stars_of(batch.json()["answer"]) == 1
    cart = {"id": "r1", "customer": "anna", "cart": CART, "redeem": [{"reward": "cap", "wallet": "beans"}]}
    redeemed = await cafe.done("POST", "/v1/redemptions", cart)
    assert (redeemed["quote"]["discount_total"], stars_of(redeemed)) == (500, 1)
    view = (await cafe.done("GET", "/v1/customers/anna/rewards"))["data"]
    prices = next(reward["prices"] for reward in view if reward["id"] == "cap")
    assert [(each["wallet"], each["available"], each["claimable"]) for each in prices] == [
        ("stars", 1, False),
        ("beans", 700, True),
    ]


async def test_a_wallet_that_does_not_pay_is_told(cafe: Site) -> None:
    """One that the program lacks names the field; one without a price is a refusal; a code has no wallet."""
    claims, quotes = "/v1/customers/anna/claims", "/v1/quotes"
    for wallet in ("points", "points/points", "cafe/points", "moons"):
        problem = await cafe.refused(
            422, "wallet_unknown", "POST", claims, {"id": "c1", "reward": "cap", "wallet": wallet}
        )
        assert problem["errors"][0]["path"] == "$.wallet"
        cart = {"customer": "anna", "cart": CART, "redeem": [{"reward": "cap", "wallet": wallet}]}
        problem = await cafe.refused(422, "wallet_unknown", "POST", quotes, cart)
        assert problem["errors"][0]["path"] == "$.redeem[0].wallet"
    problem = await cafe.refused(
        409, "no_matching_price", "POST", claims, {"id": "c1", "reward": "mug", "wallet": "stars"}
    )
    assert problem["details"]["wallet"] == "stars"
    cart = {"customer": "anna", "cart": CART, "redeem": [{"reward": "mug", "wallet": "stars"}]}
    [told] = (await cafe.done("POST", quotes, cart))["redeemables"]
    assert (told["status"], told["reason"]) == ("inapplicable", "not_offered")
    cart = {"cart": CART, "redeem": [{"code": "x", "wallet": "stars"}]}
    problem = await cafe.refused(422, "no_reward", "POST", quotes, cart)
    assert problem["errors"][0]["path"] == "$.redeem[0].wallet"
