"""What all members together may get is given out to the last point, and not one point more."""

from __future__ import annotations

import itertools

import pytest

from tests.races.caller import Call, all_at_once, hang_up
from tests.races.served import Served
from tests.races.shop import CLIENTS, LIMITED, open_shop

LIMIT = 777

_numbers = itertools.count(1)


@pytest.mark.parametrize("buckets", [1, 4])
@pytest.mark.parametrize(("event", "granted"), [("gift.asked", 777), ("ticket.asked", 770)])
async def test_two_hundred_members_want_the_last_of_it(
    two_workers: Served, buckets: int, event: str, granted: int
) -> None:
    """777 points in total, 200 members ask for 10 each: 77 get them; what is left is cut to, or refused."""
    code = f"limit-{next(_numbers)}"
    shop = await open_shop(two_workers, code, LIMITED, buckets=buckets)
    callers = await shop.callers()
    calls = [
        Call("POST", "/v1/events", {"type": event, "customer": f"c{number}", "id": f"e{number}"})
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    assert [reply.status for reply in replies] == [201] * CLIENTS
    assert len({reply.worker for reply in replies}) == 2
    points = sorted(
        (reply.json["balances"][0]["available"] for reply in replies),
        reverse=True,
    )
    rest = [LIMIT - 770] if granted == LIMIT else [0]
    assert points == [10] * 77 + rest + [0] * 122
    assert await shop.ask("select used from budgets where used > 0") == granted
    assert await shop.ask("select sum(balance) from wallets") == granted
    assert await shop.count("customers") == CLIENTS
    assert await shop.ask("select count(distinct bucket) from customers") == buckets
    assert await shop.audit() == []
