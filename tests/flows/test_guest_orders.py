"""Orders of guests: canceled or returned, they give back what was redeemed on them, in whichever bucket."""

from __future__ import annotations

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.orders.order import OrderStatus, ReturnedLine
from perennial.flows.commands import PostReturn, PutOrder
from tests.flows.checkout import PROGRAM, Checkout, a_cart, change, redeem
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound

MUGS = """
  - id: mug
    name: A mug off
    codes: {pattern: "M-############"}
    gives: [{type: amount_off, value: 300}]
    limits: [{discount: 900, per: total}]
  - id: spring
    name: Spring
    codes: {shared: SPRING}
    gives: [{type: amount_off, value: 300}]
    limits: [{discount: 900, per: total, every: year}]
"""


@pytest.fixture(params=["shop", "wide_shop"])
async def checkout(request: pytest.FixtureRequest, shop: Shop, wide_shop: Shop) -> Checkout:
    """A shop with one bucket, and one with four, in which an order and what is on it lie apart."""
    shop = shop if request.param == "shop" else wide_shop
    await shop.publish(PROGRAM + MUGS)
    await shop.order("seed", "anna", 10_000)
    return Checkout(shop)


def an_order(name: str, status: OrderStatus, customer: str | None = None, *amounts: int) -> PutOrder:
    """Build the command of an order with two units per line."""
    order = msgspec.structs.replace(a_cart(*(amounts or (6_000, 2_000))), status=status)
    return PutOrder(id=name, customer=customer, at=START, order=order)


async def test_a_canceled_order_gives_everything_back(checkout: Checkout, owner: Connection) -> None:
    """Budgets, codes, cards, holds and redemptions of many guests on one order: back, once, to the byte."""
    card = await checkout.claim("c1", "anna", "card")
    before = await checkout.books()
    for number in range(3):
        name = f"r{number}"
        codes = ("SPRING", card) if number == 1 else ("SPRING",)
        await checkout.redeem(redeem(name, None, 6_000, 2_000, codes=codes, order_id="o1"))
    await checkout.redeem(redeem("h1", None, 900, codes=("FEW",), minutes=5))
    await checkout.change_hold(change("h1", None, 900, codes=("FEW",), order_id="o1"))
    await checkout.redeem(redeem("other", None, 900, codes=("FEW",), order_id="o2"))
    shop = checkout.shop
    await shop.do(an_order("o1", OrderStatus.PAID))
    canceled = an_order("o1", OrderStatus.CANCELED)
    first, second = await shop.send(canceled), await shop.send(canceled)
    assert (first.status, second.status, second.replayed) == (200, 200, True)
    await shop.do(an_order("o2", OrderStatus.CANCELED))
    assert await checkout.books() == before
    refused = await shop.refuse(an_order("o1", OrderStatus.PAID))
    assert (refused.status, refused.code) == (422, "order_canceled")
    await is_sound(shop, owner)


async def test_returned_lines_give_back_their_share(checkout: Checkout, owner: Connection) -> None:
    """Of 25.00 on a card that paid 80.00 in part, three quarters come back with a line, then the rest."""
    card = await checkout.claim("c1", "anna", "card")
    before = await checkout.books()
    await checkout.redeem(redeem("r1", None, 6_000, 2_000, codes=(card, "SPRING"), order_id="o1"))
    shop = checkout.shop
    early = await shop.refuse(PostReturn(id="x0", order="o1", customer=None, at=START, lines=()))
    assert (early.status, early.code) == (404, "order_unknown")
    await shop.do(an_order("o1", OrderStatus.PAID))
    part = PostReturn(
        id="x1", order="o1", customer=None, at=START, lines=(ReturnedLine(line="l1", quantity=2),)
    )
    first, second = await shop.send(part), await shop.send(part)
    assert (first.status, second.status, second.replayed) == (201, 200, True)
    assert [row for row in (await checkout.books())["lots"] if row[3:] == (2_500, 1_875)]
    assert (await checkout.books())["budgets"] != before["budgets"]
    changed = await shop.refuse(an_order("o1", OrderStatus.PAID, None, 5_000))
    taken = await shop.refuse(an_order("o1", OrderStatus.PAID, "anna"))
    assert {changed.code, taken.code} == {"order_has_returns"}
    await shop.do(PostReturn(id="x2", order="o1", customer=None, at=START, lines=()))
    assert await checkout.books() == before
    over = await shop.refuse(PostReturn(id="x3", order="o1", customer=None, at=START, lines=()))
    assert over.code == "nothing_to_return"
    await is_sound(shop, owner)


async def test_an_order_that_found_its_customer_gives_back_as_well(
    checkout: Checkout, owner: Connection
) -> None:
    """What a guest redeemed comes back with the order, although it is a member's by then."""
    before = await checkout.books()
    shop = checkout.shop
    await checkout.redeem(redeem("h1", None, 6_000, 2_000, codes=("SPRING",), minutes=5))
    await checkout.redeem_hold("h1", None)
    await checkout.redeem(redeem("r1", None, 6_000, 2_000, codes=("SPRING",), order_id="o1"))
    await shop.do(an_order("o1", OrderStatus.PAID))
    await shop.do(an_order("o1", OrderStatus.PAID, "anna"))
    await shop.do(an_order("o1", OrderStatus.CANCELED, "anna"))
    await checkout.roll_back("b1", "h1", None)
    books = await checkout.books()
    assert books["budgets"] == before["budgets"]
    await is_sound(shop, owner)
