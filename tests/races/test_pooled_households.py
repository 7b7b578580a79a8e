"""People of a household want the last of a limit that they share: all at once, and with the walls down."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import msgspec
import pytest

from perennial.flows.commands import JoinProgram, PostClaim, PutHousehold
from perennial.flows.customers.household import put_household
from tests.races.caller import Call, all_at_once, hang_up
from tests.races.served import Served
from tests.races.shop import CLIENTS, PROGRAM, open_shop, order, statuses
from tests.races.test_controls import (
    CHECKS,
    FLOORS,
    LIMIT_CAP,
    LIMIT_CHECK,
    LOCK,
    Rivals,
    Wall,
    adjustment,
    connected_rivals,
    gift,
    meet,
)
from tests.races.test_controls import CLIENTS as RIVALS
from tests.races.test_crossing import household_call

SHARED = f"""\
{PROGRAM}\
  - {{id: gift, type: fixed, trigger: gift.asked, points: 10, limits: [{{times: 3}}]}}
  - {{id: many, type: fixed, trigger: order.paid, points: 1000, limits: [{{times: 3}}]}}
tiers:
  metrics: [{{id: spend, measure: orders.net}}]
  levels: [{{id: gold, name: Gold, reach: {{spend: 10000}}}}]
  lasts: life
