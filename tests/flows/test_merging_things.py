"""What hangs on an absorbed customer: redemptions, cards, claims, referrals, challenges, segments, blocks."""

from __future__ import annotations

import pytest
from asyncpg import Connection

from perennial.core.segments.segment import Segment
from perennial.flows.commands import (
    Introduced,
    JoinProgram,
    MoveInSegment,
    PostClaim,
    PostReturn,
    PutHousehold,
    RedeemHold,
)
from perennial.flows.customers.blocks import block_customer
from perennial.flows.customers.desk import add_note, export_customer, notes_of, search_customers
from perennial.flows.customers.erase import erase_customer
from perennial.flows.customers.household import put_household
from perennial.flows.customers.merging import preview_merge
from perennial.flows.problems import ProblemError
from perennial.flows.programs.life import Author
from perennial.flows.reading import read_customer
from perennial.flows.referrals.lists import list_all_referrals, read_home
from perennial.flows.segments.segments import put
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope
from perennial.flows.traces import Context
from perennial.units import bucket_of, named_id
from tests.flows.checkout import PROGRAM as CHECKOUT
from tests.flows.checkout import Checkout, redeem
from tests.flows.erasing import PROGRAM, found
from tests.flows.merges import audited, merge, points_of, refused, try_merge, two_names
from tests.flows.shop import START, Shop, put_order
from tests.flows.test_referrals import PROGRAM as REFERRALS

Two = tuple[Shop, str, str]


@pytest.fixture(params=["together", "apart"])
async def two(request: pytest.FixtureRequest, wide_shop: Shop) -> Two:
    """A shop with four buckets and two names, in one bucket or in two."""
    return wide_shop, *await two_names(wide_shop, apart=request.param == "apart")


def _key(shop: Shop) -> Key:
    return Key(
        key_id=named_id(shop.workspace_id, "key", "support"),
        workspace_id=shop.workspace_id,
        scopes=frozenset({Scope.ADMIN}),
        name="support",
    )


async def test_what_was_redeemed_comes_back_to_the_survivor(two: Two) -> None:
    """Points and a voucher that paid before the merge; the lots come back with the dates that they had."""
    shop, gone, stays = two
    await shop.publish(CHECKOUT)
    checkout = Checkout(shop)
    for name in (gone, stays):
        await shop.order(f"o-{name}", name, 2_000)
    code = await checkout.claim("c1", gone, "five-off")
    await checkout.redeem(redeem("r1", gone, 3_000, codes=(code,), points=500))
    assert (await points_of(shop, gone))[0] == 1_000
    await merge(shop, gone, stays)
    assert (await points_of(shop, stays))[0] == 3_000
    await checkout.roll_back("b1", "r1", gone)
    assert (await points_of(shop, stays))[0] == 3_500
    assert (await checkout.quote(redeem("q", gone, 3_000, codes=(code,)))).to_pay == 2_500
    await audited(shop)


async def test_the_money_of_a_card_stays_with_its_code(two: Two) -> None:
    """A card of the absorbed customer pays afterwards, and what somebody else paid with it comes back."""
    shop, gone, stays = two
    await shop.publish(CHECKOUT)
    checkout = Checkout(shop)
    for name in (gone, stays, "cyd"):
        await shop.order(f"o-{name}", name, 2_000)
    code = await checkout.claim("c1", gone, "card")
    await checkout.redeem(redeem("r1", "cyd", 1_000, codes=(code,)))
    await merge(shop, gone, stays)
    assert (await checkout.quote(redeem("q", stays, 9_000, codes=(code,)))).to_pay == 7_500
    await checkout.roll_back("b1", "r1", "cyd")
    assert (await checkout.quote(redeem("q", stays, 9_000, codes=(code,)))).to_pay == 6_500
    await audited(shop)


async def test_a_hold_is_released_and_nothing_of_it_is_lost(two: Two) -> None:
    """Who is merged in the middle of a checkout has to reserve again."""
    shop, gone, stays = two
    await shop.publish(CHECKOUT)
    checkout = Checkout(shop)
    await shop.order("o", gone, 2_000)
    await shop.order("p", stays, 1_000)
    await checkout.redeem(redeem("h", gone, 3_000, points=500, minutes=10))
    told = await preview_merge(shop.handler, shop.workspace_id, gone, stays)
    assert (told.holds_released, (await points_of(shop, gone))[0]) == (1, 1_500)
    assert (await merge(shop, gone, stays)).holds_released == 1
    assert (await points_of(shop, stays))[0] == 3_000
    answer = await shop.send(RedeemHold(id="h", customer=gone, at=START))
    assert answer.status == 409
    await audited(shop)


async def test_a_debt_is_paid_by_what_the_other_one_has(two: Two) -> None:
    """Owed by one and owned by the other: together it is the difference."""
    shop, gone, stays = two
    await shop.publish(PROGRAM)
    await shop.order("o-1", gone, 20_000)
    await shop.do(PostClaim(id="c", customer=gone, at=START, reward="five-off"))
    await shop.do(PostReturn(id="r", order="o-1", customer=gone, at=START, lines=()))
    assert (await points_of(shop, gone))[2] == 100
    await shop.order("o-2", stays, 30_000)
    await merge(shop, gone, stays)
    assert await points_of(shop, stays) == (200, 0, 0)
    await audited(shop)


