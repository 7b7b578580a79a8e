"""Transfers, households, adjustments: points that move between members, with their dates."""

from __future__ import annotations

import pytest
from asyncpg import Connection

from perennial.flows.commands import PostAdjustment, PostTransfer, PutHousehold
from perennial.flows.customers.household import put_household
from perennial.flows.reading import read_customer
from perennial.flows.transfer import transfer
from perennial.store.audits.audit import audit
from perennial.units import DAY
from tests.flows.shop import START, Shop, available, decided, put_order

DATED = """
program: points
name: Points
time_zone: UTC
wallets:
  - {id: points, name: Points, expiry: {type: rolling, after: {days: 30}}}
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
"""


@pytest.fixture(params=[False, True], ids=["one bucket", "many"])
def shop(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    """Everybody in one bucket, or people in three and households in a fourth: it makes no difference."""
    return request.getfixturevalue("apart_shop") if request.param else shop


async def _available(shop: Shop, customer: str) -> int:
    view = await read_customer(shop.handler, shop.workspace_id, customer)
    return sum(wallet.available for wallet in view.wallets)


async def _audited(shop: Shop) -> None:
    async with shop.database.unbound() as conn:
        report = await audit(conn, shop.workspace_id)
    assert report.clean, report.broken


def _adjust(name: str, points: int) -> PostAdjustment:
    return PostAdjustment(
        id=name, customer="c1", at=START, wallet="points", points=points, reason="goodwill", actor="support"
    )


async def test_an_adjustment_credits_and_debits_but_not_below_zero(shop: Shop) -> None:
    """Staff may give and take; more than there is is refused with the numbers."""
    await shop.publish(DATED)
    await shop.order("o1", "c1", 1000)
    assert available(await shop.do(_adjust("a1", 90))) == 100
    assert available(await shop.do(_adjust("a2", -100))) == 0
    problem = await shop.refuse(_adjust("a3", -1))
    assert problem.code == "insufficient_points"
    await _audited(shop)


async def test_a_transfer_keeps_the_dates(shop: Shop) -> None:
    """200 of 1,000 points move once, and expire when they would have expired before."""
    await shop.publish(DATED)
    await shop.order("o1", "c1", 100_000)
    await shop.order("o2", "c2", 50_000)
    command = PostTransfer(id="t1", sender="c1", receiver="c2", at=START + DAY, wallet="points", points=200)
    await shop.advance(START + DAY)
    first = await transfer(shop.handler, shop.workspace_id, command)
    again = await transfer(shop.handler, shop.workspace_id, command)
    assert (first.status, again.status, again.body) == (201, 200, first.body)
    assert (await _available(shop, "c1"), await _available(shop, "c2")) == (800, 700)
    await shop.advance(START + 31 * DAY)
    assert (await _available(shop, "c1"), await _available(shop, "c2")) == (0, 0)
    await _audited(shop)


async def test_a_transfer_beyond_the_balance_moves_nothing(shop: Shop) -> None:
    """The refusal has the numbers, and both balances stay."""
    await shop.publish(DATED)
    await shop.order("o1", "c1", 10_000)
    await shop.order("o2", "c2", 0)
    command = PostTransfer(id="t1", sender="c1", receiver="c2", at=START, wallet="points", points=101)
    answer = await transfer(shop.handler, shop.workspace_id, command)
    assert answer.status == 409
    assert (await _available(shop, "c1"), await _available(shop, "c2")) == (100, 0)


async def test_a_household_pools_what_its_members_bring_and_earn(shop: Shop) -> None:
    """Both see one balance; a return after pooling takes back from the pooled lots."""
    await shop.publish(DATED)
    await shop.order("o1", "c1", 10_000)
    await shop.order("o2", "c2", 20_000)
    for customer in ("c1", "c2"):
        pooled = await put_household(
            shop.handler, shop.workspace_id, PutHousehold(customer=customer, household="home")
        )
        assert pooled.status == 200, pooled.body
    assert (await _available(shop, "c1"), await _available(shop, "c2")) == (300, 300)
    assert available(await shop.order("o3", "c2", 5_000)) == 350
    assert available(await shop.give_back("r1", "o1", "c1")) == 250
    await _audited(shop)


async def test_who_leaves_a_household_goes_with_empty_hands(shop: Shop) -> None:
    """The balance stays with the household."""
    await shop.publish(DATED)
    await shop.order("o1", "c1", 10_000)
    for household in ("home", None):
        command = PutHousehold(customer="c1", household=household)
        await put_household(shop.handler, shop.workspace_id, command)
    assert await _available(shop, "c1") == 0
    assert available(decided(await shop.send(put_order("o2", "c1", 1_000)))) == 10
    await _audited(shop)


async def test_an_edit_nets_even_where_returns_forgive(shop: Shop) -> None:
    """Under ``only_pending`` spent points are forgiven on a return, but not earned twice by an edit."""
    await shop.publish(DATED.replace("name: Points, expiry", "name: Points, refunds: only_pending, expiry"))
    await shop.order("o1", "c1", 2300)
    assert available(await shop.do(_adjust("a1", -23))) == 0
    assert available(await shop.order("o1", "c1", 2900)) == 6
    await _audited(shop)


BY_BALANCE = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: welcome, type: fixed, trigger: tier.entered, points: 7}
tiers:
  lasts: while_reached
  metrics: [{id: held, balance: points}]
  levels:
    - {id: silver, name: Silver, reach: {held: 150}}
"""


async def test_a_tier_by_balance_follows_into_a_household_and_out(shop: Shop, owner: Connection) -> None:
    """90 and 80 are 170 together: who enters as the second is silver; who leaves with nothing is not."""
    await shop.publish(BY_BALANCE)
    await shop.order("o1", "anna", 9_000)
    await shop.order("o2", "ben", 8_000)
    tiers = []
    for customer, household in (("anna", "home"), ("ben", "home"), ("ben", None), ("ben", None)):
        command = PutHousehold(customer=customer, household=household)
        assert (await put_household(shop.handler, shop.workspace_id, command)).status == 200
        view = await read_customer(shop.handler, shop.workspace_id, customer)
        tiers.append((view.memberships[0].tier, sum(wallet.available for wallet in view.wallets)))
    assert tiers == [(None, 90), ("silver", 177), (None, 0), (None, 0)]
    kinds = "select kind from events where workspace_id = $1 and kind in (12, 23) order by operation_id"
    assert [kind for (kind,) in await owner.fetch(kinds, shop.workspace_id)] == [12, 12, 23]
    assert (await audit(owner, shop.workspace_id)).broken == ()
