"""A cart changes while it is held: what applies is kept, the rest comes back, what is new is taken."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.orders.order import OrderStatus
from perennial.flows import handle_events
from perennial.flows.batcher import Intake
from perennial.flows.commands import Command, ExpireHold, PostRollback, PutOrder, RedeemHold
from perennial.flows.handle_events import Handler
from perennial.flows.signed_codes import wall_now
from perennial.flows.till.codes import voucher_code
from perennial.units import MINUTE
from tests.codebook import CODEBOOK
from tests.flows.checkout import PROGRAM, Checkout, a_cart, change, redeem
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound

MORE = """
  - id: big
    name: 20.00 off from 100.00 on
    gives: [{type: amount_off, value: 2000}]
    codes: {shared: BIG}
    usable_when: {fact: order.total, at_least: 10000}
    limits: [{discount: 5000, per: total}]
"""


@pytest.fixture
async def checkout(shop: Shop) -> Checkout:
    """A shop whose customer anna has 10,000 points."""
    await shop.publish(PROGRAM + MORE)
    await shop.order("seed", "anna", 10_000)
    return Checkout(shop)


def told(answer: Any) -> list[tuple[str, str, int, int]]:
    """Return what an answer says that became of what was held: reward or wallet, what, before, now."""
    return [
        (one.reward or one.name if one.kind != "card" else "card", one.what, one.before, one.now)
        for one in answer.changes
    ]


async def test_what_applies_is_kept_and_the_rest_comes_back(checkout: Checkout, owner: Connection) -> None:
    """With less in the cart the big discount and its budget come back, 10 % stays, five-off is new."""
    code = await checkout.claim("c1", "anna", "five-off")
    held = await checkout.redeem(redeem("h1", "anna", 12_000, codes=("TEN", "BIG"), points=2_000, minutes=10))
    assert held.quote.discount_total == 1_200 + 2_000
    changed = await checkout.change_hold(
        change("h1", "anna", 6_000, codes=("TEN", "BIG", code), points=1_000)
    )
    assert told(changed) == [
        ("points/ten", "kept", 1_200, 600),
        ("points/big", "given_back", 2_000, 0),
        ("points/five-off", "taken", 0, 500),
        ("points/points", "kept", 2_000, 1_000),
    ]
    lost = changed.changes[1]
    assert (lost.reason, bool(lost.message)) == ("conditions_not_met", True)
    assert (changed.state, changed.held_until) == ("held", held.held_until)
    assert (changed.quote.to_pay, changed.balances[0].held) == (6_000 - 600 - 500 - 1_000, 1_000)
    books = await checkout.books()
    assert books["budgets"] == []
    assert [used for _, used, *_ in books["vouchers"]] == [1]
    await is_sound(checkout.shop, owner)


async def test_changing_is_releasing_and_holding_anew(checkout: Checkout) -> None:
    """The books are those of a hold of the new cart; released they are those from before, to the byte."""
    code = await checkout.claim("c1", "anna", "five-off")
    before = await checkout.books()
    carts: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        ((12_000,), {"codes": ("BIG", "FEW"), "points": 3_000}),
        ((12_000, 4_000), {"codes": ("BIG", code), "points": 50}),
        ((4_000,), {"codes": ("TEN",), "rewards": ("five-off",)}),
        ((), {}),
    ]
    for number, (amounts, asked) in enumerate(carts):
        first = carts[number - 1]
        await checkout.redeem(redeem(f"h{number}", "anna", *first[0], minutes=10, **first[1]))
        await checkout.change_hold(change(f"h{number}", "anna", *amounts, **asked))
        changed = await checkout.books()
        await checkout.roll_back(f"b{number}", f"h{number}", "anna")
        assert await checkout.books() == before
        await checkout.redeem(redeem(f"s{number}", "anna", *amounts, minutes=10, **asked))
        assert await checkout.books() == changed
        await checkout.roll_back(f"c{number}", f"s{number}", "anna")


async def test_a_refused_change_leaves_everything_held(checkout: Checkout) -> None:
    """Another price than expected, a stranger's hold and an unknown one are refused; nothing moves."""
    await checkout.redeem(redeem("h1", "anna", 12_000, codes=("BIG",), points=2_000, minutes=10))
    held = await checkout.books()
    refused = [
        await checkout.shop.refuse(change("h1", "anna", 6_000, codes=("BIG",), expects=4_000)),
        await checkout.shop.refuse(change("h1", "berta", 6_000)),
        await checkout.shop.refuse(change("h2", "anna", 6_000)),
        await checkout.shop.refuse(change("h1", "anna", 6_000, rewards=("nothing",))),
    ]
    assert [(problem.status, problem.code) for problem in refused] == [
        (409, "price_changed"),
        (422, "id_conflict"),
        (404, "redemption_unknown"),
        (422, "reward_unknown"),
    ]
    assert await checkout.books() == held


