"""The codes of a pool go to as many members as there are codes, and each to one of them."""

from __future__ import annotations

import itertools

import pytest

from tests.races.caller import Call, all_at_once, hang_up
from tests.races.served import Served
from tests.races.shop import CLIENTS, PROGRAM, open_shop, statuses

CODES = 60
POOL = f"""\
{PROGRAM}
campaigns:
  - id: mailing
    name: Mailing
    rewards:
      - id: free-shipping
        name: Free shipping
        codes: {{pattern: "SHIP-########"}}
        gives: [{{type: free_shipping}}]
"""

_numbers = itertools.count(1)


@pytest.mark.parametrize("buckets", [1, 4])
async def test_two_hundred_want_one_of_sixty_codes(two_workers: Served, buckets: int) -> None:
    """Sixty members have a code each, no code two members, and 140 hear that the pool is empty."""
    shop = await open_shop(two_workers, f"pool-{next(_numbers)}", POOL, buckets=buckets)
    for number in range(CLIENTS):
        await shop.give(f"c{number}", 0)
    await shop.do("POST", "/v1/vouchers/batches", {"id": "b", "reward": "free-shipping", "count": CODES})
    callers = await shop.callers()
    calls = [
        Call(
            "POST",
            "/v1/vouchers/assign",
            {"id": f"a{number}", "reward": "free-shipping", "customer": f"c{number}"},
        )
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    assert statuses(replies) == {(201, None): CODES, (409, "pool_empty"): CLIENTS - CODES}
    assert len({reply.json["voucher"]["code"] for reply in replies if reply.status == 201}) == CODES
    assert len({reply.worker for reply in replies}) == 2
    assert await shop.count("vouchers", "customer_id <> voucher_id") == CODES
    assert await shop.ask("select count(distinct customer_id) from vouchers") == CODES
    assert await shop.audit() == []