pool: all
"""

_numbers = itertools.count(1)


@pytest.fixture(params=[1, 4], ids=["one bucket", "four"])
async def at_home(url: str, request: pytest.FixtureRequest) -> AsyncIterator[Rivals]:
    """Twelve clients, one for each of twelve people who live together, of one bucket or of four."""
    async with connected_rivals(url, SHARED, request.param) as rivals:
        for number in range(RIVALS):
            await rivals.do(JoinProgram(customer=f"c{number}", program="points", source="test", at=None))
            command = PutHousehold(customer=f"c{number}", household="home")
            assert (await put_household(rivals.handlers[0], rivals.workspace_id, command)).status == 200
        yield rivals


@pytest.mark.parametrize(
    ("down", "times"),
    [
        ((), 3),
        ((LIMIT_CAP, LIMIT_CHECK), 3),
        ((LOCK, LIMIT_CHECK), 3),
        ((LOCK, LIMIT_CAP), 3),
        ((LOCK, LIMIT_CAP, LIMIT_CHECK), RIVALS),
    ],
    ids=["all stand", "the lock stands", "the cap stands", "the check stands", "none stands"],
)
async def test_the_last_of_a_shared_limit(
    at_home: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], times: int
) -> None:
    """Three gifts for all twelve: three behind any wall, and one for each of them behind none."""
    for wall in down:
        await at_home.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    await at_home.race([gift(f"gift-{number}", f"c{number}") for number in range(RIVALS)])
    assert await at_home.ask("select sum(balance) from wallets") == 10 * times
    home = "customer_id = (select customer_id from customers where external_id = 'home')"
    assert await at_home.ask(f"select max(used) from limit_uses where {home}") == times
    assert await at_home.ask(f"select sum(used) from limit_uses where not {home}") == times


@pytest.mark.parametrize(
    ("down", "claimed"),
    [
        ((), 2),
        ((FLOORS, CHECKS), 2),
        ((LOCK, CHECKS), 2),
        ((LOCK, FLOORS), 2),
        ((LOCK, FLOORS, CHECKS), RIVALS),
    ],
    ids=["all stand", "the lock stands", "the floors stand", "the checks stand", "none stands"],
)
async def test_the_last_points_of_all(
    at_home: Rivals, monkeypatch: pytest.MonkeyPatch, down: tuple[Wall, ...], claimed: int
) -> None:
    """1,250 points of all twelve, twelve claims of 500: two behind any wall, all twelve behind none."""
    credit = msgspec.structs.replace(adjustment("start", 1_250), customer="c1")
    await at_home.do(credit)
    for wall in down:
        await at_home.take_down(wall, monkeypatch)
    meet(monkeypatch, down)
    claims = [PostClaim(id=f"k{n}", customer=f"c{n}", at=None, reward="five-off") for n in range(RIVALS)]
    assert await at_home.race(claims) == claimed
    left = 1_250 - 500 * claimed
    home = "customer_id = (select customer_id from customers where external_id = 'home')"
    assert await at_home.ask(f"select balance from wallets where {home}") == left
    assert await at_home.ask("select sum(balance) from wallets") == left
    assert await at_home.ask("select sum(remaining) from lots") == left
    assert await at_home.ask("select count(*) from vouchers") == claimed


@pytest.mark.parametrize("buckets", [1, 8])
async def test_parallel_orders_of_two_people(two_workers: Served, buckets: int) -> None:
    """200 orders of 1.00 by Anna and Ben on two workers: three bring 1,000, and the 100th makes both gold."""
    shop = await open_shop(two_workers, f"pooled-{next(_numbers)}", SHARED, buckets=buckets)
    for name in ("anna", "ben"):
        await shop.give(name, 0)
        await shop.do("PUT", f"/v1/customers/{name}", {"household": "home"})
    before = await shop.deadlocks()
    callers = await shop.callers()
    calls = [
        Call("PUT", f"/v1/orders/o{number}", order("ben" if number % 2 else "anna", 100))
        for number in range(CLIENTS)
    ]
    replies = await all_at_once(callers, calls)
    await hang_up(callers)
    assert [reply.status for reply in replies] == [201] * CLIENTS
    assert len({reply.worker for reply in replies}) == 2
    assert await shop.balance("anna") == CLIENTS + 3 * 1_000
    tiers = [(await shop.do("GET", f"/v1/customers/{name}"))["memberships"][0] for name in ("anna", "ben")]
    assert [each["tier"] for each in tiers] == ["gold", "gold"]
    assert tiers[0]["tier_since"] == tiers[1]["tier_since"]
    assert await shop.count("tier_moves") == 2
    assert await shop.deadlocks() == before
    assert await shop.audit() == []


@pytest.mark.parametrize("buckets", [1, 8])
async def test_a_household_that_shares_is_used_from_all_sides(two_workers: Served, buckets: int) -> None:
    """Orders, returns, claims, corrections and somebody who enters: one tier, and no deadlock."""
    shop = await open_shop(two_workers, f"pooled-{next(_numbers)}", SHARED, buckets=buckets)
    for number in range(5):
        await shop.give(f"c{number}", 1_000)
    for number in range(4):
        await shop.do("PUT", f"/v1/customers/c{number}", {"household": "h"})
    for number in range(40):
        await shop.do("PUT", f"/v1/orders/before-{number}", order(f"c{number % 4}", 2_000, 1_000))
    before = await shop.deadlocks()
    callers = await shop.callers()
    replies = await all_at_once(callers, [household_call(number) for number in range(CLIENTS)])
    await hang_up(callers)
    assert {status for status, _ in statuses(replies)} <= {200, 201, 409}
    assert {reply.code for reply in replies} <= {None, "insufficient_points"}
    places = [(await shop.do("GET", f"/v1/customers/c{number}"))["memberships"][0] for number in range(5)]
    assert {(each["tier"], each["household"], each["tier_since"]) for each in places} == {
        ("gold", "h", places[0]["tier_since"])
    }
    home = "customer_id = (select customer_id from customers where external_id = 'h')"
    assert await shop.ask(f"select max(used) from limit_uses where {home} and cap = 3") == 3
    assert await shop.ask(f"select sum(used) from limit_uses where not {home} and cap = 3") <= 3 + 3
    others = "customer_id <> (select customer_id from customers where external_id = 'c4')"
    used = f"select sum(used) from limit_uses where not {home} and {others} and cap = 3"
    assert await shop.ask(used) == 3  # what the fifth had used alone, before entering, is its own
    assert await shop.deadlocks() == before
    assert await shop.audit() == []
