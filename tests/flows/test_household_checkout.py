"""What was redeemed before a member entered a household, or in it, and comes back after that changed."""

from __future__ import annotations

import pytest
from asyncpg import Connection

from perennial.flows.checkout.expire_holds import expire_holds
from perennial.flows.commands import PutHousehold
from perennial.flows.customers.household import put_household
from perennial.units import DAY, HOUR
from tests.flows.checkout import PROGRAM, Checkout, redeem
from tests.flows.shop import START, Shop
from tests.flows.sound import is_sound

DATED = PROGRAM.replace("pays:", "expiry: {type: rolling, after: {days: 30}}, pays:", 1)


@pytest.fixture(params=[False, True], ids=["one bucket", "many"])
def shop(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    """Everybody in one bucket, or people in three and households in a fourth: it makes no difference."""
    return request.getfixturevalue("apart_shop") if request.param else shop


async def _home(shop: Shop, customer: str, household: str | None = "home") -> None:
    command = PutHousehold(customer=customer, household=household)
    answer = await put_household(shop.handler, shop.workspace_id, command)
    assert answer.status == 200, answer.body


async def _balances(shop: Shop, owner: Connection) -> dict[str, tuple[int, int, int]]:
    """Return what each wallet has, holds and has spent, by the name of its owner, zeros left out."""
    rows = await owner.fetch(
        "select external_id, balance, held, spent from wallets join customers"
        " using (bucket, workspace_id, customer_id) where workspace_id = $1",
        shop.workspace_id,
    )
    return {name: tuple(rest) for name, *rest in rows if any(rest)}


@pytest.mark.parametrize("left", [0, 200], ids=["all used", "some left"])
@pytest.mark.parametrize("held", [False, True], ids=["redeemed", "held"])
@pytest.mark.parametrize("document", [PROGRAM, DATED], ids=["undated", "dated"])
async def test_what_was_used_before_entering_comes_back_to_the_household(
    shop: Shop, owner: Connection, document: str, held: bool, left: int
) -> None:
    """The points pass through the wallet that they were taken from, and go where the others went."""
    await shop.publish(document)
    await shop.order("o1", "anna", 500 + left)
    await shop.order("o2", "ben", 1000)
    checkout = Checkout(shop)
    await checkout.redeem(redeem("r1", "anna", 5000, rewards=("five-off",), minutes=60 if held else None))
    await _home(shop, "ben")
    await _home(shop, "anna")
    back = await checkout.roll_back("b1", "r1", "anna")
    assert back.points == {"points/points": 500}
    assert await _balances(shop, owner) == {"home": (1500 + left, 0, 0)}
    await is_sound(shop, owner)
    await checkout.redeem(redeem("r2", "ben", 5000, points=500))
    await shop.advance(START + 40 * DAY)
    lasts = document == PROGRAM
    assert (await _balances(shop, owner))["home"][0] == (1000 + left if lasts else 0)
    await is_sound(shop, owner)


async def test_parts_of_a_redemption_come_back_to_the_household(shop: Shop, owner: Connection) -> None:
    """As much as the lines share, and it expires as it would have."""
    await shop.publish(DATED)
    await shop.order("o1", "anna", 1000)
    checkout = Checkout(shop)
    await checkout.redeem(redeem("r1", "anna", 3000, 7000, points=1000))
    await _home(shop, "anna")
    await checkout.roll_back("b1", "r1", "anna", l1=1)
    first = (await _balances(shop, owner))["home"][0]
    assert first == 150
    await is_sound(shop, owner)
    await shop.advance(START + 40 * DAY)
    assert (await _balances(shop, owner)).get("home", (0,))[0] == 0
    await checkout.roll_back("b2", "r1", "anna")
    assert (await _balances(shop, owner))["home"][0] == 850
    await shop.advance(START + 41 * DAY)  # it was reported late: what came back has expired since
    assert (await _balances(shop, owner)).get("home", (0,))[0] == 0
    await is_sound(shop, owner)


async def test_a_hold_of_before_is_redeemed_and_ends(shop: Shop, owner: Connection) -> None:
    """What was held by the member's own wallet is redeemed, or released by time, from there."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 1500)
    checkout = Checkout(shop)
    for name in ("r1", "r2"):
        await checkout.redeem(redeem(name, "anna", 5000, rewards=("five-off",), minutes=60))
    await _home(shop, "anna")
    await checkout.redeem_hold("r1", "anna")
    assert await _balances(shop, owner) == {"home": (500, 0, 0), "anna": (0, 500, 500)}
    await is_sound(shop, owner)
    for bucket in (await shop.handler.read_workspace(shop.workspace_id)).buckets:
        await expire_holds(shop.handler, shop.workspace_id, bucket, START + 2 * HOUR)
    assert await _balances(shop, owner) == {"home": (1000, 0, 0), "anna": (0, 0, 500)}
    await is_sound(shop, owner)
    await checkout.roll_back("b1", "r1", "anna")
    assert await _balances(shop, owner) == {"home": (1500, 0, 0)}
    await is_sound(shop, owner)


@pytest.mark.parametrize("held", [False, True], ids=["redeemed", "held"])
async def test_what_was_used_of_a_household_stays_its_own(shop: Shop, owner: Connection, held: bool) -> None:
    """Who has left rolls back: the points were the household's, and go back there."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 500)
    await _home(shop, "anna")
    await _home(shop, "ben")
    checkout = Checkout(shop)
    await checkout.redeem(redeem("r1", "anna", 5000, rewards=("five-off",), minutes=60 if held else None))
    await _home(shop, "anna", None)
    await checkout.roll_back("b1", "r1", "anna")
    assert await _balances(shop, owner) == {"home": (500, 0, 0)}
    await is_sound(shop, owner)
