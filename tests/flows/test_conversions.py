"""Balances carried over into another wallet on a live shop: once each, while orders go on, and back."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.conversion import Debts
from perennial.flows.commands import (
    PointsAsked,
    PostAdjustment,
    PostRedemption,
    PostReturn,
    PutHousehold,
    RedeemHold,
)
from perennial.flows.conversions import run_conversions as running
from perennial.flows.conversions.conversions import (
    NewConversion,
    conversion_id_of,
    conversions_of_customer,
    declare_conversion,
    foresee_conversion,
    list_converted,
    read_conversion_view,
    take_conversion_back,
    try_conversion_again,
)
from perennial.flows.conversions.run_conversions import run_conversions
from perennial.flows.conversions.views import ConversionView
from perennial.flows.customers.erase import erase_customer
from perennial.flows.customers.household import put_household
from perennial.flows.customers.statements import statement_of
from perennial.flows.handle_events import Handler
from perennial.flows.handling import handle_conversion
from perennial.flows.problems import ProblemError
from perennial.flows.reading import read_customer
from perennial.store.audits.audit import audit
from perennial.store.conversions import move_slice
from perennial.units import DAY, HOUR, MINUTE, Instant, Rounding
from tests.flows.checkout import a_cart
from tests.flows.shop import START, Shop, put_order
from tests.flows.sound import is_sound

STARS = """
program: cafe
name: Cafe
wallets:
  - {id: stars, name: Stars, expiry: {type: rolling, after: {days: 90}}, refunds: unlimited,
     pays: {points: 1, amount: 10}}
earning_rules:
  - {id: visit, type: fixed, trigger: order.paid, points: 1, wallet: stars}
"""
BOTH = """
program: cafe
name: Cafe
wallets:
  - {id: stars, name: Stars, expiry: {type: rolling, after: {days: 90}}, refunds: unlimited,
     pays: {points: 1, amount: 10}}
  - {id: points, name: Points, expiry: {type: rolling, after: {days: 365}}, pays: {points: 1, amount: 1}}
earning_rules:
  - {id: spend, type: per_amount, points: 1, per: 100, wallet: points}
rewards:
  - {id: mug, name: A mug, price: 12, wallet: points, gives: [{type: amount_off, value: 100}]}
tiers:
  lasts: while_reached
  metrics: [{id: held, balance: points}]
  levels:
    - {id: silver, name: Silver, reach: {held: 20}}