async def test_the_clock_goes_on_and_twice_is_once(checkout: Checkout) -> None:
    """A change replays its answer and does not prolong; back to the first cart is a change again."""
    before = await checkout.books()
    await checkout.redeem(redeem("h1", "anna", 8_000, points=1_000, minutes=10))
    shop = checkout.shop
    await shop.advance(START + 9 * MINUTE)
    at = START + 9 * MINUTE
    first = await shop.send(change("h1", "anna", 6_000, points=2_000, at=at))
    again = await shop.send(change("h1", "anna", 6_000, points=2_000, at=at))
    assert (first.replayed, again.replayed, first.body) == (False, True, again.body)
    other = await shop.send(change("h1", "anna", 8_000, points=1_000, at=at))
    assert not other.replayed
    assert not (await shop.send(change("h1", "anna", 6_000, points=2_000, at=at))).replayed
    await shop.advance(START + 10 * MINUTE)
    assert await checkout.books() == before
    over = await shop.refuse(change("h1", "anna", 7_000))
    assert (over.status, over.code) == (409, "hold_over")


async def test_a_changed_hold_is_redeemed_as_it_is_priced_now(checkout: Checkout) -> None:
    """What is redeemed is the changed cart; its order gives it back; a redeemed hold cannot be changed."""
    before = await checkout.books()
    await checkout.redeem(redeem("h1", "anna", 12_000, codes=("BIG",), points=500, minutes=10))
    changed = await checkout.change_hold(change("h1", "anna", 6_000, codes=("TEN",), order_id="o1"))
    redeemed = await checkout.redeem_hold("h1", "anna", START + MINUTE)
    assert (redeemed.quote, redeemed.order, redeemed.changes) == (changed.quote, "o1", ())
    problem = await checkout.shop.refuse(change("h1", "anna", 5_000))
    assert (problem.status, problem.code) == (409, "hold_redeemed")
    canceled = msgspec.structs.replace(a_cart(6_000), status=OrderStatus.CANCELED)
    await checkout.shop.do(PutOrder(id="o1", customer="anna", at=START, order=canceled))
    assert await checkout.books() == before


async def test_a_guests_hold_with_a_gift_card_changes(checkout: Checkout, owner: Connection) -> None:
    """The card pays more of a dearer cart, never more than it holds, and is whole again in the end."""
    code = await checkout.claim("c1", "anna", "card")
    before = await checkout.books()
    await checkout.redeem(redeem("h1", None, 2_000, codes=(code, "FEW"), minutes=10))
    changed = await checkout.change_hold(change("h1", None, 9_000, codes=(code,)))
    assert told(changed) == [("points/few", "given_back", 100, 0), ("card", "kept", 1_900, 2_500)]
    assert (changed.quote.to_pay, changed.quote.cards[0].left) == (6_500, 0)
    await checkout.roll_back("b1", "h1", None)
    assert await checkout.books() == before
    await is_sound(checkout.shop, owner)


