"""The first so many customers, the last of a reward, a device's share: exact among 200 clients at once."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from tests.races.caller import Call, Caller, all_at_once, hang_up
from tests.races.served import Served
from tests.races.shop import CLIENTS, open_shop

PROGRAM = """\
program: points
name: Points
currency: USD
wallets:
  - {id: points, name: Points}
declarations:
  events:
    gift.asked: {attributes: {device: {type: text}}}
earning_rules:
  - {id: start, type: fixed, trigger: member.joined, points: 100}
  - id: gift
    type: fixed
    trigger: gift.asked
    points: 1
    limits: [{times: 3, per: attribute, attribute: device, every: year}]
rewards:
  - id: last
    name: The last ones
    price: 1
    gives: [{type: free_shipping}]
    limits: [{times: 50, per: total}]
  - id: first
    name: The first ones
    price: 1
    gives: [{type: free_shipping}]
    limits: [{customers: 50, per: total}]
"""

_numbers = itertools.count(1)


async def claim(callers: list[Caller], reward: str, round_: int) -> list[int]:
    """Let every client claim for a member of its own, all at once; return who got it."""
    calls = [
        Call(
            "POST", f"/v1/customers/c{number}/claims", {"id": f"{reward}-{round_}-{number}", "reward": reward}
        )
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    answers = {(reply.status, reply.code) for reply in replies}
    assert answers <= {(201, None), (409, "limit_reached")}, answers
    return [number for number, reply in enumerate(replies) if reply.status == 201]


@pytest.mark.parametrize("buckets", [1, 4])
async def test_two_hundred_clients_at_a_limit(two_workers: Served, buckets: int) -> None:
    """Of 50 claims 50 are given; of 50 customers 50 are in, and those, and only those, get it again."""
    shop = await open_shop(two_workers, f"budgets-{next(_numbers)}", PROGRAM, buckets=buckets)
    callers = await shop.callers()
    joining = [
        Call("POST", f"/v1/customers/c{number}/memberships", {"program": "points"})
        for number in range(CLIENTS)
    ]
    assert {reply.status for reply in await all_at_once(callers, joining)} <= {200, 201}
    assert len(await claim(callers, "last", 1)) == 50
    assert await claim(callers, "last", 2) == []
    first = await claim(callers, "first", 1)
    assert len(first) == 50
    assert await claim(callers, "first", 2) == first
    await hang_up(callers)
    assert await shop.count("vouchers") == 150
    assert await shop.ask("select sum(used) from budgets") == 100
    assert await shop.ask("select sum(used) from budget_days") == 100
    assert await shop.count("limit_uses", "used = 2") == 50
    assert await shop.audit() == []


async def test_two_hundred_clients_on_twenty_devices(two_workers: Served) -> None:
    """Ten clients ask on each of 20 devices, of which each may be used three times: 60 get it."""
    shop = await open_shop(two_workers, f"budgets-{next(_numbers)}", PROGRAM, buckets=4)
    callers = await shop.callers()
    calls = [
        Call(
            "POST",
            "/v1/events",
            {
                "type": "gift.asked",
                "customer": f"c{number}",
                "id": f"e{number}",
                "attributes": {"device": f"d{number % 20}"},
            },
        )
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    assert {reply.status for reply in replies} == {201}
    got = Counter(
        number % 20 for number, reply in enumerate(replies) if reply.json["balances"][0]["available"] == 101
    )
    assert got == dict.fromkeys(range(20), 3)
    assert await shop.count("budgets", "used = 3 and limit_id is not null and holder is null") == 20
    assert await shop.count("budget_days") == 0
    assert await shop.audit() == []


SPENDING = """\
program: spending
name: Spending
currency: USD
wallets:
  - {id: points, name: Points, pays: {amount: 1}, spending: [{points: 1777, per: total}]}
earning_rules:
  - {id: start, type: fixed, trigger: member.joined, points: 100}
rewards:
  - {id: tea, name: Tea, price: 100, gives: [{type: free_shipping}]}