"""


CONVERTED_POSTINGS = "select count(*) from postings where workspace_id = $1 and (debit = 10 or credit = 10)"


def asked(name: str = "c1", **changes: object) -> NewConversion:
    """Return the wish that a star becomes 12 points."""
    base = NewConversion(
        id=name, program="cafe", source="stars", into="points", take=1, give=12, reason="by spend now"
    )
    return msgspec.structs.replace(base, **changes)


async def bucket_of(shop: Shop) -> int:
    """Return the only bucket of the shop."""
    return (await shop.handler.read_workspace(shop.workspace_id)).bucket_base


async def now_of(shop: Shop) -> Instant:
    """Return the time of the shop."""
    row = await shop.handler.read_workspace(shop.workspace_id)
    return row.clock_at or START


async def run(shop: Shop, handler: Handler | None = None) -> int:
    """Do what is due of every conversion."""
    return await run_conversions(
        handler or shop.handler, shop.workspace_id, await bucket_of(shop), await now_of(shop)
    )


async def convert(shop: Shop, wish: NewConversion | None = None) -> ConversionView:
    """Declare a conversion and go through with it."""
    wish = wish or asked()
    await declare_conversion(shop.handler, shop.workspace_id, wish, "test")
    await run(shop)
    return await read_conversion_view(shop.handler, shop.workspace_id, "cafe", wish.id)


async def back(shop: Shop, name: str = "c1") -> ConversionView:
    """Take a conversion back."""
    await take_conversion_back(shop.handler, shop.workspace_id, "cafe", name, "test", "wrong rate")
    await run(shop)
    return await read_conversion_view(shop.handler, shop.workspace_id, "cafe", name)


async def balances(shop: Shop, customer: str) -> tuple[int, int]:
    """Return the stars and the points that a customer may spend."""
    view = await read_customer(shop.handler, shop.workspace_id, customer)
    found = {wallet.wallet: wallet.available for wallet in view.wallets}
    return found.get("stars", 0), found.get("points", 0)


async def visited(shop: Shop, *customers: str) -> None:
    """Publish the program by visits, let customers come once each, then publish the one by spend."""
    await shop.publish(STARS)
    for customer in customers:
        await shop.order(f"o-{customer}", customer, 100)
    await shop.publish(BOTH)


async def test_everybody_is_carried_over_once(shop: Shop, owner: Connection) -> None:
    """The preview says what comes to pass; a second id finds nothing left; sent again it is answered."""
    await shop.publish(STARS)
    await shop.order("again", "anna", 100)
    await visited(shop, "anna", "ben", "zoe")
    preview = await foresee_conversion(shop.handler, shop.workspace_id, asked())
    assert (preview.owners, preview.points, preview.become, preview.waiting) == (3, 4, 48, 0)
    shown = {(each.customer, each.becomes) for each in preview.sample}
    assert shown == {("anna", 12 * 2), ("ben", 12), ("zoe", 12)}
    done = await convert(shop)
    assert (done.state, done.points, done.become, done.left) == ("done", 4, 48, 0)
    assert done.owners == {"converted": 3}
    assert await balances(shop, "anna") == (0, 24)
    assert await run(shop) == 0
    view, is_new = await declare_conversion(shop.handler, shop.workspace_id, asked(), "test")
    assert (view.become, is_new) == (48, False)
    assert (await convert(shop, asked("c2"))).owners == {}
    with pytest.raises(ProblemError) as conflict:
        await declare_conversion(shop.handler, shop.workspace_id, asked(give=13), "test")
    assert [each.path for each in conflict.value.problem.errors] == ["$.give"]
    await is_sound(shop, owner)


async def test_the_dates_stay_and_the_statement_tells_it(shop: Shop, owner: Connection) -> None:
    """What was earned as stars expires when the stars would have."""
    await visited(shop, "anna")
    await shop.advance(START + 30 * DAY)
    await convert(shop)
    page = await statement_of(shop.handler, shop.workspace_id, "anna")
    told = [(line.wallet, line.points, line.because, line.source_type) for line in page.data]
    assert told[:2] == [("points", 12, "converted", "conversion"), ("stars", -1, "converted", "conversion")]
    await shop.advance(START + 90 * DAY)
    assert await balances(shop, "anna") == (0, 12)
    await shop.advance(START + 91 * DAY)
    assert await balances(shop, "anna") == (0, 0)
    await is_sound(shop, owner)


async def test_a_tier_by_balance_follows(shop: Shop, owner: Connection) -> None:
    """Two stars are 24 points, which is silver."""
    await shop.publish(STARS)
    await shop.order("o1", "anna", 100)
    await shop.order("o2", "anna", 100)
    await shop.publish(BOTH)
    await convert(shop)
    view = await read_customer(shop.handler, shop.workspace_id, "anna")
    assert [each.tier for each in view.memberships] == ["silver"]
    await is_sound(shop, owner)


async def test_who_holds_something_waits(shop: Shop, owner: Connection) -> None:
    """While stars are held they are neither lost nor carried over twice; once used, the rest goes.

    Until then all three are left in the first wallet, the two that are held as well.
    """
    await shop.publish(STARS)
    for number in range(3):
        await shop.order(f"o{number}", "anna", 100)
    await shop.order("b", "ben", 100)
    await shop.publish(BOTH)
    hold = PostRedemption(
        id="h1", customer="anna", at=START, order=a_cart(500), points=(stars(2),), hold_for=HOUR
    )
    assert (await shop.send(hold)).status == 201
    preview = await foresee_conversion(shop.handler, shop.workspace_id, asked())
    assert (preview.owners, preview.points, preview.waiting) == (1, 1, 1)
    waiting = await convert(shop)
    assert (waiting.state, waiting.owners) == ("waiting", {"waiting": 1, "converted": 1})
    assert (waiting.left, waiting.waiting) == (3, 1)
    listed = await list_converted(shop.handler, shop.workspace_id, "cafe", "c1")
    assert {(each.customer, each.state, each.reason) for each in listed.data} == {
        ("anna", "waiting", "holds_open"),
        ("ben", "converted", None),
    }
    assert (await shop.send(RedeemHold(id="h1", customer="anna", at=START))).status == 200
    assert await run(shop) == 0
    await shop.advance(START + MINUTE)
    await run(shop)
    done = await read_conversion_view(shop.handler, shop.workspace_id, "cafe", "c1")
    assert (done.state, done.owners, done.become) == ("done", {"converted": 2}, 24)
    assert (done.left, done.waiting) == (0, 0)
    assert await balances(shop, "anna") == (0, 12)
    await is_sound(shop, owner)


def stars(count: int) -> PointsAsked:
    """Return the wish to pay with stars."""
    return PointsAsked(wallet="cafe/stars", points=count)


async def test_debts_are_carried_kept_or_forgiven(shop: Shop, owner: Connection) -> None:
    """A returned order of stars that were spent leaves a debt, which goes as declared, and comes back."""
    await visited(shop, "anna")
    pay = PostRedemption(id="r1", customer="anna", at=START, order=a_cart(500), points=(stars(1),))
    assert (await shop.send(pay)).status == 201
    await shop.do(PostReturn(id="x1", order="o-anna", customer="anna", at=START, lines=()))
    kept = await convert(shop, asked("kept", debts=Debts.KEEP))
    assert kept.owners == {}
    carried = await convert(shop)
    assert (carried.owed_before, carried.owed, carried.become) == (1, 12, 0)
    assert await balances(shop, "anna") == (0, -12)
    returned = await back(shop)
    assert (returned.state, await balances(shop, "anna")) == ("reversed", (-1, 0))
    forgiven = await convert(shop, asked("forgiven", debts=Debts.FORGIVE))
    assert (forgiven.owed_before, forgiven.owed) == (1, 0)
    assert await balances(shop, "anna") == (0, 0)
    await is_sound(shop, owner)


async def test_a_debt_there_is_paid_from_what_comes(shop: Shop, owner: Connection) -> None:
    """Somebody owes 5 points: of 12 that come 7 are left."""
    await visited(shop, "anna")
    await shop.publish(BOTH.replace("after: {days: 365}}", "after: {days: 365}}, refunds: unlimited"))
    await shop.do(adjust("a1", -5))
    await convert(shop)
    assert await balances(shop, "anna") == (0, 7)
    await is_sound(shop, owner)


def adjust(name: str, points: int, wallet: str = "points", customer: str = "anna") -> PostAdjustment:
    """Return a correction."""
    return PostAdjustment(
        id=name, customer=customer, at=START, wallet=wallet, points=points, reason="r", actor="test"
    )


def points(count: int) -> PointsAsked:
    """Return the wish to pay with points."""
    return PointsAsked(wallet="cafe/points", points=count)


async def test_an_announced_one_is_shown_and_can_be_canceled(shop: Shop, owner: Connection) -> None:
    """Members see what is coming; nothing happens before its time, or ever, where it was canceled."""
    await visited(shop, "anna")
    begins = START + 2 * DAY
    assert (await convert(shop, asked(starts_at=begins))).state == "announced"
    (coming,) = (await conversions_of_customer(shop.handler, shop.workspace_id, "anna")).data
    assert (coming.state, coming.points, coming.become, coming.at) == (
        "announced",
        1,
        12,
        "2026-03-04T12:00:00Z",
    )
    other = asked("c2", starts_at=begins)
    await declare_conversion(shop.handler, shop.workspace_id, other, "test")
    assert (await back(shop, "c2")).state == "canceled"
    await shop.advance(begins)
    await run(shop)
    assert await balances(shop, "anna") == (0, 12)
    (happened,) = (await conversions_of_customer(shop.handler, shop.workspace_id, "anna")).data
    assert (happened.id, happened.state, happened.become) == ("c1", "converted", 12)
    await is_sound(shop, owner)


async def test_households_and_who_was_erased(shop: Shop, owner: Connection) -> None:
    """A household's wallet is one owner; of somebody who was erased nothing comes back."""
    await visited(shop, "anna", "ben", "zoe")
    for customer in ("anna", "ben"):
        command = PutHousehold(customer=customer, household="home")
        await put_household(shop.handler, shop.workspace_id, command)
    done = await convert(shop)
    assert (done.owners, done.become) == ({"converted": 2}, 36)
    assert (await balances(shop, "anna"), await balances(shop, "ben")) == ((0, 24), (0, 24))
    await erase_customer(shop.handler, shop.workspace_id, "zoe", "test")
    returned = await back(shop)
    assert (returned.state, returned.came_back) == ("reversed", 2)
    assert await balances(shop, "ben") == (2, 0)
    await is_sound(shop, owner)


