"""Gift cards that were taken back: nobody is owed what is on them, or comes back to them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from unittest.mock import AsyncMock
from uuid import UUID

import pytest
from asyncpg import Connection

from perennial.core.document.program import GIFT_CARDS
from perennial.flows.commands import ExpireHold
from perennial.flows.customers.erase import erase_customer
from perennial.flows.vouchers.vouchers import void_voucher
from perennial.ledger.account import Account
from perennial.store.codes import cards
from perennial.units import MINUTE, named_id
from tests.flows.checkout import PROGRAM, Checkout, redeem
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound
from tests.flows.test_card_money import sell


@pytest.fixture
async def checkout(shop: Shop) -> Checkout:
    """A shop with gift cards, of which the customers have none by orders."""
    await shop.publish(PROGRAM)
    await shop.order("seed", "anna", 10_000)
    return Checkout(shop)


async def void(checkout: Checkout, code: str, *, refunded: bool = False) -> None:
    """Take a card back."""
    shop = checkout.shop
    await void_voucher(shop.handler, shop.workspace_id, code, "lost", "staff", refunded=refunded)


async def money(checkout: Checkout, owner: Connection) -> dict[str, int]:
    """What the accounts of gift cards hold: given out is negative, owed or gone is positive."""
    rows = await owner.fetch(
        """
        select account, sum(amount)::bigint as amount
        from (
            select credit as account, amount, unit_id from postings where workspace_id = $1
            union all select debit, -amount, unit_id from postings where workspace_id = $1
        ) as legs
        where unit_id = (select unit_id from units where workspace_id = $1 and code = $2)
        group by account having sum(amount) <> 0
        """,
        checkout.shop.workspace_id,
        GIFT_CARDS,
    )
    return {Account(row["account"]).name: row["amount"] for row in rows}


@pytest.mark.parametrize("refunded", [False, True])
async def test_what_is_left_leaves_the_card(checkout: Checkout, owner: Connection, refunded: bool) -> None:
    """Closed, or taken back as if it had never been given; once, however often it is voided."""
    code = await sell(checkout, "s1", 5_000)
    await checkout.redeem(redeem("r1", None, 2_000, codes=(code,)))
    await asyncio.gather(*(void(checkout, code, refunded=refunded) for _ in range(4)))
    kept = {"ISSUED": -2_000} if refunded else {"ISSUED": -5_000, "CLOSED": 3_000}
    assert await money(checkout, owner) == {"REDEEMED": 2_000} | kept
    await is_sound(checkout.shop, owner)


async def test_what_comes_back_later_is_closed(checkout: Checkout, owner: Connection) -> None:
    """From a hold whose time is over, and from a redemption that is rolled back by halves and whole."""
    code = await sell(checkout, "s1", 5_000, "anna")
    await checkout.redeem(redeem("r1", "anna", 2_000, codes=(code,)))
    await checkout.redeem(redeem("h1", "anna", 1_000, codes=(code,), minutes=5))
    await void(checkout, code)
    assert await money(checkout, owner) == {
        "ISSUED": -5_000,
        "REDEEMED": 2_000,
        "HELD": 1_000,
        "CLOSED": 2_000,
    }
    shop = checkout.shop
    hold = ExpireHold(
        customer_id=named_id(shop.workspace_id, "customer", "anna").hex,
        redemption_id=named_id(shop.workspace_id, "redemption", "h1").hex,
        bucket=0,
        at=START + 10 * MINUTE,
        early=True,
    )
    await shop.send(hold)
    assert await money(checkout, owner) == {"ISSUED": -5_000, "REDEEMED": 2_000, "CLOSED": 3_000}
    half = await checkout.roll_back("b1", "r1", "anna", l1=1)
    assert half.cards == 0
    assert await money(checkout, owner) == {"ISSUED": -5_000, "REDEEMED": 1_000, "CLOSED": 4_000}
    await checkout.roll_back("b2", "r1", "anna")
    assert await money(checkout, owner) == {"ISSUED": -5_000, "CLOSED": 5_000}
    await is_sound(shop, owner)


async def test_nothing_stays_on_a_card_that_is_voided_while_money_comes_back(
    checkout: Checkout, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the same moment, either way round; without the lock on the card's wallet some of it does stay."""
    for number in range(4):
        code = await _used(checkout, str(number))
        await asyncio.gather(void(checkout, code), checkout.roll_back(f"b-{number}", f"r-{number}", None))
    assert await money(checkout, owner) == {"ISSUED": -4_000, "CLOSED": 4_000}
    await is_sound(checkout.shop, owner)
    looked, voided, find = asyncio.Event(), asyncio.Event(), cards.find_closed

    async def look(conn: Connection, ws: int, bucket: int, owners: set[UUID]) -> set[UUID]:
        found = await find(conn, ws, bucket, owners)
        looked.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(voided.wait(), 0.5)
        return found

    async def in_between(name: str) -> None:
        code = await _used(checkout, name)
        looked.clear()
        voided.clear()
        back = asyncio.create_task(checkout.roll_back(f"b-{name}", f"r-{name}", None))
        await looked.wait()
        await void(checkout, code)
        voided.set()
        await back

    monkeypatch.setattr("perennial.flows.handling.gift_cards.find_closed", look)
    await in_between("locked")
    assert await money(checkout, owner) == {"ISSUED": -5_000, "CLOSED": 5_000}
    monkeypatch.setattr("perennial.flows.handling.gift_cards.lock_cards", AsyncMock())
    await in_between("unlocked")
    assert await money(checkout, owner) == {"ISSUED": -6_000, "CLOSED": 5_600, "WALLET": 400}


async def _used(checkout: Checkout, name: str) -> str:
    """Sell a card of which 4.00 are used, and return its code."""
    code = await sell(checkout, f"s-{name}", 1_000)
    await checkout.redeem(redeem(f"r-{name}", None, 400, codes=(code,)))
    return code


async def test_the_cards_of_somebody_who_is_erased_are_closed(checkout: Checkout, owner: Connection) -> None:
    """What is on them is owed to nobody any more; the cards of others stay."""
    await sell(checkout, "s1", 5_000, "anna")
    await sell(checkout, "s2", 700)
    await checkout.claim("c1", "anna", "card")
    await erase_customer(checkout.shop.handler, checkout.shop.workspace_id, "anna", "staff")
    assert await money(checkout, owner) == {"ISSUED": -8_200, "CLOSED": 7_500, "WALLET": 700}
    await is_sound(checkout.shop, owner)
