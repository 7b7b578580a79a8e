"""Households whose people are of several buckets: wherever somebody is, the points are the household's."""

from __future__ import annotations

from typing import Any

import pytest
from asyncpg import Connection

from perennial.flows.answers import Answer
from perennial.flows.commands import JoinProgram, PostAdjustment, PostClaim, PostTransfer, PutHousehold
from perennial.flows.conversions import run_conversions as running
from perennial.flows.conversions.conversions import (
    conversion_id_of,
    conversions_of_customer,
    declare_conversion,
    read_conversion_view,
)
from perennial.flows.conversions.run_conversions import run_conversions
from perennial.flows.customers.erase import erase_customer
from perennial.flows.customers.household import put_household
from perennial.flows.customers.statements import statement_of
from perennial.flows.handle_events import Handler
from perennial.flows.handling import write_batch
from perennial.flows.reading import read_customer
from perennial.flows.referring.refer import Refer, refer
from perennial.flows.segments.preview import preview_segment
from perennial.flows.segments.segments import put
from perennial.flows.transfer import transfer
from perennial.flows.vouchers.vouchers import vouchers_of
from perennial.store.audits.audit import audit
from perennial.store.conversions import read_conversion
from perennial.store.effects import GuardError, write_effects
from perennial.units import DAY, bucket_of, named_id
from tests.codebook import CODEBOOK
from tests.flows.merges import merge
from tests.flows.pool import made
from tests.flows.shop import START, Shop, available, put_order
from tests.flows.sound import is_sound
from tests.flows.test_conversions import asked, balances, now_of, visited
from tests.flows.test_referrals import PROGRAM as FRIENDS
from tests.flows.test_referrals import referral, settle
from tests.flows.test_segments import AUTHOR, segment, sizes
from tests.flows.test_wallets import DATED

ANNA, BEN, CLEO = "anna", "ben", "cleo"


@pytest.fixture
async def shop(wide_shop: Shop) -> Shop:
    """A shop in which Anna, Ben and Cleo are of three buckets."""
    row = await wide_shop.handler.read_workspace(wide_shop.workspace_id)
    assert len({bucket_of(name, row.bucket_base, row.bucket_count) for name in (ANNA, BEN, CLEO)}) == 3
    return wide_shop


async def live(shop: Shop, customer: str, household: str | None = "home") -> None:
    """Let somebody enter a household, or leave it."""
    command = PutHousehold(customer=customer, household=household)
    answer = await put_household(shop.handler, shop.workspace_id, command)
    assert answer.status == 200, answer.body


async def at_home(shop: Shop, *customers: str) -> None:
    """Let customers be members, and live together."""
    for customer in customers:
        await shop.order(f"first-{customer}", customer, 0)
        await live(shop, customer)


async def where(shop: Shop, name: str) -> int:
    """Return the bucket of a customer."""
    row = await shop.handler.read_workspace(shop.workspace_id)
    return bucket_of(name, row.bucket_base, row.bucket_count)


async def points(shop: Shop, customer: str) -> int:
    """Return what a customer may spend."""
    return (await read_customer(shop.handler, shop.workspace_id, customer)).wallets[0].available


async def findings(owner: Connection, shop: Shop) -> set[str]:
    """Return the names of the checks that find something."""
    return {check.name for check in (await audit(owner, shop.workspace_id)).broken}


async def test_points_lie_in_the_household_s_bucket(shop: Shop, owner: Connection) -> None:
    """Who founded it says where: no bucket is short of what another has, and each member names the place."""
    await shop.publish(DATED)
    await shop.order("o1", BEN, 20_000)
    await at_home(shop, ANNA, BEN, CLEO)
    await shop.order("o2", CLEO, 10_000)
    rows = await owner.fetch(
        "select bucket, balance from wallets where workspace_id = $1 and balance > 0", shop.workspace_id
    )
    assert [tuple(row) for row in rows] == [(await where(shop, ANNA), 300)]
    # What came to a household in another bucket is all that is on its way between two of them.
    rows = await owner.fetch(
        "select bucket, sum(case when credit = 7 then amount else -amount end)::bigint from postings"
        " where workspace_id = $1 and (credit = 7 or debit = 7) group by 1",
        shop.workspace_id,
    )
    assert dict(map(tuple, rows)) == {await where(shop, BEN): 200, await where(shop, ANNA): -200}
    for name in (ANNA, BEN, CLEO):
        view = await read_customer(shop.handler, shop.workspace_id, name)
        assert (view.household, view.wallets[0].available) == ("home", 300)
    page = await statement_of(shop.handler, shop.workspace_id, BEN)
    told = [(line.points, line.because, line.source) for line in page.data]
    assert told == [(100, "issued", "o2"), (200, "in_transit", None)]
    await is_sound(shop, owner)


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("delete from orders where workspace_id = $1 and external_id = 'o2'", "sources"),
        ("delete from postings where workspace_id = $1 and debit = 7", "transit"),
        ("delete from postings where workspace_id = $1 and credit = 7", "transit"),
        (
            "update customers set household_id = customer_id where workspace_id = $1 and external_id = 'ben'",
            "households",
        ),
        ("update external_ids set bucket = bucket + 1 where workspace_id = $1 and kind = 8", "households"),
    ],
)
async def test_a_planted_half_is_found(shop: Shop, owner: Connection, planted: str, found: str) -> None:
    """What is in one of two buckets alone is seen: an order, what left, what arrived, and a household."""
    await shop.publish(DATED)
    await shop.order("o1", BEN, 20_000)
    await at_home(shop, ANNA, BEN)
    await shop.order("o2", BEN, 10_000)
    assert await findings(owner, shop) == set()
    await owner.execute(planted, shop.workspace_id)
    assert found in await findings(owner, shop)