@pytest.mark.parametrize("rounding", list(Rounding))
async def test_the_preview_rounds_as_the_core_does(shop: Shop, owner: Connection, rounding: Rounding) -> None:
    """Balances of 1 to 9 at 7:3, in SQL and lot by lot."""
    await shop.publish(BOTH)
    for count in range(1, 10):
        await shop.order(f"o{count}", f"c{count}", 1)
        await shop.do(adjust(f"a{count}", count, "stars", f"c{count}"))
    wish = asked(take=7, give=3, rounding=rounding)
    preview = await foresee_conversion(shop.handler, shop.workspace_id, wish)
    done = await convert(shop, wish)
    assert (preview.points, preview.become) == (done.points, done.become) == (45, done.become)
    await is_sound(shop, owner)


class _Killed(Exception):
    """The process is gone."""


async def test_killed_between_slices_it_goes_on(
    shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the owners of a slice are done and before that is noted: nobody is carried over twice."""
    await visited(shop, *(f"c{number}" for number in range(7)))
    monkeypatch.setattr(running, "OWNERS_AT_ONCE", 2)
    await declare_conversion(shop.handler, shop.workspace_id, asked(), "test")
    note, kills = move_slice, 0

    async def killed(*args: object) -> None:
        nonlocal kills
        kills += 1
        if kills % 2:
            raise _Killed
        await note(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "move_slice", killed)
    for _ in range(20):
        try:
            await run(shop)
        except _Killed:
            continue
        if (await read_conversion_view(shop.handler, shop.workspace_id, "cafe", "c1")).state == "done":
            break
    done = await read_conversion_view(shop.handler, shop.workspace_id, "cafe", "c1")
    assert (done.state, done.owners, done.become) == ("done", {"converted": 7}, 84)
    assert kills > 4
    assert await owner.fetchval(CONVERTED_POSTINGS, shop.workspace_id) == 14
    await is_sound(shop, owner)


async def test_while_orders_go_on_and_two_workers_run(
    shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Orders, claims and holds of the same members at the same time: every star is 12 points, once."""
    customers = [f"c{number}" for number in range(20)]
    await visited(shop, *customers)
    monkeypatch.setattr(running, "OWNERS_AT_ONCE", 3)
    await declare_conversion(shop.handler, shop.workspace_id, asked(), "test")
    orders = [
        shop.send(put_order(f"{customer}-{number}", customer, 500))
        for number in range(3)
        for customer in customers
    ]
    _, answers = await asyncio.gather(asyncio.gather(run(shop), run(shop)), asyncio.gather(*orders))
    assert {answer.status for answer in answers} == {201}
    assert [await balances(shop, customer) for customer in customers] == [(0, 27)] * 20
    more = [shop.send(put_order(f"{customer}-z", customer, 100)) for customer in customers]
    await asyncio.gather(back(shop), run(shop), *more)
    await run(shop)
    assert [await balances(shop, customer) for customer in customers] == [(1, 16)] * 20
    await is_sound(shop, owner)


async def test_turned_round_under_way(shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken back after the first slice: nobody else is carried over, and who was comes back."""
    await visited(shop, *(f"c{number}" for number in range(6)))
    monkeypatch.setattr(running, "OWNERS_AT_ONCE", 2)
    await declare_conversion(shop.handler, shop.workspace_id, asked(), "test")
    conversion = conversion_id_of(shop.workspace_id, "cafe", "c1")
    place = (shop.workspace_id, await bucket_of(shop), conversion)
    await running.run_slice(shop.handler, *place, START)
    returned = await back(shop)
    assert (returned.state, returned.owners, returned.become) == ("reversed", {"reversed": 2}, 24)
    assert [await balances(shop, f"c{number}") for number in range(6)] == [(1, 0)] * 6
    await is_sound(shop, owner)


async def test_one_owner_that_fails_is_listed(
    shop: Shop, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go on; once it is mended, asked again, that one follows."""
    await visited(shop, "anna", "ben")
    monkeypatch.setattr(handle_conversion, "MAX_AMOUNT", 11)
    refused = await convert(shop)
    assert refused.owners == {"refused": 2}
    monkeypatch.undo()
    await try_conversion_again(shop.handler, shop.workspace_id, "cafe", "c1")
    await run(shop)
    done = await read_conversion_view(shop.handler, shop.workspace_id, "cafe", "c1")
    assert (done.state, done.owners) == ("done", {"converted": 2})
    await is_sound(shop, owner)


async def test_the_audit_sees_a_wrong_conversion(shop: Shop, owner: Connection) -> None:
    """Another rate, an amount that was not moved, an owner who is not noted: each is found."""
    await visited(shop, "anna")
    await convert(shop)
    for wrong, right in (
        ("update conversions set give = 11", "update conversions set give = 12"),
        ("update conversion_owners set taken = 2", "update conversion_owners set taken = 1"),
        ("update conversion_owners set owed = 1", "update conversion_owners set owed = 0"),
        ("update conversion_owners set operation_id = null", None),
    ):
        await owner.execute(f"{wrong} where workspace_id = {shop.workspace_id}")
        report = await audit(owner, shop.workspace_id)
        assert [check.name for check in report.broken] == ["conversions"]
        if right:
            await owner.execute(f"{right} where workspace_id = {shop.workspace_id}")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"program": "nowhere"}, "program_unknown"),
        ({"source": "sand"}, "wallet_unknown"),
        ({"into": "sand"}, "wallet_unknown"),
        ({"into": "stars"}, "same_wallet"),
    ],
)
async def test_what_cannot_be_meant(shop: Shop, changes: dict[str, str], code: str) -> None:
    """An error names the field."""
    await visited(shop, "anna")
    for ask in (foresee_conversion(shop.handler, shop.workspace_id, asked(**changes)),):
        with pytest.raises(ProblemError) as refused:
            await ask
        assert refused.value.problem.code == code
