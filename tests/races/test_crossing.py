"""Work that needs several members at once, in opposite orders: nothing is stuck, and the sums are exact."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.races.caller import Call, Caller, all_at_once, hang_up
from tests.races.served import Served
from tests.races.shop import CLIENTS, PROGRAM, Shop, adjustment, open_shop, order, statuses


def transfer(name: str, sender: str, receiver: str, points: int) -> Call:
    """Return a transfer."""
    body = {"id": name, "from": sender, "to": receiver, "wallet": "points", "points": points, "reason": "r"}
    return Call("POST", "/v1/transfers", body)


async def test_transfers_in_opposite_directions(shop: Shop, callers: list[Caller]) -> None:
    """100 from Anna to Ben meet 100 from Ben to Anna: all succeed, without one deadlock."""
    await shop.give("anna", 10_000)
    await shop.give("ben", 10_000)
    before = await shop.deadlocks()
    calls = [
        transfer(f"t{number}", *(("anna", "ben", 7) if number % 4 < 2 else ("ben", "anna", 5)))
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    assert statuses(replies) == {(201, None): CLIENTS}
    assert (await shop.balance("anna"), await shop.balance("ben")) == (9_800, 10_200)
    assert await shop.deadlocks() == before
    assert await shop.audit() == []


async def test_transfers_between_buckets_beside_a_shared_budget(wide_shop: Shop) -> None:
    """Transfers through all buckets, both ways, while everybody uses one budget: no deadlock."""
    shop, members = wide_shop, [f"m{number}" for number in range(16)]
    for name in members:
        await shop.give(name, 1_000)
    assert await shop.ask("select count(distinct bucket) from customers") == 8
    before = await shop.deadlocks()
    callers = await shop.callers()
    calls = []
    for number in range(CLIENTS):
        here, there = members[number % 16], members[(number + 1 + number // 16) % 16]
        if number % 3 == 2:
            body = {"type": "gift.asked", "customer": here, "id": f"e{number}"}
            calls.append(Call("POST", "/v1/events", body))
        else:
            pair = (here, there) if number % 3 else (there, here)
            calls.append(transfer(f"t{number}", *pair, 3))
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    expected: Counter[str] = Counter(dict.fromkeys(members, 1_000))
    for call, reply in zip(calls, replies, strict=True):
        if call.path == "/v1/events":
            expected[call.body["customer"]] += 10
        elif reply.status == 201:
            expected[call.body["from"]] -= 3
            expected[call.body["to"]] += 3
    assert set(statuses(replies)) <= {(201, None), (409, "same_wallet")}
    assert {name: await shop.balance(name) for name in members} == dict(expected)
    assert await shop.deadlocks() == before
    assert await shop.audit() == []


@pytest.mark.parametrize("buckets", [1, 8])
async def test_a_household_is_founded_once(two_workers: Served, buckets: int) -> None:
    """Twenty members enter one new household at once: it is founded once, and holds what all of them had."""
    shop = await open_shop(two_workers, f"founded-{buckets}", buckets=buckets)
    callers = await shop.callers()
    for number in range(20):
        await shop.give(f"c{number}", 100 + number)
    calls = [Call("PUT", f"/v1/customers/c{number % 20}", {"household": "h"}) for number in range(CLIENTS)]
    replies = await all_at_once(callers, calls)
    assert statuses(replies) == {(200, None): CLIENTS}
    await hang_up(callers)
    assert await shop.count("customers") == 21
    assert {await shop.balance(f"c{number}") for number in range(20)} == {sum(range(100, 120))}
    assert await shop.audit() == []


@pytest.mark.parametrize("buckets", [1, 8])
async def test_a_household_is_used_from_all_sides(two_workers: Served, buckets: int) -> None:
    """Orders, returns, claims, corrections and a member who enters, all of one household, all at once.

    A household is locked after its members, of whichever buckets, also by who enters it: no deadlock.
    """
    shop = await open_shop(two_workers, f"from-all-sides-{buckets}", buckets=buckets)
    callers = await shop.callers()
    for number in range(5):
        await shop.give(f"c{number}", 1_000)
    for number in range(4):
        await shop.do("PUT", f"/v1/customers/c{number}", {"household": "h"})
    for number in range(40):
        await shop.do("PUT", f"/v1/orders/before-{number}", order(f"c{number % 4}", 2_000, 1_000))
    start = 4_000 + 40 * 30
    assert await shop.balance("c3") == start
    before = await shop.deadlocks()
    replies = await all_at_once(callers, [household_call(number) for number in range(CLIENTS)])
    await hang_up(callers)
    assert {status for status, _ in statuses(replies)} <= {200, 201, 409}
    balance, claims = start + 1_000, 0
    for number, reply in enumerate(replies):
        assert reply.code in {None, "insufficient_points"}, reply.body
        if reply.code is None:
            balance += [12, -10, -500, -3, 0][number % 5]
            claims += number % 5 == 2
    assert await shop.audit() == []
    # What a return could not take back, for want of points, is kept to be netted from later awards.
    short = await shop.ask("select shortfall from wallets order by balance desc limit 1")
    assert {await shop.balance(f"c{number}") for number in range(5)} == {balance + short}
    assert await shop.count("vouchers") == claims
    assert 9 <= claims <= 13  # what there was before at least, and at most with all that came
    assert await shop.deadlocks() == before
    assert await shop.audit() == []


@pytest.mark.parametrize("pool", ["wallets", "all"])
async def test_households_of_all_buckets_cross(two_workers: Served, pool: str) -> None:
    """Eight households of two each, and everything between them at once: sums are exact, nothing is stuck.

    Each of the two is of another bucket, and so is nearly every household of those who send points; people
    move out and in, and one segment goes by the common wallet.
    """
    shop = await open_shop(two_workers, f"crossed-{pool}", f"{PROGRAM}pool: {pool}\n", buckets=8)
    rich = {"name": "Rich", "when": {"fact": "wallet.points.balance", "at_least": 1_000}}
    await shop.do("PUT", "/v1/segments/rich", rich)
    members = [f"m{number}" for number in range(16)]
    for number, name in enumerate(members):
        await shop.give(name, 1_000)
        await shop.do("PUT", f"/v1/customers/{name}", {"household": f"h{number % 8}"})
    before = await shop.deadlocks()
    callers = await shop.callers()
    calls = []
    for number in range(CLIENTS):
        here, there = members[number % 16], members[(number * 7 + 1 + number // 16) % 16]
        match number % 5:
            case 0 | 1:
                calls.append(transfer(f"t{number}", here, there, 3))
            case 2:
                calls.append(Call("PUT", f"/v1/orders/o{number}", order(here, 500)))
            case 3:
                claim = {"id": f"k{number}", "reward": "five-off"}
                calls.append(Call("POST", f"/v1/customers/{here}/claims", claim))
            case _:
                home = None if number % 2 else f"h{number % 16 % 8}"
                calls.append(Call("PUT", f"/v1/customers/{here}", {"household": home}))
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    assert {reply.code for reply in replies} <= {
        None, "insufficient_points", "same_wallet", "nothing_moved"
    }, statuses(replies)  # fmt: skip
    expected = 16_000
    for call, reply in zip(calls, replies, strict=True):
        if reply.status == 201 and "/orders/" in call.path:
            expected += 5
        elif reply.status == 201 and call.path.endswith("/claims"):
            expected -= 500
    assert await shop.ask("select sum(balance)::bigint from wallets") == expected
    assert await shop.deadlocks() == before
    assert await shop.audit() == []


def household_call(number: int) -> Call:
    """Return the call of one of 200 clients: what it does to the balance is in the test above."""
    member = f"c{number % 4}"
    match number % 5:
        case 0:
            return Call("PUT", f"/v1/orders/new-{number}", order(member, 1_250))
        case 1:
            back: dict[str, Any] = {"id": f"r-{number}", "lines": [{"line": "2", "quantity": 1}]}
            return Call("POST", f"/v1/orders/before-{number // 5}/returns", back)
        case 2:
            return Call("POST", f"/v1/customers/{member}/claims", {"id": f"k-{number}", "reward": "five-off"})
        case 3:
            return Call("POST", "/v1/adjustments", adjustment(f"a-{number}", member, -3))
    if number % 2:
        return Call("PUT", f"/v1/orders/late-{number}", order("c4", 10))
    return Call("PUT", "/v1/customers/c4", {"household": "h"})
