"""Gift cards that were entered: each pays once, and only while its voucher is good."""

from __future__ import annotations

import msgspec
import pytest

from perennial.core.orders.order import OrderStatus
from perennial.core.switches import SwitchKind, SwitchObject
from perennial.flows.commands import PutOrder
from perennial.flows.programs.life import Author
from perennial.flows.switches import turn_off
from perennial.flows.vouchers.vouchers import read_voucher, void_voucher, vouchers_of
from tests.flows.checkout import PROGRAM, Checkout, a_cart, redeem
from tests.flows.shop import START, Shop


@pytest.fixture
async def checkout(shop: Shop) -> Checkout:
    """A shop whose customer anna has 10,000 points, and cards of 25.00 that only their member may use."""
    bound = (
        "{id: own, name: Hers, price: 1000, gives: [{type: gift_card, value: 2500}], codes: {bound: true}}"
    )
    await shop.publish(PROGRAM.replace("rewards:\n", f"rewards:\n  - {bound}\n"))
    await shop.order("seed", "anna", 10_000)
    return Checkout(shop)


async def test_a_card_that_is_entered_twice_pays_once(checkout: Checkout) -> None:
    """A card of 25.00 entered twice leaves 65.00 of 90.00 to pay, not 40.00."""
    code = await checkout.claim("c1", "anna", "card")
    redeemed = await checkout.redeem(redeem("r1", "anna", 9_000, codes=(code, code)))
    assert (redeemed.quote.to_pay, [one.amount for one in redeemed.quote.cards]) == (6_500, [2_500])


async def test_a_card_of_somebody_else_does_not_pay(checkout: Checkout) -> None:
    """A bound card is for its member alone: others and guests are told so, and pay everything."""
    code = await checkout.claim("c1", "anna", "own")
    await checkout.shop.order("o1", "ben", 100)
    for customer, reason in (("ben", "other_holder"), (None, "customer_required")):
        quoted = await checkout.quote(redeem("q", customer, 9_000, codes=(code,)))
        assert (quoted.to_pay, quoted.cards) == (9_000, ())
        assert [one.reason for one in quoted.redeemables] == [reason]
    assert (await checkout.quote(redeem("q", "anna", 9_000, codes=(code,)))).to_pay == 6_500


async def test_a_card_that_is_switched_off_does_not_pay(checkout: Checkout) -> None:
    """Cards that got into the wrong hands stop at once."""
    code = await checkout.claim("c1", "anna", "card")
    off = SwitchObject(kind=SwitchKind.REWARD, program="points", id="card")
    author = Author(actor="mara", at=START, note="stolen")
    await turn_off(checkout.shop.database, checkout.shop.workspace_id, off, author)
    redeemed = await checkout.redeem(redeem("r1", "anna", 9_000, codes=(code,)))
    assert (redeemed.quote.to_pay, redeemed.quote.cards) == (9_000, ())
    assert redeemed.quote.redeemables[0].reason == "switched_off"


@pytest.mark.parametrize("status", ["paid", "created", None])
async def test_a_canceled_order_gives_back_what_was_redeemed_on_it(
    checkout: Checkout, status: str | None
) -> None:
    """Whether it was paid, only created, or never heard of: points, card and limits are as before."""
    shop = checkout.shop
    code = await checkout.claim("c1", "anna", "card")
    order = a_cart(6_000)
    if status == "created":
        await shop.do(PutOrder(id="o1", customer="anna", at=START, order=order))
    before = await checkout.books()
    await checkout.redeem(redeem("r1", "anna", 6_000, codes=(code, "FEW"), points=1_000, order_id="o1"))
    assert await checkout.books() != before
    if status == "paid":
        await shop.do(
            PutOrder(
                id="o1",
                customer="anna",
                at=START,
                order=msgspec.structs.replace(order, status=OrderStatus.PAID),
            )
        )
    canceled = msgspec.structs.replace(order, status=OrderStatus.CANCELED)
    await shop.do(PutOrder(id="o1", customer="anna", at=START, order=canceled))
    after = await checkout.books()
    if status == "paid":
        after["lots"], before["lots"] = [], []
    assert after == before


async def test_a_card_says_what_is_on_it(checkout: Checkout) -> None:
    """By its code and in the list of its member: less while a cart holds it, nothing once it is void."""
    code = await checkout.claim("c1", "anna", "card")
    await checkout.claim("c2", "anna", "five-off")
    shop = checkout.shop

    async def balances() -> tuple[int | None, dict[str, int | None]]:
        one = await read_voucher(shop.handler, shop.workspace_id, code)
        listed = await vouchers_of(shop.handler, shop.workspace_id, "anna")
        return one.balance, {each.reward: each.balance for each in listed.data}

    def on_it(amount: int) -> tuple[int, dict[str, int | None]]:
        return amount, {"points/card": amount, "points/five-off": None}

    assert await balances() == on_it(2_500)
    await checkout.redeem(redeem("r1", None, 900, codes=(code,)))
    assert await balances() == on_it(1_600)
    await checkout.redeem(redeem("h1", None, 1_000, codes=(code,), minutes=10))
    assert await balances() == on_it(600)
    await void_voucher(shop.handler, shop.workspace_id, code, "stolen", "mara")
    assert await balances() == on_it(0)


async def test_an_empty_card_says_so(checkout: Checkout) -> None:
    """Of one on which nothing is, or nothing that no other cart holds, the quote says why it does not pay."""
    code = await checkout.claim("c1", "anna", "card")
    await checkout.redeem(redeem("r1", None, 2_000, codes=(code,)))
    await checkout.redeem(redeem("h1", None, 700, codes=(code,), minutes=10))
    quoted = await checkout.quote(redeem("q", None, 900, codes=(code,)))
    assert (quoted.to_pay, quoted.cards) == (900, ())
    assert [(one.status, one.reason) for one in quoted.redeemables] == [
        ("inapplicable", "insufficient_balance")
    ]