async def test_both_buckets_are_written_or_neither(
    shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The household's bucket refuses, and what is written in the member's is gone; it is sent again."""
    await shop.publish(DATED)
    await at_home(shop, ANNA, CLEO)
    there, written = await where(shop, ANNA), list[int]()

    async def write_here_alone(conn: Connection, ws: int, bucket: int, *parts: Any, **more: Any) -> None:
        if bucket == there:
            raise GuardError("wallets", 1, 0)
        await write_effects(conn, ws, bucket, *parts, **more)
        written.append(bucket)

    with monkeypatch.context() as patched:
        patched.setattr(write_batch, "write_effects", write_here_alone)
        assert (await shop.refuse(put_order("o1", CLEO, 10_000))).code == "limit_reached"
    assert written == [await where(shop, CLEO)]
    assert await points(shop, CLEO) == 0
    await is_sound(shop, owner)
    assert available(await shop.order("o1", CLEO, 10_000)) == 100
    await is_sound(shop, owner)


async def test_what_falls_due_for_one_is_due_once(shop: Shop, owner: Connection) -> None:
    """An order finds points of the household that have expired, and so does a claim that is refused."""
    mugs = "rewards:\n  - {id: mug, name: Mug, price: 60, gives: [{type: physical, sku: mug}]}\n"
    await shop.publish(DATED + mugs)
    await at_home(shop, ANNA, BEN, CLEO)
    await shop.order("o1", CLEO, 10_000)
    later = START + 40 * DAY
    async with shop.database.transaction(shop.workspace_id) as conn:
        sql = "update workspaces set clock_at = $2 where workspace_id = $1"
        await conn.execute(sql, shop.workspace_id, later)
    claim = PostClaim(id="c1", customer=CLEO, reward="points/mug", at=later)
    assert (await shop.refuse(claim)).code == "insufficient_points"
    assert available(await shop.order("o2", BEN, 7_000, at=later)) == 70
    assert available(await shop.order("o3", CLEO, 1_000, at=later)) == 80
    await is_sound(shop, owner)
    await shop.advance(later + 40 * DAY)
    assert await points(shop, ANNA) == 0
    await is_sound(shop, owner)


@pytest.mark.parametrize("document", [DATED, DATED + "pool: all\n"], ids=["wallets", "all"])
async def test_points_are_sent_in_and_out(shop: Shop, owner: Connection, document: str) -> None:
    """Whoever sends or gets points may live elsewhere; two who live together have nothing to send."""
    await shop.publish(document)
    await at_home(shop, ANNA, BEN)
    for name in (CLEO, "dora", "carl"):
        await shop.order(f"first-{name}", name, 10_000)
    for name in ("dora", "carl"):
        await live(shop, name, "elsewhere")

    async def send(name: str, sender: str, receiver: str, amount: int) -> Answer:
        command = PostTransfer(
            id=name, sender=sender, receiver=receiver, wallet="points", points=amount, at=None, reason="r"
        )
        return await transfer(shop.handler, shop.workspace_id, command)

    assert (await send("t1", CLEO, BEN, 50)).status == 201
    assert (await send("t2", BEN, CLEO, 20)).status == 201
    assert (await send("t3", BEN, "dora", 10)).status == 201
    assert (await send("t4", "carl", ANNA, 5)).status == 201
    assert (await send("t5", ANNA, BEN, 1)).status == 409
    assert [await points(shop, name) for name in (ANNA, BEN, CLEO, "dora")] == [25, 25, 70, 205]
    await is_sound(shop, owner)


async def test_points_by_hand_and_the_last_who_is_erased(shop: Shop, owner: Connection) -> None:
    """A household without people is closed in its bucket, though nobody is left there."""
    await shop.publish(DATED)
    await at_home(shop, ANNA, BEN, CLEO)
    credit = PostAdjustment(
        id="a1", customer=CLEO, wallet="points", points=500, at=START, reason="sorry", actor="test"
    )
    await shop.do(credit)
    await live(shop, ANNA, None)
    await erase_customer(shop.handler, shop.workspace_id, BEN, "test")
    assert (await points(shop, ANNA), await points(shop, CLEO)) == (0, 500)
    await is_sound(shop, owner)
    await erase_customer(shop.handler, shop.workspace_id, CLEO, "test")
    assert (
        await owner.fetchval("select sum(balance) from wallets where workspace_id = $1", shop.workspace_id)
        == 0
    )
    await is_sound(shop, owner)


@pytest.mark.parametrize("document", [DATED, DATED + "pool: all\n"], ids=["wallets", "all"])
@pytest.mark.parametrize("both", [True, False])
async def test_two_of_two_buckets_are_merged(
    shop: Shop, owner: Connection, document: str, both: bool
) -> None:
    """Both live in the household, or the survivor alone: what is due meanwhile falls due once."""
    await shop.publish(document)
    await at_home(shop, ANNA, CLEO)
    await shop.order("o1", BEN, 10_000)
    if both:
        await live(shop, BEN)
    await shop.order("o2", CLEO, 5_000)
    later = START + 40 * DAY
    async with shop.database.transaction(shop.workspace_id) as conn:
        sql = "update workspaces set clock_at = $2 where workspace_id = $1"
        await conn.execute(sql, shop.workspace_id, later)
    await shop.order("o3", BEN, 3_000, at=later)
    await shop.order("o4", CLEO, 2_000, at=later)
    await merge(shop, BEN, CLEO)
    assert await points(shop, ANNA) == await points(shop, CLEO) == 50
    await is_sound(shop, owner)
    await shop.give_back("r3", "o3", CLEO, at=later)
    assert await points(shop, ANNA) == 20
    await is_sound(shop, owner)


async def test_merging_finds_what_is_due_of_a_wallet_once(shop: Shop, owner: Connection) -> None:
    """Both sides live in one household whose points have expired unseen: they expire once."""
    await shop.publish(DATED)
    await at_home(shop, ANNA, BEN, CLEO)
    await shop.order("o1", BEN, 10_000)
    await shop.order("o2", CLEO, 5_000)
    async with shop.database.transaction(shop.workspace_id) as conn:
        sql = "update workspaces set clock_at = $2 where workspace_id = $1"
        await conn.execute(sql, shop.workspace_id, START + 40 * DAY)
    await merge(shop, BEN, CLEO)
    assert await points(shop, ANNA) == 0
    await is_sound(shop, owner)


@pytest.mark.parametrize("pool", ["wallets", "all"])
async def test_both_sides_of_a_referral_live_together(shop: Shop, owner: Connection, pool: str) -> None:
    """The advocate, the friend and their household are of three buckets: each gift is the household's."""
    document = FRIENDS.replace("name: Friends", "name: Friends\n      same_household: true").replace(
        "friend: {at: at_once, gets: {gives: [{type: amount_off, value: 1000}]}}",
        "friend: {at: conversion, gets: {gives: [{type: points, points: 40}]}}",
    )
    await shop.publish(f"{document}pool: {pool}\n")
    for name in (ANNA, BEN, CLEO):
        await shop.do(JoinProgram(customer=name, program="shop", at=None, source="test"))
        await live(shop, name)
    begun = await refer(shop.handler, shop.workspace_id, Refer(friend=CLEO, advocate=BEN))
    assert begun.view.state == "pending"
    await shop.order("o1", CLEO, 5_000)
    assert await settle(shop) == 1
    assert (await referral(shop, CLEO)).state == "converted"
    assert await points(shop, ANNA) == 547
    await is_sound(shop, owner)
    await shop.give_back("r1", "o1", CLEO)
    assert await settle(shop) == 1
    assert await points(shop, ANNA) == 0
    await is_sound(shop, owner)


RICH = {"fact": "wallet.points.balance", "at_least": 500}
SOON = {"fact": "wallet.points.expiring_30_days", "at_least": 500}


@pytest.mark.parametrize("pool", ["wallets", "all"])
async def test_everybody_moves_in_segments_by_the_common_wallet(
    shop: Shop, owner: Connection, pool: str
) -> None:
    """An order of one lets all enter, each in the bucket of their own, and leave with its return."""
    await shop.publish(f"{DATED}pool: {pool}\n")
    await at_home(shop, ANNA, BEN, CLEO)
    await put(shop.handler, shop.workspace_id, segment("rich", RICH), AUTHOR)
    await shop.order("o1", CLEO, 50_000)
    assert await sizes(shop) == {"rich": 3}
    rows = await owner.fetch("select bucket from segment_members where workspace_id = $1", shop.workspace_id)
    assert {row[0] for row in rows} == {await where(shop, name) for name in (ANNA, BEN, CLEO)}
    await is_sound(shop, owner)
    await shop.give_back("r1", "o1", CLEO)
    assert await sizes(shop) == {"rich": 0}
    await is_sound(shop, owner)


HEARS = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - {id: welcome, type: fixed, trigger: segment.entered, when: {fact: event.segment, is: rich}, points: 7}
  - id: gift
    type: gives_reward
    trigger: segment.entered
    when: {fact: event.segment, is: rich}
    reward: gift
rewards:
  - {id: partner, name: Partner, codes: {pattern: "P-############"}, gives: [{type: amount_off, value: 100}]}
  - {id: gift, name: Five off, gives: [{type: amount_off, value: 500}]}
challenges:
  - id: inside
    name: Inside
    goals: [{measure: points.earned, target: 26}]
    gives: [{type: gift_card, value: 700}]
  - id: code
    name: A code
    goals: [{measure: points.earned, target: 26}]
    gives: [{type: coupon, pool: partner}]
"""
CLUB = """
program: club
name: Club
currency: USD
enrollment: {mode: segment, segment: rich, count_past_orders: true}
wallets: [{id: stars, name: Stars}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
tiers:
  lasts: life
  metrics: [{id: spend, measure: orders.net}]
  levels: [{id: gold, name: Gold, reach: {spend: 2000}}]
"""


@pytest.mark.parametrize("pool", ["wallets", "all"])
async def test_what_entering_gives_is_of_whoever_enters(shop: Shop, owner: Connection, pool: str) -> None:
    """Cleo's order lets all three enter: points are of all, vouchers, cards, codes and tiers each one's."""
    await shop.publish(f"{HEARS}pool: {pool}\n")
    await made(shop, "b1", reward="partner", count=9)
    for name in (ANNA, BEN, CLEO):
        await shop.do(JoinProgram(customer=name, program="points", source="test", at=None))
        await live(shop, name)
    await put(shop.handler, shop.workspace_id, segment("rich", RICH), AUTHOR)
    await shop.publish(CLUB)
    for name in (ANNA, BEN):
        await shop.order(f"o-{name}", name, 2_500)
    await shop.order("o1", CLEO, 50_000)
    assert await sizes(shop) == {"rich": 3}
    assert await points(shop, BEN) == 25 + 25 + 500 + 3 * 7
    for name in (ANNA, BEN, CLEO):
        page = await vouchers_of(shop.handler, shop.workspace_id, name, cursor=None, limit=20)
        rewards = sorted(each.reward for each in page.data)
        assert rewards == ["points/gift", "points/inside", "points/partner"]
        view = await read_customer(shop.handler, shop.workspace_id, name)
        assert [each.tier for each in view.memberships if each.program == "club"] == ["gold"]
        # What the others had bought before counts for the common stars.
        assert [each.available for each in view.wallets if each.wallet == "stars"] == [25 + 25]
    rows = await owner.fetch(
        "select bucket, customer_id, count(*) from vouchers"
        " where workspace_id = $1 and customer_id <> voucher_id group by 1, 2",
        shop.workspace_id,
    )
    assert {row[0]: row[2] for row in rows} == {await where(shop, name): 3 for name in (ANNA, BEN, CLEO)}
    await is_sound(shop, owner)


async def test_who_is_in_a_new_segment_is_found_wherever_the_wallet_is(shop: Shop, owner: Connection) -> None:
    """Filling, previewing and auditing a segment read the household's wallet and lots from its bucket."""
    await shop.publish(DATED)
    await at_home(shop, ANNA, BEN, CLEO)
    await shop.order("o1", CLEO, 50_000)
    await shop.order("o2", "dora", 60_000)
    for number, condition in enumerate((RICH, SOON)):
        wanted = segment(f"s{number}", condition)
        preview = await preview_segment(shop.handler, shop.workspace_id, wanted)
        assert (preview.count, sorted(preview.sample)) == (4, [ANNA, BEN, CLEO, "dora"])
        state = await put(shop.handler, shop.workspace_id, wanted, AUTHOR)
        assert state.size == 4
    await is_sound(shop, owner)


async def _convert(shop: Shop) -> None:
    await declare_conversion(shop.handler, shop.workspace_id, asked(), "test")
    for bucket in (await shop.handler.read_workspace(shop.workspace_id)).buckets:
        await run_conversions(shop.handler, shop.workspace_id, bucket, await now_of(shop))


async def test_a_household_is_carried_over_once(shop: Shop, owner: Connection) -> None:
    """The wallet of all is one owner, in its bucket; whoever lives there is told what became of it."""
    await visited(shop, ANNA, BEN, CLEO)
    for name in (ANNA, BEN, CLEO):
        await live(shop, name)
    await _convert(shop)
    view = await read_conversion_view(shop.handler, shop.workspace_id, "cafe", "c1")
    assert (view.owners, view.become) == ({"converted": 1}, 36)
    for name in (ANNA, BEN, CLEO):
        assert await balances(shop, name) == (0, 36)
        told = await conversions_of_customer(shop.handler, shop.workspace_id, name)
        assert [each.state for each in told.data] == ["converted"]
    await is_sound(shop, owner)


async def test_who_enters_while_balances_are_carried_over(shop: Shop, owner: Connection) -> None:
    """Cleo is walked to when her stars are the household's, in whose bucket all were walked to before."""
    workspace_id, code = shop.workspace_id, "cafe"
    await visited(shop, CLEO)
    await shop.order("o-anna", ANNA, 0)
    await live(shop, ANNA)
    await declare_conversion(shop.handler, workspace_id, asked(), "test")
    there = await where(shop, ANNA)
    await run_conversions(shop.handler, workspace_id, there, await now_of(shop))
    await live(shop, CLEO)
    assert await balances(shop, ANNA) == (1, 0)
    async with shop.database.transaction(workspace_id) as conn:
        conversion = await read_conversion(conn, workspace_id, conversion_id_of(workspace_id, code, "c1"))
    assert conversion is not None
    walked = [(named_id(workspace_id, "customer", CLEO), True)]
    handle = running._handle  # noqa: SLF001
    await handle(shop.handler, workspace_id, await where(shop, CLEO), conversion, walked)
    assert await balances(shop, CLEO) == (0, 12)
    await is_sound(shop, owner)


async def test_a_founding_that_failed_is_forgotten(shop: Shop, owner: Connection) -> None:
    """Ben owes points and founds nothing; Anna does then, in her bucket, and the worker finds it there."""
    await shop.publish(DATED.replace("name: Points, expiry", "name: Points, refunds: unlimited, expiry"))
    await shop.order("o1", BEN, 10_000)
    await shop.do(
        PostAdjustment(
            id="a1", customer=BEN, wallet="points", points=-60, at=START, reason="spent", actor="test"
        )
    )
    await shop.give_back("r1", "o1", BEN)
    answer = await put_household(
        shop.handler, shop.workspace_id, PutHousehold(customer=BEN, household="home")
    )
    assert answer.status == 409
    await at_home(shop, ANNA, CLEO)
    assert available(await shop.order("o2", CLEO, 1_000)) == 10
    other = Handler(shop.database, CODEBOOK)
    home = named_id(shop.workspace_id, "household", "home")
    other.homes[home] = await where(shop, BEN)
    command = PutHousehold(customer="dora", household="home")
    assert (await put_household(other, shop.workspace_id, command)).status == 200
    assert other.homes[home] == await where(shop, ANNA)
    await is_sound(shop, owner)


async def test_a_worker_forgets_who_has_moved_out(shop: Shop) -> None:
    """Once Ben has left, nobody waits for him any longer, nor he for those whom he lived with."""
    await shop.publish(DATED + "pool: all\n")
    await at_home(shop, ANNA, BEN, CLEO)
    for number, name in enumerate((ANNA, BEN, CLEO)):
        await shop.order(f"o{number}", name, 1_000)
    ids = {name: named_id(shop.workspace_id, "customer", name) for name in (ANNA, BEN, CLEO)}
    everybody = {(await where(shop, name), each) for name, each in ids.items()}
    known = shop.handler.companions
    assert {known[each] for each in ids.values()} == {frozenset(everybody)}
    await live(shop, BEN, None)
    await shop.order("o3", ANNA, 1_000)
    await shop.order("o4", BEN, 1_000)
    assert ids[BEN] not in known
    stay = everybody - {(await where(shop, BEN), ids[BEN])}
    assert known[ids[ANNA]] == known[ids[CLEO]] == stay
