"""Two customers become one: points with their dates, everything that was theirs, once and for good."""

from __future__ import annotations

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.flows.commands import PostClaim, PostEvent, PostReturn, PutCustomer
from perennial.flows.customers.merging import preview_merge
from perennial.flows.customers.statements import statement_of, timeline_of
from perennial.flows.reading import read_customer
from perennial.flows.vouchers.vouchers import vouchers_of
from perennial.units import DAY
from tests.flows.erasing import PROGRAM, move
from tests.flows.merges import audited, liability, merge, points_of, refused, try_merge, two_names
from tests.flows.shop import START, Shop, put_order


@pytest.fixture(params=["one bucket", "the same of four", "two of four"])
async def store(request: pytest.FixtureRequest, shop: Shop, wide_shop: Shop) -> tuple[Shop, str, str]:
    """A shop with one bucket or four, and two customers in the same one or in two."""
    used = shop if request.param == "one bucket" else wide_shop
    await used.publish(PROGRAM)
    return used, *await two_names(used, apart=request.param == "two of four")


async def test_everything_is_the_survivors(store: tuple[Shop, str, str], owner: Connection) -> None:
    """Points, orders, vouchers, identifiers, attributes move; the books hold, the liability is the same."""
    shop, gone, stays = store
    mail = CustomerIdentifier(type=IdentifierType.EMAIL, value="ada@example.com")
    await shop.do(PutCustomer(customer=gone, attributes={"city": "Kiel"}, identifiers=(mail,)))
    await shop.order("o-1", gone, 20_000)
    await shop.do(PostClaim(id="claim-1", customer=gone, at=START, reward="five-off"))
    await shop.order("o-2", stays, 5_000)
    before = await liability(owner, shop.workspace_id)
    told = await preview_merge(shop.handler, shop.workspace_id, gone, stays)
    answer = await merge(shop, gone, stays, "m-1")
    assert msgspec.structs.replace(told, id="m-1", preview=False) == answer
    assert (answer.orders, answer.vouchers, answer.attributes) == (1, 1, ("city",))
    assert answer.identifiers == (mail,)
    assert [(each.wallet, each.points) for each in answer.wallets] == [("points", 107), ("stamps", 1)]
    assert await points_of(shop, stays) == (157, 0, 0)
    assert await points_of(shop, stays, "stamps") == (0, 2, 0)
    assert await liability(owner, shop.workspace_id) == before
    view = await read_customer(shop.handler, shop.workspace_id, gone)
    assert (view.id, view.attributes, view.identifiers) == (stays, {"city": "Kiel"}, (mail,))
    assert [each.tier for each in view.memberships] == ["gold"]
    assert len((await vouchers_of(shop.handler, shop.workspace_id, stays)).data) == 1
    kinds = [each.type for each in (await timeline_of(shop.handler, shop.workspace_id, stays)).data]
    assert sorted(kinds) == ["claim", "merge", "order", "order"]
    entries = (await statement_of(shop.handler, shop.workspace_id, stays)).data
    assert [each.points for each in entries if each.source_type == "merge"] == [1, 107]
    await audited(shop)


async def test_lots_keep_their_dates(store: tuple[Shop, str, str]) -> None:
    """What would have expired expires on the same day, and nothing lives a day longer."""
    shop, gone, stays = store
    await shop.order("o-1", gone, 10_000)
    await shop.advance(START + 60 * DAY)
    await shop.order("o-2", stays, 1_000, at=START + 60 * DAY)
    await merge(shop, gone, stays)
    assert (await points_of(shop, stays))[0] == 110
    await shop.advance(START + 91 * DAY)
    assert (await points_of(shop, stays))[0] == 10
    await audited(shop)


async def test_a_return_of_an_earlier_order_takes_from_the_survivor(store: tuple[Shop, str, str]) -> None:
    """The order came from the absorbed one and is named so: the return finds it, and is exact."""
    shop, gone, stays = store
    await shop.order("o-1", gone, 10_000, 5_000)
    await shop.order("o-2", stays, 2_000)
    await merge(shop, gone, stays)
    await shop.do(PostReturn(id="r-1", order="o-1", customer=gone, at=START, lines=()))
    assert (await points_of(shop, stays))[0] == 20
    await audited(shop)


