"""The last points of a member are spent once, however many want them at the same moment."""

from __future__ import annotations

from tests.races.caller import Call, Caller, all_at_once
from tests.races.shop import CLIENTS, Shop, adjustment, statuses


async def test_claims_race_for_the_last_points(shop: Shop, callers: list[Caller]) -> None:
    """5,350 points, 200 claims of 500: exactly ten succeed, 350 points are left, 190 hear why not."""
    await shop.give("anna", 5_350)
    calls = [
        Call("POST", "/v1/customers/anna/claims", {"id": f"claim-{number}", "reward": "five-off"})
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    assert statuses(replies) == {(201, None): 10, (409, "insufficient_points"): 190}
    left = sorted(reply.json["balances"][0]["available"] for reply in replies if reply.status == 201)
    assert left == [350 + 500 * number for number in range(10)]
    assert len({reply.json["voucher"]["code"] for reply in replies if reply.status == 201}) == 10
    assert len({reply.worker for reply in replies}) == 2
    assert await shop.balance("anna") == 350
    assert await shop.count("vouchers") == 10
    assert await shop.audit() == []


async def test_the_last_points_are_spent_in_any_way(shop: Shop, callers: list[Caller]) -> None:
    """Claims, transfers and corrections want 5,000 points at once: what was granted is gone, and no more."""
    await shop.give("anna", 5_000)
    await shop.give("ben", 0)
    calls: list[Call] = []
    prices: list[int] = []
    for number in range(CLIENTS):
        name = f"spend-{number}"
        gone = {"id": name, "from": "anna", "to": "ben", "wallet": "points", "points": 130, "reason": "r"}
        call, price = [
            (Call("POST", "/v1/customers/anna/claims", {"id": name, "reward": "five-off"}), 500),
            (Call("POST", "/v1/transfers", gone), 130),
            (Call("POST", "/v1/adjustments", adjustment(name, "anna", -70)), 70),
        ][number % 3]
        calls.append(call)
        prices.append(price)
    replies = await all_at_once(callers, calls)
    assert {reply.code for reply in replies} == {None, "insufficient_points"}
    spent = sum(price for reply, price in zip(replies, prices, strict=True) if reply.status == 201)
    moved = sum(
        price for reply, price in zip(replies, prices, strict=True) if reply.status == 201 and price == 130
    )
    left = await shop.balance("anna")
    assert left == 5_000 - spent
    assert 0 <= left < 70  # as long as 70 were left, a correction would have taken them
    assert await shop.balance("ben") == moved
    assert await shop.audit() == []
