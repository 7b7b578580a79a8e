"""One stock item and one pool of codes: 200 clients want the last of it, and as many get it as there are."""

from __future__ import annotations

import itertools

import pytest

from tests.races.caller import Call, Caller, all_at_once, hang_up
from tests.races.served import Served
from tests.races.shop import CLIENTS, Shop, open_shop

PROGRAM = """\
program: points
name: Points
currency: USD
wallets:
  - {id: points, name: Points}
earning_rules:
  - {id: start, type: fixed, trigger: member.joined, points: 100}
rewards:
  - id: mug
    name: A mug
    price: 10
    gives: [{type: physical, sku: mug, stock: 12}]
  - id: partner
    name: A partner's coupon
    price: 10
    gives: [{type: coupon, pool: pool}]
  - id: pool
    name: A code of the pool
    codes: {pattern: "P-##########", bound: true}
    gives: [{type: free_shipping}]
"""

STOCK = 12
_numbers = itertools.count(1)


async def joined(shop: Shop) -> list[Caller]:
    """Let every client join, which gives 100 points, and return their connections."""
    callers = await shop.callers()
    joining = [
        Call("POST", f"/v1/customers/c{number}/memberships", {"program": "points"})
        for number in range(CLIENTS)
    ]
    assert {reply.status for reply in await all_at_once(callers, joining)} <= {200, 201}
    return callers


@pytest.mark.parametrize("buckets", [1, 4])
async def test_two_hundred_clients_want_the_last_of_a_stock(two_workers: Served, buckets: int) -> None:
    """12 mugs and 12 codes: 12 claims of each are granted, the others are refused and keep their points."""
    shop = await open_shop(two_workers, f"stock-{next(_numbers)}", PROGRAM, buckets=buckets)
    callers = await joined(shop)
    await shop.do("POST", "/v1/vouchers/batches", {"id": "b1", "reward": "pool", "count": STOCK})
    for reward in ("mug", "partner"):
        calls = [
            Call("POST", f"/v1/customers/c{number}/claims", {"id": f"{reward}-{number}", "reward": reward})
            for number in range(CLIENTS)
        ]
        replies = await all_at_once(callers, calls)
        answers = [(reply.status, reply.code) for reply in replies]
        assert set(answers) == {(201, None), (409, "out_of_stock")}
        assert answers.count((201, None)) == STOCK
    await hang_up(callers)
    assert await shop.count("entitlements", "kind = 'physical'") == STOCK
    assert await shop.ask("select sum(used) from budgets") == STOCK
    codes = "select count(distinct voucher_id) from vouchers where customer_id <> voucher_id"
    assert await shop.ask(codes) == STOCK
    assert await shop.ask("select sum(balance) from wallets") == 100 * CLIENTS - 2 * 10 * STOCK
    assert await shop.audit() == []


@pytest.mark.torture
@pytest.mark.parametrize("buckets", [1, 4])
async def test_what_comes_back_to_the_stock_is_given_again(
    two_workers: Served, buckets: int, rounds: int
) -> None:
    """12 of 200 get a mug, in every round; what they cancel comes back, with its points."""
    shop = await open_shop(two_workers, f"stock-{next(_numbers)}", PROGRAM, buckets=buckets)
    callers = await joined(shop)
    for round_ in range(rounds):
        calls = [
            Call("POST", f"/v1/customers/c{number}/claims", {"id": f"r{round_}-{number}", "reward": "mug"})
            for number in range(CLIENTS)
        ]
        replies = await all_at_once(callers, calls)
        granted = [reply.json["entitlements"][0]["id"] for reply in replies if reply.status == 201]
        refused = [reply.code for reply in replies if reply.status != 201]
        assert (len(granted), set(refused)) == (STOCK, {"out_of_stock"})
        assert await shop.ask("select sum(used) from budgets") == STOCK
        back = {"state": "canceled", "reason": "for the next round"}
        canceled = [Call("POST", f"/v1/entitlements/{each}/state", back) for each in granted]
        replies = await all_at_once(callers[:STOCK], canceled)
        assert {reply.status for reply in replies} == {200}
        assert await shop.ask("select sum(used) from budgets") == 0
    await hang_up(callers)
    assert await shop.ask("select sum(balance) from wallets") == 100 * CLIENTS
    assert await shop.audit() == []
