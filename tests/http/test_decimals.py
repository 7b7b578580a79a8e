"""A wallet whose amounts have decimals, from the first order to the last return, over HTTP."""

from __future__ import annotations

import time
from typing import Any

import pytest

from perennial.flows.programs.life import Author, apply_document
from tests.http.site import Site, order

PROGRAM = """\
program: points
name: Cashback
currency: USD
wallets:
  - {id: cash, name: Cashback, decimals: 2, pays: {points: 1, amount: 1, most: "50"}}
  - {id: stars, name: Stars, decimals: 1}
earning_rules:
  - {id: cash, type: percent_back, wallet: cash, percent: "2.5"}
  - {id: stars, type: per_amount, wallet: stars, points: 15, per: 100}
rewards:
  - {id: coffee, name: A coffee, wallet: stars, price: 55, gives: [{type: amount_off, value: 300}]}
"""


@pytest.fixture
async def shop(site: Site) -> Site:
    """A site with a wallet of cents and one of tenths."""
    author = Author(actor="test", at=time.time_ns() // 1_000)
    await apply_document(site.database, site.row.workspace_id, PROGRAM, author)
    return site


async def wallets(shop: Site) -> dict[str, Any]:
    """What anna's wallets show: decimals, and what is there, was earned and spent, in the smallest part."""
    shown = (await shop.done("GET", "/v1/customers/anna"))["wallets"]
    return {
        each["wallet"]: (each["decimals"], each["available"], each["earned"], each["spent"]) for each in shown
    }


async def test_cents_and_tenths_from_the_first_order_to_the_last_return(shop: Site) -> None:
    """Amounts are whole numbers of the smallest part everywhere, and are never rounded to whole units."""
    # 2.5 % of 19.99 is 0.49975: 0.49. 1.5 stars for every 1.00 are 29.985: 29.9.
    paid = await shop.done("PUT", "/v1/orders/o1", order(1_999))
    assert paid["programs"][0]["points"] == {"cash": 49, "stars": 299}
    assert await wallets(shop) == {"cash": (2, 49, 49, 0), "stars": (1, 299, 299, 0)}
    told = (await shop.done("GET", "/v1/orders/o1/explanation"))["decisions"][-1]["explanation"]
    assert told["words"].startswith("Earned 0.49 cash and 29.9 stars. ")
    assert [rule["words"] for rule in told["rules"]] == [
        "Rule cash: 2.5 % of 19.99, rounded down = 0.49 points",
        "Rule stars: 1.5 points per 1.00 on 19.99, rounded down = 29.9 points",
    ]
    dear = {"id": "a1", "customer": "anna", "wallet": "cash", "points": -50, "reason": "x"}
    refused = (await shop.call("POST", "/v1/adjustments", dear)).json()
    assert refused["detail"] == "0.50 points are needed and 0.49 are available: 0.01 are missing."
    # 5.5 of the 29.9 stars.
    await shop.done("POST", "/v1/customers/anna/claims", {"id": "c1", "reward": "coffee"})
    # Half of 0.80 is 0.40, of the 0.49 there are; the order earns 0.02 and 1.2 stars.
    cart = {"lines": [{"id": "a", "sku": "a", "amount": 80, "quantity": 4}]}
    used = {"id": "r1", "customer": "anna", "order": "o2", "cart": cart, "points": [{"wallet": "cash"}]}
    quote = (await shop.done("POST", "/v1/redemptions", used))["quote"]
    assert quote["points"] == [{"wallet": "points/cash", "points": 40, "amount": 40}]
    assert (quote["to_pay"], [each["points"] for each in quote["earns"]]) == (40, [2, 12])
    await shop.done("PUT", "/v1/orders/o2", {"customer": "anna", "status": "paid", **cart})
    assert await wallets(shop) == {"cash": (2, 11, 51, 40), "stars": (1, 256, 311, 55)}
    # One of four units: 0.10 comes back, and of what was earned 0.3 stars go (0.005 of the cash do not).
    part = {"id": "b1", "lines": [{"line": "a", "quantity": 1}]}
    back = await shop.done("POST", "/v1/orders/o2/returns", part)
    assert back["programs"][0]["taken_back"] == {"stars": 3}
    assert await wallets(shop) == {"cash": (2, 21, 51, 30), "stars": (1, 253, 308, 55)}
    # With the rest everything is as it was before the order.
    await shop.done("POST", "/v1/orders/o2/returns", {"id": "b2"})
    assert await wallets(shop) == {"cash": (2, 49, 49, 0), "stars": (1, 244, 299, 55)}
    statement = (await shop.done("GET", "/v1/customers/anna/ledger"))["data"]
    cash, stars = (
        sorted(each["points"] for each in statement if each["wallet"] == name) for name in ("cash", "stars")
    )
    assert (sum(cash), stars) == (49, [-55, -9, -3, 12, 299])
