"""Who leaves a household leaves the points there: what becomes of them, and of the orders from before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest
from asyncpg import Connection

from perennial.core.entitlements import EntitlementState
from perennial.flows.answers import Answer
from perennial.flows.commands import (
    ChangeEntitlement,
    JoinProgram,
    MergeCustomers,
    PostAdjustment,
    PostClaim,
    PostReturn,
    PutHousehold,
    PutOrder,
)
from perennial.flows.customers.erase import erase_customer
from perennial.flows.customers.household import put_household
from perennial.flows.customers.merging import merge_customers
from perennial.flows.handle_events import Handler
from perennial.flows.handling import load_batch
from perennial.flows.order_views import read_order
from perennial.flows.reading import read_customer
from perennial.flows.referring.refer import Refer, refer
from perennial.flows.referring.settle_referrals import settle_referrals
from perennial.store.audits.audit import audit
from perennial.units import DAY, bucket_of
from tests.codebook import CODEBOOK
from tests.flows.merges import merge, two_names
from tests.flows.shop import START, Shop, available, put_order
from tests.flows.sound import is_sound
from tests.flows.test_referrals import PROGRAM as REFERRALS
from tests.flows.test_referrals import balance
from tests.flows.test_wallets import BY_BALANCE, DATED

WAITING = DATED.replace("name: Points, expiry", "name: Points, pending: {type: fulfillment}, expiry")
OWED = DATED.replace("name: Points, expiry", "name: Points, refunds: unlimited, expiry")
KEPT = DATED.replace("name: Points, expiry", "name: Points, refunds: only_pending, expiry")
MUGS = (
    DATED
    + """
rewards:
  - {id: mug, name: Mug, price: 60, gives: [{type: physical, sku: mug}]}