async def test_what_is_sent_for_the_absorbed_one_reaches_the_survivor(store: tuple[Shop, str, str]) -> None:
    """Orders, events and claims, new ones and the same again, by the old id."""
    shop, gone, stays = store
    review = PostEvent(id="e-1", customer=gone, at=START, name="review.posted", attributes={"words": "fine"})
    first = await shop.do(review)
    await shop.order("o-1", gone, 10_000)
    await shop.order("o-2", stays, 1_000)
    await merge(shop, gone, stays)
    again = await shop.send(review)
    assert (again.status, again.replayed) == (200, True)
    assert msgspec.json.decode(again.body)["id"] == first.id
    assert (await shop.send(put_order("o-1", gone, 10_000))).replayed
    await shop.order("o-3", gone, 3_000)
    await shop.do(msgspec.structs.replace(review, id="e-2"))
    claimed = await shop.do(PostClaim(id="c-1", customer=gone, at=START, reward="five-off"))
    assert claimed.customer == stays
    assert (await points_of(shop, stays))[0] == 100 + 10 + 30 + 100 - 100
    await audited(shop)


async def test_what_passed_between_the_two_stays_once(store: tuple[Shop, str, str]) -> None:
    """Both have the transfer; as one person they have it once, and the books still hold."""
    shop, gone, stays = store
    for name in (gone, stays):
        await shop.order(f"o-{name}", name, 10_000)
    await move(shop, "there", gone, stays, 30)
    await move(shop, "back", stays, gone, 10)
    answer = await merge(shop, gone, stays)
    assert (answer.events, (await points_of(shop, stays))[0]) == (0, 200)
    await audited(shop)


async def test_limits_count_both(store: tuple[Shop, str, str]) -> None:
    """Three reviews a day are paid: two of the one and two of the other leave none."""
    shop, gone, stays = store
    for number, name in enumerate([gone, gone, stays, stays]):
        await shop.do(PostEvent(id=f"e-{number}", customer=name, at=START, name="review.posted"))
    await merge(shop, gone, stays)
    await shop.do(PostEvent(id="e-9", customer=stays, at=START, name="review.posted"))
    assert (await points_of(shop, stays))[0] == 200
    await audited(shop)


async def test_both_histories_reach_a_tier(store: tuple[Shop, str, str]) -> None:
    """Neither had bought enough for gold; together they have."""
    shop, gone, stays = store
    await shop.order("o-1", gone, 6_000)
    await shop.order("o-2", stays, 6_000)
    answer = await merge(shop, gone, stays)
    assert [(each.absorbed, each.survivor, each.after) for each in answer.tiers] == [
        ("bronze", "bronze", "gold")
    ]
    assert [(each.absorbed_name, each.survivor_name, each.after_name) for each in answer.tiers] == [
        ("Bronze", "Bronze", "Gold")
    ]
    await audited(shop)


async def test_the_same_merge_again_is_the_same_answer(store: tuple[Shop, str, str]) -> None:
    """Once per id; another body, another customer, a circle and a chain are told apart."""
    shop, gone, stays = store
    for name in (gone, stays, "cyd"):
        await shop.order(f"o-{name}", name, 1_000)
    first = await merge(shop, gone, stays, "m")
    again = await try_merge(shop, gone, stays, "m")
    assert (again.status, msgspec.json.decode(again.body, type=type(first))) == (200, first)
    assert refused(await try_merge(shop, "cyd", stays, "m")) == (422, "id_conflict")
    assert refused(await try_merge(shop, gone, "cyd")) == (410, "customer_merged")
    assert refused(await try_merge(shop, stays, gone)) == (410, "customer_merged")
    assert refused(await try_merge(shop, stays, stays)) == (422, "same_customer")
    assert refused(await try_merge(shop, "nobody", stays)) == (404, "customer_unknown")
    assert refused(await try_merge(shop, stays, "nobody")) == (422, "customer_unknown")
    await merge(shop, stays, "cyd")
    await shop.order("o-late", gone, 1_000)
    assert await points_of(shop, gone) == (40, 0, 0)
    assert (await read_customer(shop.handler, shop.workspace_id, gone)).id == "cyd"
    assert (await try_merge(shop, gone, stays, "m")).replayed
    await audited(shop)
