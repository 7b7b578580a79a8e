"""What else goes by the tier and the limits of a household: segments, referrals, carts and their products."""

from __future__ import annotations

import asyncio

import pytest
from asyncpg import Connection

from perennial.flows.referring.refer import Refer, refer
from perennial.flows.segments.segments import put
from tests.flows.checkout import Checkout, redeem
from tests.flows.merges import merge
from tests.flows.shop import Shop
from tests.flows.sound import is_sound
from tests.flows.test_pooled_households import APART, POOLED, audited, live, live_together, tiers
from tests.flows.test_referrals import PROGRAM as FRIENDS
from tests.flows.test_referrals import order, referral, settle
from tests.flows.test_segments import AUTHOR, segment, sizes


@pytest.fixture(params=[False, True], ids=["one bucket", "many"])
def shop(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    """Everybody in one bucket, or people in three and households in a fourth: it makes no difference."""
    return request.getfixturevalue("apart_shop") if request.param else shop


async def test_everybody_enters_the_segment_of_their_tier(shop: Shop, owner: Connection) -> None:
    """Ben's order makes Anna gold as well: both are in at once, and out when the household goes apart."""
    await shop.publish(POOLED)
    await live_together(shop, "anna", "ben")
    await put(shop.handler, shop.workspace_id, segment("vips", {"fact": "member.tier", "is": "gold"}), AUTHOR)
    await shop.order("o1", "anna", 60_000)
    assert await sizes(shop) == {"vips": 0}
    await shop.order("o2", "ben", 40_000)
    assert await sizes(shop) == {"vips": 2}
    await live(shop, "ben", None)
    assert await sizes(shop) == {"vips": 0}
    assert await tiers(shop, "anna", "ben") == ["silver", None]
    await audited(owner, shop)


@pytest.mark.parametrize("pool", ["all", "wallets"])
async def test_what_a_merge_brings_lets_all_enter(shop: Shop, owner: Connection, pool: str) -> None:
    """Cleo's points make everybody rich who lives with Ben, into whom she is merged."""
    await shop.publish(f"{APART}pool: {pool}\n")
    await live_together(shop, "anna", "ben")
    await put(
        shop.handler,
        shop.workspace_id,
        segment("rich", {"fact": "wallet.points.balance", "at_least": 90}),
        AUTHOR,
    )
    await shop.order("o1", "cleo", 10_000)
    assert await sizes(shop) == {"rich": 1}
    await merge(shop, "cleo", "ben")
    assert await sizes(shop) == {"rich": 2}
    await is_sound(shop, owner)


@pytest.mark.parametrize(("pool", "converted"), [("all", 3), ("wallets", 4)])
async def test_friends_count_for_the_household_of_their_advocates(
    shop: Shop, owner: Connection, pool: str, converted: int
) -> None:
    """Three may count: two friends of Anna's and one of Ben's; a second one of his is too many."""
    await shop.publish(f"{FRIENDS}pool: {pool}\n")
    await live_together(shop, "anna", "ben")
    for number, advocate in enumerate(("anna", "anna", "ben", "ben")):
        await refer(shop.handler, shop.workspace_id, Refer(friend=f"f{number}", advocate=advocate))
        await shop.do(order(f"o{number}", f"f{number}", 5_000))
        await settle(shop)
    states = [(await referral(shop, f"f{number}")).state for number in range(4)]
    assert states.count("converted") == converted
    await audited(owner, shop)


CART = POOLED.replace(
    "rewards:\n",
    "rewards:\n"
    "  - id: half\n    name: Half\n    automatic: true\n"
    "    gives: [{type: percent_off, percent: '50', target: units}]\n    limits: [LIMIT]\n",
)


@pytest.mark.parametrize("limit", ["{times: 1}", "{units: 2, by_product: true}"])
async def test_a_cart_is_priced_with_what_the_other_has_used(
    shop: Shop, owner: Connection, limit: str
) -> None:
    """Half price once, or for two pieces of a product: Anna has had it, and Ben pays the whole price."""
    await shop.publish(CART.replace("LIMIT", limit))
    await live_together(shop, "anna", "ben")
    checkout = Checkout(shop)
    assert [(await checkout.quote(redeem("q", who, 8_000))).total for who in ("anna", "ben")] == [4_000] * 2
    together = await asyncio.gather(*(checkout.quote(redeem("q", who, 8_000)) for who in ("anna", "ben")))
    assert [each.total for each in together] == [4_000] * 2
    await checkout.redeem(redeem("r1", "anna", 8_000))
    assert [(await checkout.quote(redeem("q", who, 8_000))).total for who in ("anna", "ben")] == [8_000] * 2
    assert (await checkout.redeem(redeem("r2", "ben", 8_000))).quote.total == 8_000
    await checkout.roll_back("b1", "r1", "anna")
    assert (await checkout.quote(redeem("q", "ben", 8_000))).total == 4_000
    await audited(owner, shop)