"""
)


@pytest.fixture(params=[False, True], ids=["one bucket", "many"])
def shop(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    """Everybody in one bucket, or people in three and households in a fourth: it makes no difference."""
    return request.getfixturevalue("apart_shop") if request.param else shop


async def _live(shop: Shop, customer: str, household: str | None) -> None:
    command = PutHousehold(customer=customer, household=household)
    assert (await put_household(shop.handler, shop.workspace_id, command)).status == 200


async def _join(shop: Shop, household: str, *customers: str) -> None:
    """Let customers become members by an order that earns nothing, and enter a household."""
    for customer in customers:
        await shop.order(f"first-{customer}", customer, 0)
        await _live(shop, customer, household)


async def _figures(shop: Shop, customer: str) -> tuple[int, int, int]:
    """Return what is available, pending and owed."""
    view = await read_customer(shop.handler, shop.workspace_id, customer)
    wallet = view.wallets[0]
    return wallet.available, wallet.pending, wallet.debt


async def _books(owner: Connection, shop: Shop) -> list[tuple[int, int, int]]:
    """Return balance, shortfall and debt of every wallet that has anything, the largest first."""
    report = await audit(owner, shop.workspace_id)
    assert report.clean, report.broken
    rows = await owner.fetch(
        "select balance, shortfall, debt from wallets where workspace_id = $1 order by 1 desc, 2 desc",
        shop.workspace_id,
    )
    return [each for row in rows if any(each := tuple(row))]


@pytest.mark.parametrize("leaves_first", [True, False])
async def test_a_return_takes_back_from_where_the_points_are(
    shop: Shop, owner: Connection, leaves_first: bool
) -> None:
    """Whether somebody leaves and then returns, or returns and then leaves: the household has the same."""
    await shop.publish(DATED)
    await shop.order("o1", "anna", 10_000)
    await _join(shop, "home", "anna", "ben")
    await shop.order("o2", "anna", 20_000)
    await shop.order("o3", "ben", 5_000)
    if leaves_first:
        await _live(shop, "anna", None)
    for order in ("o1", "o2"):
        back = await shop.give_back(f"r-{order}", order, "anna")
        assert back.programs[0].taken_back == {"points": 100 if order == "o1" else 200}
    if not leaves_first:
        await _live(shop, "anna", None)
    assert {(await read_order(shop.handler, shop.workspace_id, each)).kept_by for each in ("o1", "o2")} == {
        "home"
    }
    assert (await read_order(shop.handler, shop.workspace_id, "o3")).kept_by is None
    assert await _figures(shop, "ben") == (50, 0, 0)
    assert await _figures(shop, "anna") == (0, 0, 0)
    assert await _books(owner, shop) == [(50, 0, 0)]
    assert available(await shop.order("o4", "anna", 1_000)) == 10


@pytest.mark.parametrize(("document", "books"), [(DATED, (0, 60, 0)), (OWED, (0, 0, 60)), (KEPT, None)])
async def test_what_the_household_has_no_more_follows_the_policy_of_its_wallet(
    shop: Shop, owner: Connection, document: str, books: tuple[int, int, int] | None
) -> None:
    """60 of 100 were spent: the household falls short of them, owes them, or they are forgiven."""
    await shop.publish(document)
    await _join(shop, "home", "anna", "ben")
    await shop.order("o1", "anna", 10_000)
    spent = PostAdjustment(
        id="a1", customer="ben", wallet="points", points=-60, at=START, reason="spent", actor="test"
    )
    await shop.do(spent)
    await _live(shop, "anna", None)
    await shop.give_back("r1", "o1", "anna")
    assert await _books(owner, shop) == ([books] if books else [])
    assert available(await shop.order("o2", "anna", 1_000)) == 10


async def test_whoever_moved_on_takes_nothing_from_the_next_household(shop: Shop, owner: Connection) -> None:
    """The points of the first household come back from there, those of one's own from the second."""
    await shop.publish(DATED)
    await _live(shop, "anna", "first")
    await shop.order("o1", "anna", 10_000)
    await _live(shop, "anna", None)
    await shop.order("o2", "anna", 7_000)
    await _live(shop, "anna", "second")
    await _live(shop, "ben", "second")
    await shop.order("o3", "ben", 3_000)
    assert available(await shop.give_back("r1", "o1", "anna")) == 100
    assert available(await shop.give_back("r2", "o2", "anna")) == 30
    await _live(shop, "anna", None)
    await _live(shop, "anna", "first")
    assert available(await shop.order("o4", "anna", 1_000)) == 10
    assert await _books(owner, shop) == [(30, 0, 0), (10, 0, 0)]


async def test_a_changed_order_is_netted_where_its_points_are(shop: Shop, owner: Connection) -> None:
    """Who changes the order after leaving changes what the household has, and gains nothing by it."""
    await shop.publish(DATED)
    await _join(shop, "home", "anna", "ben")
    await shop.order("o1", "anna", 10_000)
    await _live(shop, "anna", None)
    assert available(await shop.order("o1", "anna", 12_000)) == 0
    assert await _figures(shop, "ben") == (120, 0, 0)
    assert available(await shop.order("o1", "anna", 4_000, status="fulfilled")) == 0
    assert await _figures(shop, "ben") == (40, 0, 0)
    await shop.order("o1", "anna", 4_000, status="canceled")
    assert await _figures(shop, "ben") == (0, 0, 0)
    assert await _books(owner, shop) == []


async def test_what_waits_for_an_order_is_released_where_it_waits(shop: Shop, owner: Connection) -> None:
    """The order is fulfilled after its buyer has left: the others can spend the points, and they expire."""
    await shop.publish(WAITING)
    await _join(shop, "home", "anna", "ben")
    await shop.order("o1", "anna", 10_000)
    await _live(shop, "anna", None)
    assert await _figures(shop, "ben") == (0, 100, 0)
    await shop.order("o1", "anna", 10_000, status="fulfilled")
    assert await _figures(shop, "ben") == (100, 0, 0)
    await shop.advance(START + 40 * DAY)
    assert await _books(owner, shop) == []