"""


async def test_two_hundred_clients_spend_at_once(two_workers: Served) -> None:
    """Of 1,777 points that may be spent, claims (whole) and payments (cut) spend exactly all."""
    shop = await open_shop(two_workers, f"budgets-{next(_numbers)}", SPENDING, buckets=4)
    callers = await shop.callers()
    names = [f"c{number}" for number in range(CLIENTS)]
    joining = [Call("POST", f"/v1/customers/{name}/memberships", {"program": "spending"}) for name in names]
    assert {reply.status for reply in await all_at_once(callers, joining)} <= {200, 201}
    cart = {"lines": [{"sku": "tea", "amount": 900}]}
    paying = {"points": [{"wallet": "points"}], "cart": cart}
    calls = [
        Call("POST", f"/v1/customers/{name}/claims", {"id": f"claim-{name}", "reward": "tea"})
        if number % 2
        else Call("POST", "/v1/redemptions", {"id": f"r-{name}", "customer": name, **paying})
        for number, name in enumerate(names)
    ]
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    answers = {(reply.status, reply.code) for reply in replies}
    assert answers <= {(201, None), (409, "limit_reached")}, answers
    claims = sum(reply.status == 201 for reply in replies[1::2])
    paid = sum(reply.json["quote"]["points"][0]["points"] for reply in replies[::2] if reply.status == 201)
    assert 100 * claims + paid == await shop.ask("select sum(used) from budgets")
    assert await shop.ask("select sum(used) from budgets") == 1777
    assert await shop.ask("select sum(balance) from wallets") == 100 * CLIENTS - 1777
    assert await shop.audit() == []


UNITS = """\
program: units
name: Units
currency: USD
wallets: [{id: points, name: Points}]
rewards:
  - id: half
    name: Half price
    codes: {shared: HALF}
    gives: [{type: percent_off, percent: "50", target: units}]
    limits: [{units: 50, per: total}]
"""


async def test_two_hundred_clients_want_the_last_of_each_product(two_workers: Served) -> None:
    """Of 50 teas and 50 mugs at half price in all, and three of each a member, none is given twice."""
    limits = "[{units: 50, per: total, by_product: true}, {units: 3, by_product: true}]"
    program = UNITS.replace("[{units: 50, per: total}]", limits)
    shop = await open_shop(two_workers, f"budgets-{next(_numbers)}", program, buckets=4)
    callers = await shop.callers()
    lines = [{"sku": sku, "amount": 400, "quantity": 2} for sku in ("tea", "mug")]
    calls = [
        Call(
            "POST",
            "/v1/redemptions",
            {
                "id": f"r{number}",
                "customer": f"c{number % 100}",
                "redeem": [{"code": "HALF"}],
                "cart": {"lines": lines[number % 3 % 2 :]},
            },
        )
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    assert {reply.status for reply in replies} <= {201, 409}
    given = sum(reply.json["quote"]["discount_total"] for reply in replies if reply.status == 201)
    assert given == 100 * await shop.ask("select sum(used) from budgets") == 100 * 100
    assert await shop.ask("select sum(used) from limit_uses") == 100
    assert await shop.ask("select max(used) from limit_uses") <= 3
    assert await shop.ask("select count(*) from budgets where used = 50 and holder in ('tea', 'mug')") == 2
    assert await shop.audit() == []


async def test_two_hundred_clients_want_the_last_units(two_workers: Served) -> None:
    """Of 50 units at half price 16 carts get three each, one gets two, and the others none."""
    shop = await open_shop(two_workers, f"budgets-{next(_numbers)}", UNITS, buckets=4)
    callers = await shop.callers()
    cart = {"lines": [{"sku": "tea", "amount": 600, "quantity": 3}]}
    calls = [
        Call("POST", "/v1/redemptions", {"id": f"r{number}", "redeem": [{"code": "HALF"}], "cart": cart})
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    assert {reply.status for reply in replies} <= {201, 409}
    got = Counter(reply.json["quote"]["discount_total"] for reply in replies if reply.status == 201)
    assert (got[300], got[200], got.keys() - {0}) == (16, 1, {300, 200})
    assert await shop.ask("select sum(used) from budgets") == 50
    assert await shop.audit() == []
