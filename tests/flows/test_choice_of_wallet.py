"""Who claims chooses the wallet that pays, in a claim as in a cart; what comes back goes to that wallet."""

from __future__ import annotations

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.entitlements import EntitlementState
from perennial.flows.answers import Decided
from perennial.flows.claims.catalogue import read_catalogue
from perennial.flows.claims.entitlements import change_entitlement
from perennial.flows.commands import Asked, JoinProgram, PostAdjustment, PostClaim, PostRedemption
from tests.flows.checkout import Checkout, change, redeem
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound

PROGRAM = """
program: cafe
name: Cafe
time_zone: UTC
wallets: [{id: points, name: Points}, {id: stars, name: Stars}]
rewards:
  - id: cap
    name: A cap
    wallet: points
    price: 300
    prices: [{points: 3, wallet: stars}]
    in_part: {points: 100, amount: 75}
    gives: [{type: amount_off, value: 500}]
  - id: mug
    name: A mug
    wallet: points
    prices: [{points: 200}, {points: 2, wallet: stars}]
    gives: [{type: physical, sku: mug}]
"""


@pytest.fixture
async def cafe(shop: Shop) -> Checkout:
    """A cafe whose customer anna has 650 points and 7 stars."""
    await shop.publish(PROGRAM)
    await shop.do(JoinProgram(customer="anna", program="cafe", at=START, source="test"))
    for wallet, points in (("points", 650), ("stars", 7)):
        given = PostAdjustment(
            id=wallet, customer="anna", at=START, wallet=wallet, points=points, reason="test", actor="test"
        )
        await shop.do(given)
    return Checkout(shop)


def claim(name: str, reward: str, wallet: str | None = None, points: int | None = None) -> PostClaim:
    """Return the command of anna's claim."""
    return PostClaim(id=name, customer="anna", at=START, reward=reward, wallet=wallet, points=points)


def paid_from(command: PostRedemption, wallet: str, points: int | None = None) -> PostRedemption:
    """Return the command, with the cap claimed out of a wallet."""
    asked = Asked(reward="cap", wallet=wallet, points=points)
    return msgspec.structs.replace(command, redeem=(asked,))


async def held(cafe: Checkout) -> tuple[int, ...]:
    """Return what anna can spend, in points and stars."""
    again = await cafe.shop.do(JoinProgram(customer="anna", program="cafe", at=START, source="test"))
    return in_both(again)


def in_both(answer: Decided) -> tuple[int, ...]:
    """Return the available balances of an answer, in points and stars."""
    found = {each.wallet: each.available for each in answer.balances}
    return found["points"], found["stars"]


async def test_a_claim_is_paid_from_either_wallet(cafe: Checkout, owner: Connection) -> None:
    """The first price unless a wallet is named; what is canceled comes back to the wallet that paid."""
    shop = cafe.shop
    assert in_both(await shop.do(claim("c1", "cap"))) == (650, 4)
    part = claim("c2", "cap", "cafe/points", 100)
    first, again = await shop.do(part), await shop.send(part)
    assert (in_both(first), first.to_pay, again.replayed) == ((550, 4), 150, True)
    conflict = await shop.refuse(claim("c2", "cap", "stars", 100))
    assert conflict.code == "id_conflict"
    mug = await shop.do(claim("c3", "mug", "stars"))
    assert in_both(mug) == (550, 2)
    answer = await change_entitlement(
        shop.intake,
        shop.workspace_id,
        mug.entitlements[0].id,
        EntitlementState.CANCELED,
        "clerk",
        reason="broken",
    )
    assert answer.status == 200
    assert await held(cafe) == (550, 4)
    await is_sound(shop, owner)


async def test_a_cart_is_paid_from_either_wallet(cafe: Checkout, owner: Connection) -> None:
    """Quote, hold, change, redemption and rollback all take the wallet that the cart names."""
    stars = paid_from(redeem("r1", "anna", 4_000), "stars")
    quoted = await cafe.quote(stars)
    done = await cafe.redeem(stars)
    assert (done.quote, quoted.discount_total, quoted.to_pay) == (quoted, 500, 3_500)
    assert await held(cafe) == (650, 4)
    await cafe.redeem(paid_from(redeem("h1", "anna", 4_000, minutes=5), "points"))
    assert await held(cafe) == (350, 4)
    changed = change("h1", "anna", 5_000)
    part = msgspec.structs.replace(changed, redeem=(Asked(reward="cap", wallet="points", points=200),))
    assert (await cafe.change_hold(part)).quote.to_pay == 5_000 - 500 + 75
    redeemed = await cafe.redeem_hold("h1", "anna")
    assert (redeemed.quote.to_pay, await held(cafe)) == (4_575, (450, 4))
    await cafe.roll_back("b1", "r1", "anna")
    assert await held(cafe) == (450, 7)
    await cafe.roll_back("b2", "h1", "anna")
    assert await held(cafe) == (650, 7)
    await is_sound(cafe.shop, owner)


async def test_a_hold_that_is_over_returns_to_the_wallet_that_paid(cafe: Checkout, owner: Connection) -> None:
    """A hold names stars; released, they are there again."""
    await cafe.redeem(paid_from(redeem("h1", "anna", 4_000, minutes=5), "stars"))
    assert await held(cafe) == (650, 4)
    await cafe.roll_back("b1", "h1", "anna")
    assert await held(cafe) == (650, 7)
    await is_sound(cafe.shop, owner)


async def test_the_catalogue_has_a_price_of_each_wallet(cafe: Checkout) -> None:
    """Each price with what is there and what is missing; ``price`` is the first of them."""
    await cafe.shop.do(claim("c1", "cap", "points"))
    await cafe.shop.do(claim("c2", "mug", "points"))
    found = await read_catalogue(cafe.shop.handler, cafe.shop.workspace_id, "anna")
    seen = [
        [(each.wallet, each.points, each.available, each.missing, each.claimable) for each in view.prices]
        for view in found.data
    ]
    assert seen == [
        [("stars", 3, 7, 0, True), ("points", 300, 150, 150, True)],
        [("points", 200, 150, 50, False), ("stars", 2, 7, 0, True)],
    ]
    assert [(view.price == view.prices[0], view.claimable) for view in found.data] == [
        (True, True),
        (True, False),
    ]