async def test_points_that_were_left_behind_expire_in_time(shop: Shop, owner: Connection) -> None:
    """Nobody lives there any more, or somebody to whom nothing happens: the books say so all the same."""
    await shop.publish(DATED)
    for customer, household in (("anna", "empty"), ("ben", "home"), ("cleo", "home")):
        await _live(shop, customer, household)
    for number, customer in enumerate(("anna", "ben", "cleo")):
        await shop.order(f"o{number}", customer, 10_000)
    await _live(shop, "anna", None)
    await _live(shop, "ben", None)
    await erase_customer(shop.handler, shop.workspace_id, "ben", "test")
    assert await _books(owner, shop) == [(200, 0, 0), (100, 0, 0)]
    await shop.advance(START + 40 * DAY)
    assert await _books(owner, shop) == []
    assert not await owner.fetch("select from timers where workspace_id = $1", shop.workspace_id)


async def test_who_is_erased_leaves_points_that_expire(shop: Shop, owner: Connection) -> None:
    """The erased member's own timers are gone, and the household has one."""
    await shop.publish(DATED)
    await shop.order("o1", "anna", 10_000)
    await _join(shop, "home", "anna", "ben")
    await erase_customer(shop.handler, shop.workspace_id, "anna", "test")
    assert await _figures(shop, "ben") == (100, 0, 0)
    await shop.advance(START + 40 * DAY)
    assert await _books(owner, shop) == []


async def test_of_an_erased_household_nothing_is_taken(shop: Shop, owner: Connection) -> None:
    """The last who lived there was erased: returns and changes give and take nothing, and nobody owes it."""
    await shop.publish(OWED)
    await _join(shop, "home", "anna", "ben")
    await shop.order("o1", "anna", 10_000)
    await shop.order("o2", "anna", 10_000)
    await _live(shop, "anna", None)
    await erase_customer(shop.handler, shop.workspace_id, "ben", "test")
    back = await shop.give_back("r1", "o1", "anna")
    assert (back.programs[0].taken_back, available(back)) == ({}, 0)
    assert available(await shop.order("o2", "anna", 30_000)) == 0
    assert await _books(owner, shop) == []


async def test_a_tier_by_balance_goes_by_ones_own_points(shop: Shop, owner: Connection) -> None:
    """Returns and changes of orders from before move the household's points, not the tier of who has left."""
    await shop.publish(BY_BALANCE)
    await _join(shop, "home", "anna", "ben")
    await shop.order("o1", "anna", 40_000)
    await _live(shop, "anna", None)
    await shop.order("o2", "anna", 16_000)
    assert (await shop.order("o1", "anna", 50_000)).programs[0].tier == "silver"
    assert (await shop.give_back("r1", "o1", "anna")).programs[0].tier == "silver"
    assert (await shop.give_back("r2", "o2", "anna")).programs[0].tier is None
    await shop.order("o3", "anna", 1_000)
    assert (await shop.order("o1x", "ben", 1_000)).programs[0].tier is None
    await _books(owner, shop)


async def test_a_merged_customer_brings_along_what_was_left(shop: Shop, owner: Connection) -> None:
    """The survivor returns the absorbed one's order: the points come back from the household it had left."""
    await shop.publish(DATED)
    await _join(shop, "home", "anna", "ben")
    await shop.order("o1", "anna", 10_000)
    await _live(shop, "anna", None)
    await shop.order("o2", "anna2", 3_000)
    merge = MergeCustomers(id="m1", customer="anna", into="anna2", reason="one person", actor="test")
    assert (await merge_customers(shop.handler, shop.workspace_id, merge)).status == 201
    assert available(await shop.give_back("r1", "o1", "anna2")) == 30
    assert await _figures(shop, "ben") == (0, 0, 0)
    assert await _books(owner, shop) == [(30, 0, 0)]