async def test_the_last_use_is_kept_by_whom_it_is_held(checkout: Checkout) -> None:
    """Of two uses one is anna's: however often her cart changes, berta never finds a third."""
    await checkout.shop.order("seed-b", "berta", 100)
    await checkout.redeem(redeem("h1", "anna", 8_000, codes=("FEW",), minutes=10))
    await checkout.redeem(redeem("r1", "berta", 8_000, codes=("FEW",)))
    answers = await asyncio.gather(
        *(
            checkout.shop.send(
                change("h1", "anna", 8_000 + number, codes=("FEW",))
                if number % 2
                else redeem(f"q{number}", "berta", 8_000, codes=("FEW",))
            )
            for number in range(12)
        )
    )
    for number, answer in enumerate(answers):
        status = msgspec.json.decode(answer.body)["quote"]["redeemables"][0]["status"]
        assert status == ("applicable" if number % 2 else "inapplicable")


@pytest.mark.parametrize("end", ["redeem", "roll_back", "expire"])
async def test_a_change_meets_the_end_of_its_hold(checkout: Checkout, owner: Connection, end: str) -> None:
    """On two workers one of them comes first; the books are those of that order, and add up."""
    shop = checkout.shop
    before = await checkout.books()
    at = START + MINUTE
    for number in range(4):
        name = f"h{number}"
        await checkout.redeem(redeem(name, "anna", 12_000, codes=("BIG",), points=500, minutes=1))
        ends: dict[str, Command] = {
            "redeem": RedeemHold(id=name, customer="anna", at=START),
            "roll_back": PostRollback(id=f"b{number}", redemption=name, customer="anna", at=START),
            "expire": await _expiry(owner, shop.workspace_id, at),
        }
        other = Intake(Handler(shop.database, CODEBOOK))
        changing = shop.send(change(name, "anna", 6_000, codes=("BIG", "TEN"), points=700))
        changed, ended = await asyncio.gather(changing, other.submit(shop.workspace_id, ends[end]))
        await other.close()
        assert ended.status in (200, 201), ended.body
        code = None if changed.status == 200 else msgspec.json.decode(changed.body)["code"]
        assert code in (None, "hold_redeemed" if end == "redeem" else "hold_over")
        if end == "redeem":
            books = await checkout.books()
            spent = 500 if code else 700
            assert [(held, spent) for *_, held, spent in books["wallets"]] == [(0, spent)]
            assert bool(books["budgets"]) is bool(code)
            await checkout.roll_back(f"b{number}", name, "anna")
        assert await checkout.books() == before
    await is_sound(shop, owner)


async def _expiry(owner: Connection, workspace_id: int, at: int) -> ExpireHold:
    """Return the command that ends the hold that is open."""
    row = await owner.fetchrow(
        "select customer_id, redemption_id, bucket from redemptions where state = 1 and workspace_id = $1",
        workspace_id,
    )
    assert row is not None
    customer_id, redemption_id, bucket = row
    return ExpireHold(customer_id=customer_id.hex, redemption_id=redemption_id.hex, bucket=bucket, at=at)


async def test_a_rotating_code_is_good_as_long_as_its_hold(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the till scanned minutes ago keeps the voucher in the hold; elsewhere it is too old."""
    shop = checkout.shop
    codes = [await checkout.claim(name, "anna", "five-off") for name in ("c1", "c2")]
    mine, other = [(await voucher_code(shop.handler, shop.workspace_id, code)).text for code in codes]
    await checkout.redeem(redeem("h1", "anna", 8_000, codes=(mine,), minutes=10))
    later = wall_now() + 5 * MINUTE
    monkeypatch.setattr(handle_events, "wall_now", lambda: later)
    changed = await checkout.change_hold(change("h1", "anna", 7_000, codes=(mine, other)))
    assert [one.what for one in changed.changes] == ["kept"]
    assert [(one.status, one.reason) for one in changed.quote.redeemables] == [
        ("applicable", None),
        ("inapplicable", "unknown"),
    ]
