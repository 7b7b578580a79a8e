"""Gift cards outside orders: sold, topped up, and moved; exactly once, and never more than there is."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from asyncpg import Connection

from perennial.flows.answers import Answer, Decided, Problem
from perennial.flows.vouchers.card_money import (
    CardMoneyAnswer,
    MoveCardMoney,
    SellCard,
    TopUpCard,
    move_card_money,
    sell_card,
    top_up_card,
)
from perennial.flows.vouchers.vouchers import void_voucher
from tests.flows.checkout import PROGRAM, Checkout, redeem
from tests.flows.shop import Shop
from tests.flows.sound import is_sound


@pytest.fixture
async def checkout(shop: Shop) -> Checkout:
    """A shop with gift cards."""
    await shop.publish(PROGRAM)
    await shop.order("seed", "anna", 10_000)
    return Checkout(shop)


async def sell(checkout: Checkout, name: str, amount: int | None = None, customer: str | None = None) -> str:
    """Sell a card, which must succeed, and return its code."""
    answer = await _sell(checkout, name, amount, customer)
    assert answer.status == 201, answer.body
    voucher = msgspec.json.decode(answer.body, type=Decided).voucher
    assert voucher is not None
    return voucher.code


async def _sell(
    checkout: Checkout,
    name: str,
    amount: int | None = None,
    customer: str | None = None,
    reward: str = "card",
) -> Answer:
    command = SellCard(id=name, reward=reward, amount=amount, customer=customer, reason="sold", actor="till")
    return await sell_card(checkout.shop.handler, checkout.shop.workspace_id, command)


async def top_up(checkout: Checkout, name: str, code: str, amount: int) -> Answer:
    """Put money on a card."""
    command = TopUpCard(id=name, code=code, amount=amount, reason="more", actor="till")
    return await top_up_card(checkout.shop.handler, checkout.shop.workspace_id, command)


async def move(checkout: Checkout, name: str, code: str, to: str, amount: int | None = None) -> Answer:
    """Move money between two cards."""
    command = MoveCardMoney(id=name, code=code, to=to, amount=amount, reason="merged", actor="till")
    return await move_card_money(checkout.shop.handler, checkout.shop.workspace_id, command)


async def on(checkout: Checkout, code: str) -> int:
    """Return what a card would pay of a large order."""
    quoted = await checkout.quote(redeem("q", "anna", 1_000_000, codes=(code,)))
    return quoted.cards[0].amount


def money(answer: Answer) -> CardMoneyAnswer:
    """Return what happened to a card."""
    assert answer.status in (200, 201), answer.body
    return msgspec.json.decode(answer.body, type=CardMoneyAnswer)


def code_of(answer: Answer) -> str:
    """Return the code of a problem."""
    return msgspec.json.decode(answer.body, type=Problem).code


async def test_a_card_is_sold_topped_up_and_spent(checkout: Checkout, owner: Connection) -> None:
    """What was sold and put on it can be spent; the code is found in any spelling; the books are right."""
    code = await sell(checkout, "s1", 5_000)
    assert await on(checkout, code) == 5_000
    assert money(await top_up(checkout, "t1", code.lower(), 1_000)).card.balance == 6_000
    paid = await checkout.redeem(redeem("r1", None, 2_000, codes=(code,)))
    assert (paid.quote.cards[0].amount, paid.quote.cards[0].left) == (2_000, 4_000)
    assert await on(checkout, await sell(checkout, "s2", customer="anna")) == 2_500
    await is_sound(checkout.shop, owner)


async def test_everything_is_done_once_per_id(checkout: Checkout, owner: Connection) -> None:
    """The same again replays the answer, the code included; with another body it is refused."""
    first, second = await _sell(checkout, "s1", 5_000), await _sell(checkout, "s1", 5_000)
    assert (first.status, second.status, second.replayed, second.body) == (201, 200, True, first.body)
    assert code_of(await _sell(checkout, "s1", 6_000)) == "id_conflict"
    code, other = await sell(checkout, "s3", 700), await sell(checkout, "s4", 300)
    for _ in range(2):
        assert money(await top_up(checkout, "t1", code, 1_000)).card.balance == 1_700
        assert money(await move(checkout, "m1", code, other, 200)).to.balance == 500  # type: ignore[union-attr]
    assert code_of(await top_up(checkout, "t1", code, 999)) == "id_conflict"
    assert code_of(await top_up(checkout, "t1", other, 1_000)) == "id_conflict"
    assert (await on(checkout, code), await on(checkout, other)) == (1_500, 500)
    await is_sound(checkout.shop, owner)


async def test_two_cards_become_one(checkout: Checkout, owner: Connection) -> None:
    """Without an amount all of it moves; then there is nothing left to move."""
    old, new = await sell(checkout, "s1", 4_600), await sell(checkout, "s2", 400, "anna")
    moved = money(await move(checkout, "m1", old, new))
    assert moved.to is not None
    assert (moved.amount, moved.card.balance, moved.to.balance) == (4_600, 0, 5_000)
    refused = await move(checkout, "m2", old, new, 1)
    assert (refused.status, code_of(refused)) == (409, "insufficient_points")
    assert b"Nothing is on the card." in refused.body
    refused = await move(checkout, "m3", new, old, 5_001)
    assert (refused.status, code_of(refused)) == (409, "insufficient_points")
    assert b"50.00 USD are on the card, and 50.01 USD were to be moved." in refused.body
    await is_sound(checkout.shop, owner)


async def test_what_is_no_valid_card_is_told(checkout: Checkout, owner: Connection) -> None:
    """Other codes, void cards, unknown customers and rewards that are no card are refused by name."""
    code = await sell(checkout, "s1")
    five = await checkout.claim("c1", "anna", "five-off")
    assert (await top_up(checkout, "t1", "NOBODY", 1)).status == 404
    assert code_of(await _sell(checkout, "s2", customer="nobody")) == "customer_unknown"
    assert b"no_gift_card" in (await _sell(checkout, "s3", reward="five-off")).body
    assert b"no_gift_card" in (await top_up(checkout, "t2", five, 1)).body
    assert b"same_card" in (await move(checkout, "m1", code, code)).body
    await void_voucher(checkout.shop.handler, checkout.shop.workspace_id, code, "lost", "till")
    assert code_of(await top_up(checkout, "t3", code, 1)) == "voucher_voided"
    await is_sound(checkout.shop, owner)


async def test_a_card_is_never_emptied_twice(checkout: Checkout, owner: Connection) -> None:
    """Of many who move or spend the same money at the same moment it is given once, both ways at once."""
    one, other = await sell(checkout, "s1", 1_000), await sell(checkout, "s2", 1_000)
    answers = await asyncio.gather(
        *(move(checkout, f"a{n}", one, other, 300) for n in range(8)),
        *(move(checkout, f"b{n}", other, one, 300) for n in range(8)),
        *(checkout.shop.send(redeem(f"r{n}", None, 100, codes=(one,))) for n in range(8)),
    )
    assert {answer.status for answer in answers} <= {201, 409}
    redeemed = [await checkout.redeem(redeem(f"r{n}", None, 100, codes=(one,))) for n in range(8)]
    spent = sum(card.amount for each in redeemed for card in each.quote.cards)
    assert await on(checkout, one) + await on(checkout, other) == 2_000 - spent
    await is_sound(checkout.shop, owner)