@pytest.mark.parametrize("bound_by", ["order", "claim"])
@pytest.mark.parametrize("turned", [False, True])
async def test_who_left_points_behind_reaches_them_from_any_bucket(
    wide_shop: Shop, owner: Connection, bound_by: str, turned: bool
) -> None:
    """Whichever way round two are merged that lie apart: a return and a cancellation find the household."""
    shop = wide_shop
    left, other = await two_names(shop, apart=True)
    await shop.publish(MUGS)
    await _join(shop, "home", left, "ben")
    if bound_by == "order":
        await shop.order("o1", left, 10_000)
    else:
        await shop.order("o1", "ben", 10_000)
        await shop.do(PostClaim(id="c1", customer=left, reward="points/mug", at=START))
    await _live(shop, left, None)
    await shop.order("o2", other, 3_000)
    gone, stays = (other, left) if turned else (left, other)
    await merge(shop, gone, stays)
    if bound_by == "order":
        assert (await read_order(shop.handler, shop.workspace_id, "o1")).kept_by == "home"
        assert available(await shop.give_back("r1", "o1", stays)) == 30
        assert await _figures(shop, "ben") == (0, 0, 0)
        assert await _books(owner, shop) == [(30, 0, 0)]
    else:
        await _cancel_claim(shop, owner)
        assert await _figures(shop, "ben") == (100, 0, 0)
        assert await _books(owner, shop) == [(100, 0, 0), (30, 0, 0)]


async def test_two_who_left_points_in_two_places_become_one(wide_shop: Shop, owner: Connection) -> None:
    """What each of them returns comes back from where it was left, whatever buckets that is in."""
    shop = wide_shop
    await shop.publish(DATED)
    gone, stays = await two_names(shop, apart=True)
    for name, amount in ((gone, 10_000), (stays, 20_000)):
        await _live(shop, name, f"home of {name}")
        await shop.order(f"o-{name}", name, amount)
        await _live(shop, name, None)
    await merge(shop, gone, stays)
    assert await _books(owner, shop) == [(200, 0, 0), (100, 0, 0)]
    await shop.give_back("r1", f"o-{gone}", stays)
    assert await _books(owner, shop) == [(200, 0, 0)]
    await shop.give_back("r2", f"o-{stays}", stays)
    assert await _books(owner, shop) == []


@pytest.mark.parametrize("brought", [False, True])
async def test_what_a_household_keeps_of_a_referral_is_taken_back_there(
    shop: Shop, owner: Connection, brought: bool
) -> None:
    """Anna left the household that has her gift, got there or brought along; the next one is not touched."""
    await shop.publish(REFERRALS)
    advocate, friend = await two_names(shop, apart=True)
    await shop.do(JoinProgram(customer=advocate, program="shop", at=None, source="test"))
    if not brought:
        await _live(shop, advocate, "first")
    await refer(shop.handler, shop.workspace_id, Refer(friend=friend, advocate=advocate))
    await shop.order("o1", friend, 5_000)
    assert await _settle(shop) == 1
    if brought:
        await _live(shop, advocate, "first")
    assert await balance(shop, advocate) == 507
    await _live(shop, advocate, None)
    await _live(shop, advocate, "second")
    other = Refer(friend=f"{friend}-2", advocate=advocate)
    await refer(shop.handler, shop.workspace_id, other)
    await shop.order("o2", f"{friend}-2", 5_000)
    assert await _settle(shop) == 1
    assert await balance(shop, advocate) == 507
    await shop.give_back("r1", "o1", friend)
    assert await _settle(shop) == 1
    assert await balance(shop, advocate) == 507
    assert await _held(owner, shop) == [507]
    await _live(shop, advocate, None)
    await _live(shop, advocate, "first")
    assert await balance(shop, advocate) == 0
    await shop.give_back("r2", "o2", f"{friend}-2")
    assert await _settle(shop) == 1
    assert (await balance(shop, advocate), await _held(owner, shop)) == (0, [])
    await is_sound(shop, owner)


