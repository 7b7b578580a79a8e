"""The catalogue, and what claims hand out: shown, paid, sent, used, canceled. On a real database."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.entitlements import EntitlementState
from perennial.flows.answers import Decided
from perennial.flows.claims.catalogue import RewardView, read_catalogue
from perennial.flows.claims.entitlements import (
    change_entitlement,
    entitlements_of,
    export_all,
    list_all,
    read_perk,
)
from perennial.flows.commands import AssignTier, JoinProgram, PostAdjustment, PostClaim
from perennial.flows.customers.erase import erase_customer
from perennial.flows.entitlement_views import EntitlementView
from perennial.flows.problems import ProblemError
from perennial.flows.vouchers.batches import NewBatch, create_batch
from perennial.units import DAY, HOUR
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound

PROGRAM = """
program: points
name: Points
currency: USD
wallets:
  - {id: points, name: Points, expiry: {type: rolling, after: {days: 10}}, grace: {days: 5}}
  - {id: miles, name: Miles}
tiers:
  metrics: [{id: spend, measure: orders.net}]
  lasts: life
  levels:
    - {id: base, name: Base, reach: {spend: 0}}
    - {id: vip, name: VIP, reach: {spend: 1000000}}
rewards:
  - {id: mug, name: A mug, wallet: points, price: 300, gives: [{type: physical, sku: mug-1, stock: 2}],
     limits: [{times: 1}]}
  - {id: cash, name: 10.00 in cash, wallet: points, price: 100, expires_after: {days: 30},
     gives: [{type: cash_payout, value: 1000}]}
  - {id: card, name: 5.00 to the card, wallet: points, price: 100, refundable: false,
     gives: [{type: cashback, value: 500, to: card}]}
  - {id: trip, name: Miles and shipping, wallet: points, price: 50,
     gives: [{type: points, wallet: miles, points: 70}, {type: free_shipping}]}
  - {id: tasting, name: Tasting, wallet: points, prices: [{points: 10, tiers: [vip]}],
     gives: [{type: experience, event: wine-tasting, starts: "2026-03-10T19:00", ends: "2026-03-10T23:00"}]}
  - {id: partner, name: Partner's coupon, wallet: points, price: 20, gives: [{type: coupon, pool: ten}]}
  - {id: ten, name: Ten off, codes: {pattern: "TEN-########", bound: true},
     gives: [{type: amount_off, value: 1000}]}
  - {id: lounge, name: The lounge, automatic: true, tiers: [vip], gives: [{type: perk, name: lounge}]}
  - {id: gift-wrap, name: Gift wrap, wallet: points, price: 10, expires_after: {days: 7},
     gives: [{type: perk, name: gift-wrap}]}
"""


@pytest.fixture
async def open_shop(shop: Shop) -> Shop:
    """A shop with the program above, where anna has 1,000 points that expire ten days from now."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 100)
    await adjust(shop, "start", 1_000)
    return shop


async def adjust(shop: Shop, name: str, points: int, customer: str = "anna") -> None:
    """Give points of the wallet ``points``."""
    await shop.do(
        PostAdjustment(
            id=name,
            customer=customer,
            at=None,
            wallet="points/points",
            points=points,
            reason="test",
            actor="test",
        )
    )


def claim(name: str, reward: str, customer: str = "anna") -> PostClaim:
    """Return the command of a claim."""
    return PostClaim(id=name, customer=customer, at=None, reward=reward)


async def catalogue_of(shop: Shop, customer: str = "anna") -> dict[str, RewardView]:
    """Return the catalogue of a customer by the rewards' ids."""
    found = await read_catalogue(shop.handler, shop.workspace_id, customer)
    return {view.id: view for view in found.data}


async def move(shop: Shop, entitlement: str, state: EntitlementState, **more: Any) -> EntitlementView:
    """Move an entitlement, which must succeed."""
    answer = await change_entitlement(shop.intake, shop.workspace_id, entitlement, state, "clerk", **more)
    assert answer.status == 200, answer.body
    return msgspec.json.decode(answer.body, type=EntitlementView)


async def refused_move(shop: Shop, entitlement: str, state: EntitlementState, **more: Any) -> str:
    """Move an entitlement, which must be refused, and return the code."""
    answer = await change_entitlement(shop.intake, shop.workspace_id, entitlement, state, "clerk", **more)
    assert answer.status >= 400, answer.body
    code: str = msgspec.json.decode(answer.body)["code"]
    return code


def balance(answer: Decided, wallet: str) -> int:
    """Return an available balance of an answer."""
    return next(each.available for each in answer.balances if each.wallet == wallet)


async def points_of(shop: Shop, owner: Connection) -> tuple[int, int]:
    """Return the balance and what was spent of the only wallet with points in it."""
    row = await owner.fetchrow(
        "select balance, spent from wallets where workspace_id = $1 order by unit_id limit 1",
        shop.workspace_id,
    )
    assert row is not None
    return row["balance"], row["spent"]


async def test_the_catalogue_shows_prices_stock_and_every_reason(open_shop: Shop) -> None:
    """What the member pays, what is missing, what is left, and all reasons with their numbers."""
    shop = open_shop
    await shop.do(claim("c1", "cash"))
    seen = await catalogue_of(shop)
    assert list(seen) == ["mug", "cash", "card", "trip", "tasting", "partner", "gift-wrap"]
    mug = seen["mug"]
    assert mug.price is not None
    assert (mug.claimable, mug.price.points, mug.price.wallet, mug.price.available) == (
        True,
        300,
        "points",
        900,
    )
    assert (mug.stock_left, mug.gives, mug.why_not) == (2, ("physical",), ())
    assert (seen["cash"].value, seen["cash"].currency) == (1_000, "USD")
    tasting = seen["tasting"]
    assert (tasting.claimable, tasting.price, tasting.ends_at) == (False, None, "2026-03-10T23:00:00Z")
    assert [(why.code, why.details) for why in tasting.why_not] == [
        ("no_matching_price", {"reward": "tasting", "tier": "base"})
    ]
    await shop.do(claim("c2", "mug"))
    await adjust(shop, "down", -590)
    mug = (await catalogue_of(shop))["mug"]
    assert mug.price is not None
    assert (mug.stock_left, mug.claimable, mug.price.missing) == (1, False, 290)
    assert [(why.code, why.details) for why in mug.why_not] == [
        (
            "limit_reached",
            {"reward": "mug", "limit": "reward mug: 1 time in all: used up", "cap": 1, "used": 1},
        ),
        ("insufficient_points", {"required": 300, "available": 10, "missing": 290}),
    ]


async def test_what_the_catalogue_offers_can_be_claimed_and_nothing_else(open_shop: Shop) -> None:
    """Each claim succeeds exactly if its reward is shown as claimable; else with the first reason."""
    shop = open_shop
    for number, (name, view) in enumerate((await catalogue_of(shop)).items()):
        answer = await shop.send(claim(f"all-{number}", name))
        assert (answer.status == 201) == view.claimable, name
        if not view.claimable:
            assert msgspec.json.decode(answer.body)["code"] == view.why_not[0].code


async def test_a_claim_hands_out_everything_together(open_shop: Shop, owner: Connection) -> None:
    """Points of another wallet and a voucher come with one claim; its answer shows both, and once only."""
    shop = open_shop
    answer = await shop.do(claim("c1", "trip"))
    assert (balance(answer, "points"), balance(answer, "miles")) == (950, 70)
    assert answer.voucher is not None
    assert (answer.voucher.reward, answer.voucher.points) == ("points/trip", 50)
    [given] = answer.entitlements
    assert (given.kind, given.state, given.name, given.quantity) == ("points", "given", "miles", 70)
    assert await shop.do(claim("c1", "trip")) == answer
    page = await entitlements_of(shop.handler, shop.workspace_id, "anna")
    assert [(each.id, each.kind, each.points) for each in page.data] == [(given.id, "points", 0)]
    await is_sound(shop, owner)


async def test_what_does_nothing_to_an_order_issues_no_voucher(open_shop: Shop, owner: Connection) -> None:
    """A payout is owed, with its expiry; there is no code for it."""
    answer = await open_shop.do(claim("c1", "cash"))
    assert answer.voucher is None
    [owed] = answer.entitlements
    assert (owed.kind, owed.state, owed.amount, owed.currency) == ("cash_payout", "open", 1_000, "USD")
    assert owed.expires_at == "2026-04-02T00:00:00Z"
    assert (
        await owner.fetchval("select count(*) from vouchers where workspace_id = $1", open_shop.workspace_id)
        == 0
    )
    await is_sound(open_shop, owner)


async def test_payables_are_listed_exported_and_paid_once(open_shop: Shop, owner: Connection) -> None:
    """The oldest first, page by page; paying twice with the same reference is one payment, audited."""
    shop = open_shop
    first = (await shop.do(claim("c1", "cash"))).entitlements[0].id
    await shop.advance(START + HOUR)
    second = (await shop.do(claim("c2", "card"))).entitlements[0].id
    await shop.do(claim("c3", "mug"))
    page = await list_all(shop.handler, shop.workspace_id, states=[EntitlementState.OPEN], limit=1)
    assert [(each.id, each.customer) for each in page.data] == [(first, "anna")]
    rest = await list_all(
        shop.handler, shop.workspace_id, states=[EntitlementState.OPEN], limit=1, cursor=page.next_cursor
    )
    assert ([each.id for each in rest.data], rest.next_cursor) == ([second], None)
    undone = await list_all(shop.handler, shop.workspace_id, kind="physical")
    assert [each.state for each in undone.data] == ["ordered"]
    exported = [
        each.id
        async for views in export_all(shop.handler, shop.workspace_id, states=[EntitlementState.OPEN])
        for each in views
    ]
    assert exported == [first, second]
    paid = await move(shop, first, EntitlementState.PAID, reference="SEPA 7")
    assert (paid.state, paid.reference) == ("paid", "SEPA 7")
    assert await move(shop, first, EntitlementState.PAID, reference="SEPA 7") == paid
    assert await move(shop, first, EntitlementState.PAID) == paid
    assert await refused_move(shop, first, EntitlementState.PAID, reference="SEPA 8") == "illegal_move"
    assert await refused_move(shop, first, EntitlementState.CANCELED, reason="late") == "illegal_move"
    entries = await owner.fetch(
        "select action, actor, object from audit_entries"
        " where workspace_id = $1 and action like 'entitlement.%'",
        shop.workspace_id,
    )
    assert [tuple(row) for row in entries] == [("entitlement.paid", "clerk", f"entitlement/{first}")]
    all_paid = await list_all(shop.handler, shop.workspace_id, states=[EntitlementState.PAID])
    assert [each.id for each in all_paid.data] == [first]
    await is_sound(shop, owner)


async def test_goods_are_shipped_delivered_and_never_go_back(open_shop: Shop) -> None:
    """Each step needs the one before it, and the tracking reference stays."""
    shop = open_shop
    mug = (await shop.do(claim("c1", "mug"))).entitlements[0].id
    assert await refused_move(shop, mug, EntitlementState.DELIVERED) == "illegal_move"
    assert (await move(shop, mug, EntitlementState.SHIPPED, reference="DHL 1")).reference == "DHL 1"
    delivered = await move(shop, mug, EntitlementState.DELIVERED)
    assert (delivered.state, delivered.reference) == ("delivered", "DHL 1")
    assert await refused_move(shop, mug, EntitlementState.SHIPPED) == "illegal_move"


async def test_canceling_restores_points_stock_and_limits(open_shop: Shop, owner: Connection) -> None:
    """Points are in their lot with its dates, the stock is whole, and the member may claim again."""
    shop = open_shop
    lots = "select lot_id, granted, remaining, expires_at from lots where workspace_id = $1 order by lot_id"
    before = await owner.fetch(lots, shop.workspace_id)
    mug = (await shop.do(claim("c1", "mug"))).entitlements[0].id
    assert await points_of(shop, owner) == (700, 300)
    assert (await catalogue_of(shop))["mug"].stock_left == 1
    assert await refused_move(shop, mug, EntitlementState.CANCELED) == "required"
    await move(shop, mug, EntitlementState.CANCELED, reason="broken")
    assert await owner.fetch(lots, shop.workspace_id) == before
    assert await points_of(shop, owner) == (1_000, 0)
    seen = (await catalogue_of(shop))["mug"]
    assert (seen.stock_left, seen.claimable) == (2, True)
    await move(shop, mug, EntitlementState.CANCELED, reason="broken")
    assert await points_of(shop, owner) == (1_000, 0)
    await shop.do(claim("c2", "mug"))
    await is_sound(shop, owner)


async def test_points_whose_lot_has_expired_come_back_with_a_grace(
    open_shop: Shop, owner: Connection
) -> None:
    """The lot is over after ten days; canceled then, the points live for the wallet's grace of five days."""
    shop = open_shop
    mug = (await shop.do(claim("c1", "mug"))).entitlements[0].id
    await shop.advance(START + 20 * DAY)
    await move(shop, mug, EntitlementState.CANCELED, reason="lost")
    assert await points_of(shop, owner) == (300, 0)
    expires = await owner.fetchval(
        "select expires_at from lots where workspace_id = $1 and remaining > 0", shop.workspace_id
    )
    assert expires == START - 12 * HOUR + 26 * DAY
    await is_sound(shop, owner)


async def test_what_is_not_refundable_or_not_alone_gives_no_points_back(
    open_shop: Shop, owner: Connection
) -> None:
    """A payout of a reward that is not refundable is canceled without points; so is a part of a claim."""
    shop = open_shop
    card = (await shop.do(claim("c1", "card"))).entitlements[0].id
    await move(shop, card, EntitlementState.CANCELED, reason="fraud")
    assert await points_of(shop, owner) == (900, 100)
    await is_sound(shop, owner)


async def test_what_has_expired_is_not_paid(open_shop: Shop) -> None:
    """After its 30 days a payout can only be canceled."""
    shop = open_shop
    cash = (await shop.do(claim("c1", "cash"))).entitlements[0].id
    await shop.advance(START + 31 * DAY)
    [view] = (await entitlements_of(shop.handler, shop.workspace_id, "anna")).data
    assert (view.state, view.expired) == ("open", True)
    assert await refused_move(shop, cash, EntitlementState.PAID) == "entitlement_expired"
    assert (await move(shop, cash, EntitlementState.CANCELED, reason="expired")).state == "canceled"


async def test_perks_are_answered_by_tier_and_by_claim(open_shop: Shop) -> None:
    """SC-82: the lounge is for VIPs without a claim, gift wrap for whoever claimed it, for a week."""
    shop = open_shop

    async def perk(name: str) -> tuple[bool, str | None, str | None]:
        view = await read_perk(shop.handler, shop.workspace_id, "anna", name)
        return view.entitled, view.until, view.reward

    assert await perk("lounge") == (False, None, None)
    assert await perk("nothing") == (False, None, None)
    await shop.do(
        AssignTier(
            id="t", customer="anna", at=None, program="points", tier="vip", reason="press", actor="test"
        )
    )
    assert await perk("lounge") == (True, None, "points/lounge")
    await shop.do(claim("c1", "gift-wrap"))
    assert await perk("gift-wrap") == (True, "2026-03-10T00:00:00Z", "points/gift-wrap")
    await shop.advance(START + 8 * DAY)
    assert await perk("gift-wrap") == (False, None, None)
    with pytest.raises(ProblemError):
        await read_perk(shop.handler, shop.workspace_id, "nobody", "lounge")


async def test_a_seat_is_held_during_its_time_and_cannot_be_claimed_after(open_shop: Shop) -> None:
    """A VIP holds a seat for the evening; once it is over nobody can claim one."""
    shop = open_shop
    await shop.do(
        AssignTier(
            id="t", customer="anna", at=None, program="points", tier="vip", reason="press", actor="test"
        )
    )
    [seat] = (await shop.do(claim("c1", "tasting"))).entitlements
    assert (seat.starts_at, seat.expires_at) == ("2026-03-10T19:00:00Z", "2026-03-10T23:00:00Z")
    early = await read_perk(shop.handler, shop.workspace_id, "anna", "wine-tasting")
    assert not early.entitled
    await shop.advance(START + 8 * DAY + 7 * HOUR)
    now = await read_perk(shop.handler, shop.workspace_id, "anna", "wine-tasting")
    assert (now.entitled, now.until) == (True, "2026-03-10T23:00:00Z")
    assert (await move(shop, seat.id, EntitlementState.USED)).state == "used"
    await shop.advance(START + 8 * DAY + 11 * HOUR)
    problem = await shop.refuse(claim("c2", "tasting"))
    assert (problem.code, problem.details["ended_at"]) == ("reward_not_available", "2026-03-10T23:00:00Z")


async def test_a_coupon_is_a_code_of_its_pool(open_shop: Shop, owner: Connection) -> None:
    """Each claim gets a code of its own; when the pool is empty the claim is refused and takes nothing."""
    shop = open_shop
    assert (await shop.refuse(claim("early", "partner"))).code == "out_of_stock"
    seen = (await catalogue_of(shop))["partner"]
    assert [(why.code, why.details) for why in seen.why_not] == [
        ("out_of_stock", {"reward": "partner", "pool": "ten"})
    ]
    assert [price.claimable for price in seen.prices] == [False]
    batch = NewBatch(id="b1", reward="ten", count=2)
    await create_batch(shop.handler, shop.workspace_id, batch, "test")
    assert (await catalogue_of(shop))["partner"].claimable
    answers = await asyncio.gather(*(shop.send(claim(f"c{n}", "partner")) for n in range(3)))
    given = [msgspec.json.decode(each.body, type=Decided) for each in answers if each.status == 201]
    codes = {each.voucher.code for each in given if each.voucher is not None}
    assert len(given) == len(codes) == 2
    assert all(each.voucher is not None and each.voucher.reward == "points/ten" for each in given)
    assert sorted(each.status for each in answers) == [201, 201, 409]
    assert not (await catalogue_of(shop))["partner"].claimable
    assert await points_of(shop, owner) == (960, 40)
    held = "select count(*) from vouchers where workspace_id = $1 and customer_id <> voucher_id"
    assert await owner.fetchval(held, shop.workspace_id) == 2
    again = await shop.do(claim("c0", "partner"))
    assert again.voucher is not None
    assert again.voucher.code in codes or answers[0].status == 409
    await is_sound(shop, owner)


async def test_an_unknown_entitlement_is_not_found(open_shop: Shop) -> None:
    """Neither what is no id, nor an id that nothing has."""
    for unknown in ("something", str(UUID(int=5))):
        with pytest.raises(ProblemError) as raised:
            await change_entitlement(
                open_shop.intake, open_shop.workspace_id, unknown, EntitlementState.PAID, "clerk"
            )
        assert (raised.value.problem.status, raised.value.problem.code) == (404, "entitlement_unknown")


async def test_erasing_ends_what_is_not_done(open_shop: Shop, owner: Connection) -> None:
    """What was paid stays paid for the books, without its reference; what is open ends."""
    shop = open_shop
    paid = (await shop.do(claim("c1", "cash"))).entitlements[0].id
    await move(shop, paid, EntitlementState.PAID, reference="Anna's account")
    mug = (await shop.do(claim("c2", "mug"))).entitlements[0].id
    await erase_customer(shop.handler, shop.workspace_id, "anna", "test")
    rows = await owner.fetch(
        "select kind, state, reference from entitlements where workspace_id = $1 order by kind",
        shop.workspace_id,
    )
    assert [tuple(row) for row in rows] == [("cash_payout", 3, None), ("physical", 10, None)]
    assert await refused_move(shop, mug, EntitlementState.SHIPPED) == "customer_erased"
    ended = await list_all(shop.handler, shop.workspace_id, states=[EntitlementState.ENDED])
    assert [each.customer for each in ended.data] == [None]
    await is_sound(shop, owner)


IN_PART = """
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
rewards:
  - {id: mug, name: A mug, price: 1000, in_part: {points: 100, amount: 75, least: 200},
     gives: [{type: physical, sku: mug-1}]}
"""


async def test_a_claim_is_paid_in_part(shop: Shop, owner: Connection) -> None:
    """400 of 1,000 points and 4.50 in money; canceled, the 400 come back; 100 points are too few."""
    await shop.publish(IN_PART)
    await shop.do(JoinProgram(customer="anna", program="points", at=START, source="test"))
    given = PostAdjustment(
        id="a", customer="anna", at=START, wallet="points", points=500, reason="test", actor="test"
    )
    await shop.do(given)
    few = await shop.refuse(PostClaim(id="c0", customer="anna", at=START, reward="mug", points=100))
    assert (few.status, few.code, few.details["least"]) == (409, "not_in_part", 200)
    whole = await shop.refuse(PostClaim(id="c1", customer="anna", at=START, reward="mug"))
    assert (whole.code, whole.details["missing"]) == ("insufficient_points", 500)
    claim = PostClaim(id="c2", customer="anna", at=START, reward="points/mug", points=400)
    first, second = await shop.do(claim), await shop.send(claim)
    assert (first.to_pay, first.balances[0].available, second.replayed) == (450, 100, True)
    [view] = (await read_catalogue(shop.handler, shop.workspace_id, "anna")).data
    assert (view.claimable, view.price and view.price.least) == (False, 200)
    await move(shop, first.entitlements[0].id, EntitlementState.CANCELED, reason="broken")
    [view] = (await read_catalogue(shop.handler, shop.workspace_id, "anna")).data
    assert (view.claimable, view.price and view.price.available) == (True, 500)
    await is_sound(shop, owner)


_SEAT = """\
  - {id: seat, name: A seat, wallet: points, price: 10,
     gives: [{type: experience, event: concert, capacity: 3}, {type: perk, name: lounge}]}
"""


async def test_what_an_erased_member_held_is_there_for_others(open_shop: Shop, owner: Connection) -> None:
    """A mug that was ordered and a seat come back to their stocks; what was sent or used in part does not."""
    shop = open_shop
    await shop.publish(PROGRAM + _SEAT)

    async def left(customer: str) -> list[int | None]:
        return [(await catalogue_of(shop, customer))[name].stock_left for name in ("mug", "seat")]

    await shop.do(claim("c1", "mug"))
    await shop.do(claim("c2", "seat"))
    perk = (await shop.do(claim("c3", "seat"))).entitlements[1].id
    await move(shop, perk, EntitlementState.USED)
    await shop.order("o2", "ben", 100)
    await adjust(shop, "more", 1_000, "ben")
    assert await left("ben") == [1, 1]
    await erase_customer(shop.handler, shop.workspace_id, "anna", "clerk")
    assert await left("ben") == [2, 2]
    mug = (await shop.do(claim("c4", "mug", "ben"))).entitlements[0].id
    await move(shop, mug, EntitlementState.SHIPPED)
    await erase_customer(shop.handler, shop.workspace_id, "ben", "clerk")
    await shop.order("o3", "eve", 100)
    assert await left("eve") == [1, 2]
    await is_sound(shop, owner)