async def test_referrals_are_the_survivors(two: Two) -> None:
    """Who was referred, and who referred: both sides move, and nobody has referred themselves."""
    shop, gone, stays = two
    await shop.publish(REFERRALS)
    for name in (gone, stays, "cyd"):
        await shop.do(JoinProgram(customer=name, program="shop", at=START, source="test"))

    async def code_of(name: str) -> str:
        return (await read_home(shop.handler, shop.workspace_id, name)).data[0].code

    async def befriend(name: str, friend: str, code: str) -> None:
        order = put_order(name, friend, 3_000)
        await shop.intake.submit(shop.workspace_id, Introduced(order, code=code, context=Context()))

    await befriend("o-1", "dan", await code_of(gone))
    await befriend("o-2", "eve", await code_of("cyd"))
    answer = await merge(shop, gone, stays)
    assert answer.referrals == 1
    await befriend("o-3", "fay", await code_of(gone))
    page = await list_all_referrals(shop.handler, shop.workspace_id, advocate=stays)
    assert sorted(str(each.customer) for each in page.data) == ["dan", "fay"]
    await merge(shop, "dan", stays)
    page = await list_all_referrals(shop.handler, shop.workspace_id, customer=stays)
    assert [each.reason for each in page.data] == ["self_referral"]
    await merge(shop, "eve", "cyd")
    await audited(shop)


async def test_segments_blocks_and_notes_come_along(two: Two) -> None:
    """A static list keeps the person; what one of the two may not do, the survivor may not."""
    shop, gone, stays = two
    await shop.publish(PROGRAM)
    for name in (gone, stays):
        await shop.order(f"o-{name}", name, 1_000)
    author = Author(actor="test", at=START)
    await put(shop.handler, shop.workspace_id, Segment(segment="vips", name="VIPs"), author)
    row = await shop.handler.read_workspace(shop.workspace_id)
    move = MoveInSegment(
        customer_id=named_id(shop.workspace_id, "customer", gone).hex,
        bucket=bucket_of(gone, row.bucket_base, row.bucket_count),
        segment="vips",
        entered=True,
        at=START,
    )
    await shop.send(move)
    await block_customer(shop.handler, _key(shop), gone, "fraud", earning=False, spending=True)
    await add_note(shop.handler, _key(shop), gone, "calls often")
    answer = await merge(shop, gone, stays)
    view = await read_customer(shop.handler, shop.workspace_id, stays)
    assert (answer.segments, list(view.segments)) == (("vips",), ["vips"])
    assert view.blocked is not None
    assert (view.blocked.spending, view.blocked.reason) == (True, "fraud")
    assert [each.text for each in await notes_of(shop.handler, shop.workspace_id, stays)] == ["calls often"]
    assert [each.id for each in await search_customers(shop.handler, shop.workspace_id, gone, 5)] == [stays]
    await audited(shop)


async def test_erasing_the_survivor_erases_both(two: Two, owner: Connection) -> None:
    """Export tells what was the absorbed one's; after erasing nothing of either is found."""
    shop, gone, stays = two
    await shop.publish(PROGRAM)
    await shop.order("kanari-1", gone, 10_000)
    await shop.order("o-2", stays, 1_000)
    await add_note(shop.handler, _key(shop), gone, "kanari")
    await merge(shop, gone, stays, "kanari-m")
    told = await export_customer(shop.handler, _key(shop), gone)
    assert [each.absorbed for each in told.merges] == [gone]
    assert [each.points for each in told.merged_ledgers[0].ledger][-1] in (100, 1)
    assert {each.id for each in told.orders} == {"kanari-1", "o-2"}
    with pytest.raises(ProblemError) as refusal:
        await erase_customer(shop.handler, shop.workspace_id, gone, "key support")
    assert refusal.value.problem.details == {"merged_into": stays}
    await erase_customer(shop.handler, shop.workspace_id, stays, "key support")
    assert await found(owner, shop.workspace_id, "kanari", gone, stays) == {}
    assert (await shop.send(put_order("late", gone, 100))).status == 410
    await audited(shop)


async def test_who_shares_wallets_is_not_merged_out_of_them(wide_shop: Shop) -> None:
    """The points of a household are no one's own: it is left first, or both are in it."""
    shop = wide_shop
    gone, stays = await two_names(shop, apart=False)
    await shop.publish(PROGRAM)
    for name in (gone, stays):
        await shop.order(f"o-{name}", name, 1_000)
    await put_household(shop.handler, shop.workspace_id, PutHousehold(customer=gone, household="home"))
    assert refused(await try_merge(shop, gone, stays)) == (409, "in_household")
    await put_household(shop.handler, shop.workspace_id, PutHousehold(customer=stays, household="home"))
    await merge(shop, gone, stays)
    assert (await points_of(shop, stays))[0] == 20
    await audited(shop)