async def _settle(shop: Shop) -> int:
    """Do what is due at the shop's present time in every bucket."""
    row = await shop.handler.read_workspace(shop.workspace_id)
    now = row.clock_at or START
    return sum([await settle_referrals(shop.handler, shop.workspace_id, each, now) for each in row.buckets])


async def _held(owner: Connection, shop: Shop) -> list[int]:
    """Return what the wallets of a shop hold, debts below zero, and nothing of those that hold nothing."""
    rows = await owner.fetch(
        "select balance - debt from wallets where workspace_id = $1 and balance <> debt", shop.workspace_id
    )
    return [each for (each,) in rows]


@pytest.mark.parametrize("locked", [True, False])
async def test_crossed_returns_of_two_workers(
    shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """Two who have changed places return what they left in each other's household, while others shop there.

    Without the lock of the household that keeps the points nothing comes back: the control.
    """
    await shop.publish(DATED)
    for customer, household in (("anna", "one"), ("ben", "two")):
        await _join(shop, household, customer, f"{customer}-stays")
        for number in range(8):
            await shop.order(f"{customer}-{number}", customer, 1_000)
        await _live(shop, customer, None)
    await _live(shop, "anna", "two")
    await _live(shop, "ben", "one")
    if not locked:
        monkeypatch.setattr(load_batch, "check_keepers", lambda _batch: None)
    workers = [Handler(shop.database, CODEBOOK) for _ in range(3)]
    row = await workers[0].read_workspace(shop.workspace_id)

    def by(worker: int, command: PostReturn | PutOrder) -> Awaitable[list[Answer]]:
        bucket = bucket_of(command.customer or "", row.bucket_base, row.bucket_count)
        return workers[worker].handle_batch(shop.workspace_id, bucket, [command])

    every = [
        by(
            worker,
            PostReturn(id=f"r-{name}-{number}", order=f"{name}-{number}", customer=name, at=START, lines=()),
        )
        for number in range(8)
        for worker, name in enumerate(("anna", "ben"))
    ]
    every += [
        by(2, put_order(f"{name}-more-{number}", f"{name}-stays", 100))
        for number in range(8)
        for name in ("anna", "ben")
    ]
    statuses = {answer.status for (answer,) in await asyncio.gather(*every)}
    books = await _books(owner, shop)
    assert ((statuses, books) == ({201}, [(8, 0, 0), (8, 0, 0)])) is locked


async def test_a_canceled_claim_comes_back_to_who_paid(shop: Shop, owner: Connection) -> None:
    """The claim was paid out of the household's points: they return there, and not to who has left."""
    await shop.publish(MUGS)
    await _join(shop, "home", "anna", "ben")
    await shop.order("o1", "anna", 10_000)
    await shop.do(PostClaim(id="c1", customer="anna", reward="points/mug", at=START))
    await _live(shop, "anna", None)
    assert await _figures(shop, "ben") == (40, 0, 0)
    await _cancel_claim(shop, owner)
    assert await _figures(shop, "ben") == (100, 0, 0)
    assert await _figures(shop, "anna") == (0, 0, 0)
    assert await _books(owner, shop) == [(100, 0, 0)]


async def _cancel_claim(shop: Shop, owner: Connection) -> None:
    (row,) = await owner.fetch(
        "select bucket, customer_id, entitlement_id from entitlements where workspace_id = $1",
        shop.workspace_id,
    )
    cancel = ChangeEntitlement(
        customer_id=row["customer_id"].hex,
        entitlement_id=row["entitlement_id"].hex,
        bucket=row["bucket"],
        state=EntitlementState.CANCELED,
        reason="broken",
        actor="test",
    )
    answer = await shop.send(cancel)
    assert answer.status == 200, answer.body
