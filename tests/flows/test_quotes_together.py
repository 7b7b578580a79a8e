"""Quotes that come at the same time are read together, and each is what it would have been alone."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from perennial.flows.checkout.quoting import MAX_TOGETHER, Quotes
from perennial.flows.commands import PostRedemption, PutHousehold
from perennial.flows.customers.household import put_household
from perennial.flows.handling.quote_answers import QuoteAnswer
from perennial.flows.problems import ProblemError
from perennial.store.database import Database
from tests.flows.checkout import PROGRAM, Checkout, redeem
from tests.flows.shop import Shop

WELCOME = """\
earning_rules:
  - {id: welcome, type: fixed, trigger: member.joined, points: 1000, limits: [{points: 4000, per: total}]}
"""


@pytest.fixture
async def checkout(shop: Shop) -> Checkout:
    """A shop with three members, of whom anna and ben share a wallet; one more would be welcomed."""
    await shop.publish(PROGRAM.replace("earning_rules:\n", WELCOME))
    for customer in ("anna", "ben", "cem"):
        await shop.order(f"seed-{customer}", customer, 10_000)
    for customer in ("anna", "ben"):
        command = PutHousehold(customer=customer, household="home")
        assert (await put_household(shop.handler, shop.workspace_id, command)).status == 200
    return Checkout(shop)


def carts() -> list[PostRedemption]:
    """Return more carts than are read at once, of members, guests, and people who would join with it."""
    found = []
    for number in range(2 * MAX_TOGETHER):
        customer = ("anna", "ben", "cem", None, *[f"new-{number}"] * 4)[number % 8]
        codes = ("TEN",) if number % 2 else ()
        points = None if customer is None else 1_000
        found.append(redeem(f"q{number}", customer, 3_000 + number, codes=codes, points=points))
    return found


async def test_together_each_is_what_it_is_alone(checkout: Checkout) -> None:
    """Whoever else asks at the same time, the same customer and household included, changes no price."""
    alone = [await checkout.quote(cart) for cart in carts()]
    before = await checkout.books()
    quotes = Quotes(checkout.shop.intake)
    together = await asyncio.gather(*(quotes.quote(checkout.shop.workspace_id, cart) for cart in carts()))
    assert together == alone
    assert all(answer.points[0].points == 1_000 for answer in together[4::8])
    assert await checkout.books() == before


async def test_what_is_wrong_with_one_cart_concerns_it_alone(checkout: Checkout) -> None:
    """A reward that nobody knows is told to who asked for it; the others get their price."""
    wrong = redeem("q", "cem", 3_000, rewards=("nothing",))
    right = redeem("q", "anna", 3_000)
    quotes = Quotes(checkout.shop.intake)
    answers = await asyncio.gather(
        *(quotes.quote(checkout.shop.workspace_id, cart) for cart in (right, wrong, right)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [QuoteAnswer, ProblemError, QuoteAnswer]
    assert answers[0] == answers[2]


async def test_carts_that_wait_share_one_snapshot(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 30 different customers the first is read by itself, and the 29 that came meanwhile together."""
    begun = 0
    snapshot = Database.snapshot

    def counted(database: Database, workspace_id: int) -> object:
        nonlocal begun
        begun += 1
        return snapshot(database, workspace_id)

    monkeypatch.setattr(Database, "snapshot", counted)
    quotes = Quotes(checkout.shop.intake)
    asked = [msgspec.structs.replace(cart, customer=f"c{n}") for n, cart in enumerate(carts()[:30])]
    first = asyncio.create_task(quotes.quote(checkout.shop.workspace_id, asked[0]))
    async with asyncio.timeout(60):
        while not begun:
            await asyncio.sleep(0)
    await asyncio.gather(first, *(quotes.quote(checkout.shop.workspace_id, cart) for cart in asked[1:]))
    assert begun == 2
