"""A line for the seats of an evening: who waits gets what comes free, in order, for the price of then."""

from __future__ import annotations

import pytest
from asyncpg import Connection

from perennial.core.document.waiting_list import ASKED_AGAIN_AFTER
from perennial.core.entitlements import EntitlementState
from perennial.flows.claims.catalogue import read_catalogue
from perennial.flows.claims.entitlements import change_entitlement, entitlements_of
from perennial.flows.claims.take_turns import take_turns
from perennial.flows.claims.waiting import WaitList, WaitView, leave_line, wait_for, waits_of
from perennial.flows.commands import JoinProgram, PostAdjustment, PostClaim
from perennial.flows.customers.erase import erase_customer
from perennial.flows.problems import ProblemError
from tests.flows.merges import merge
from tests.flows.shop import START, Shop, available
from tests.flows.sound import is_sound

PROGRAM = """
program: points
name: Points
currency: USD
wallets: [{{id: points, name: Points}}]
rewards:
  - id: tasting
    name: A tasting
    price: {price}
    waiting_list: {waiting_list}
    gives: [{{type: experience, event: wine-tasting, capacity: {capacity}}}]
"""
MEMBERS = ("anna", "ben", "cleo", "dora")


async def offer(shop: Shop, *, price: int = 100, capacity: int = 1, waiting_list: str = "{}") -> None:
    """Publish the evening, from the sandbox's clock on."""
    row = await shop.handler.read_workspace(shop.workspace_id)
    await shop.publish(
        PROGRAM.format(price=price, capacity=capacity, waiting_list=waiting_list), row.clock_at
    )


@pytest.fixture
async def evening(wide_shop: Shop) -> Shop:
    """An evening with one seat, which anna has taken; everybody has 150 points left."""
    shop = wide_shop
    await offer(shop)
    for name in MEMBERS:
        await shop.do(JoinProgram(customer=name, program="points", at=None, source="test"))
        await give(shop, name, 250 if name == "anna" else 150)
    await claim(shop, "anna")
    return shop


async def give(shop: Shop, name: str, points: int) -> None:
    """Give points, or take them."""
    await shop.do(
        PostAdjustment(
            id=f"{name}-{points}",
            customer=name,
            at=None,
            wallet="points",
            points=points,
            reason="test",
            actor="test",
        )
    )


async def claim(shop: Shop, name: str) -> int:
    """Claim a seat and return what is left of the points."""
    return available(await shop.do(PostClaim(id=f"c-{name}", customer=name, at=None, reward="tasting")))


async def wait(shop: Shop, name: str, wait_id: str = "w") -> WaitView:
    """Join the line."""
    return (await wait_for(shop.handler, shop.workspace_id, name, wait_id, "tasting"))[0]


async def refused_wait(shop: Shop, name: str, wait_id: str = "w", reward: str = "tasting") -> str:
    """Join the line, which must be refused, and return the code."""
    with pytest.raises(ProblemError) as raised:
        await wait_for(shop.handler, shop.workspace_id, name, wait_id, reward)
    return raised.value.problem.code


async def cancel(shop: Shop, name: str) -> None:
    """Cancel the seat of a member."""
    seats = (await entitlements_of(shop.handler, shop.workspace_id, name)).data
    [seat] = [each for each in seats if each.state == "held"]
    answer = await change_entitlement(
        shop.intake, shop.workspace_id, seat.id, EntitlementState.CANCELED, "clerk", reason="ill"
    )
    assert answer.status == 200, answer.body


async def last_of(shop: Shop, name: str) -> WaitView:
    """Return the last wait of a member."""
    return (await waits_of(shop.handler, shop.workspace_id, name)).data[0]


async def seats_of(shop: Shop) -> list[str]:
    """Return who holds a seat."""
    found = {name: (await entitlements_of(shop.handler, shop.workspace_id, name)).data for name in MEMBERS}
    return [name for name, each in found.items() if any(seat.state == "held" for seat in each)]


async def test_the_first_in_line_gets_what_comes_free_once(evening: Shop, owner: Connection) -> None:
    """Ben, cleo and dora wait; a seat that comes free is ben's for its price, whoever asks meanwhile."""
    shop = evening
    assert [(await wait(shop, name)).place for name in MEMBERS[1:]] == [1, 2, 3]
    view = await wait(shop, "cleo")
    assert (view.state, view.place, view.in_line) == ("waiting", 2, 3)
    assert await refused_wait(shop, "cleo", "again") == "waits_already"
    await cancel(shop, "anna")
    problem = await shop.refuse(PostClaim(id="push", customer="dora", at=None, reward="points/tasting"))
    assert (problem.code, problem.details) == ("others_wait", {"reward": "tasting", "waiting": 3, "left": 1})
    [shown] = (await read_catalogue(shop.handler, shop.workspace_id, "anna")).data
    assert (shown.waiting, shown.why_not[0].code) == (3, "others_wait")
    assert await take_turns(shop.handler, shop.workspace_id) == 1
    assert await take_turns(shop.handler, shop.workspace_id) == 0
    served = await last_of(shop, "ben")
    assert (served.state, served.place, served.reason) == ("served", None, None)
    assert served.claim is not None
    assert [(await last_of(shop, name)).place for name in ("cleo", "dora")] == [1, 2]
    assert await seats_of(shop) == ["ben"]
    assert (await shop.refuse(PostClaim(id="no", customer="anna", at=None, reward="tasting"))).code == (
        "out_of_stock"
    )
    await is_sound(shop, owner)


async def test_a_line_may_be_left_and_more_seats_may_be_set_out(evening: Shop, owner: Connection) -> None:
    """Whoever leaves is not asked; two more seats are given to the next two, for the price of then."""
    shop = evening
    for name in MEMBERS[1:]:
        await wait(shop, name)
    left = await leave_line(shop.handler, shop.workspace_id, "ben", "w")
    assert (left.state, left.place) == ("left", None)
    assert (await leave_line(shop.handler, shop.workspace_id, "ben", "w")).state == "left"
    with pytest.raises(ProblemError):
        await leave_line(shop.handler, shop.workspace_id, "ben", "other")
    assert (await wait(shop, "ben", "later")).place == 3
    await offer(shop, price=120, capacity=3)
    await shop.advance(START + 1)
    assert await seats_of(shop) == ["anna", "cleo", "dora"]
    balance = "select sum(balance)::bigint from wallets where workspace_id = $1"
    assert await owner.fetchval(balance, shop.workspace_id) == 150 + 150 + 30 + 30
    assert (await last_of(shop, "ben")).place == 1
    await is_sound(shop, owner)


@pytest.mark.parametrize(("rule", "state"), [("leave", "passed_over"), ("stay", "waiting")])
async def test_whoever_cannot_pay_is_passed_over_as_the_rule_says(
    evening: Shop, owner: Connection, rule: str, state: str
) -> None:
    """Ben has no points when it is his turn: cleo gets the seat; ben is asked again only where he stays."""
    shop = evening
    await offer(shop, waiting_list=f"{{when_unable: {rule}}}")
    await wait(shop, "ben")
    await wait(shop, "cleo")
    await give(shop, "ben", -100)
    await cancel(shop, "anna")
    assert await take_turns(shop.handler, shop.workspace_id) == 1
    passed = await last_of(shop, "ben")
    assert (passed.state, passed.reason) == (state, "insufficient_points")
    assert await seats_of(shop) == ["cleo"]
    await give(shop, "ben", 99)
    await cancel(shop, "cleo")
    assert await take_turns(shop.handler, shop.workspace_id) == 0
    await shop.advance(START + ASKED_AGAIN_AFTER)
    assert await seats_of(shop) == (["ben"] if state == "waiting" else [])
    await is_sound(shop, owner)


async def test_of_several_prices_the_first_one_is_taken(evening: Shop) -> None:
    """Ben waits for a seat for 100 points; then it costs tea, or points: without tea he is passed over."""
    shop = evening
    for name in ("ben", "cleo"):
        await wait(shop, name)
    text = PROGRAM.format(price=100, capacity=1, waiting_list="{}")
    text = text.replace("name: Points}]", "name: Points}, {id: tea, name: Tea}]")
    prices = "prices: [{points: 3, wallet: tea}, {points: 20, wallet: points}]"
    row = await shop.handler.read_workspace(shop.workspace_id)
    await shop.publish(text.replace("price: 100", prices), row.clock_at)
    tea = PostAdjustment(
        id="tea", customer="cleo", at=None, wallet="tea", points=5, reason="test", actor="test"
    )
    await shop.do(tea)
    await cancel(shop, "anna")
    assert await take_turns(shop.handler, shop.workspace_id) == 1
    passed = await last_of(shop, "ben")
    assert (passed.state, passed.reason) == ("passed_over", "insufficient_points")
    assert await seats_of(shop) == ["cleo"]


async def test_nobody_waits_in_vain(evening: Shop) -> None:
    """A full line, a reward that is there, one without a line, a member who may not have it: refused."""
    shop = evening
    assert await refused_wait(shop, "ben", reward="nothing") == "reward_unknown"
    assert await refused_wait(shop, "nobody") == "customer_unknown"
    await offer(shop, waiting_list="{places: 1}")
    await wait(shop, "ben")
    assert await refused_wait(shop, "cleo") == "line_full"
    await offer(shop, capacity=2, waiting_list="{places: 5}")
    await shop.advance(START + 1)
    await offer(shop, capacity=3, waiting_list="{places: 5}")
    assert await refused_wait(shop, "cleo") == "nothing_to_wait_for"
    await claim(shop, "cleo")
    assert (await wait(shop, "dora")).place == 1
    await shop.publish(
        PROGRAM.format(price=1, capacity=3, waiting_list="null").replace("waiting_list: null", ""), START + 1
    )
    assert await refused_wait(shop, "ben", "x") == "no_waiting_list"


async def test_an_old_wait_is_known_behind_many_later_ones(evening: Shop, owner: Connection) -> None:
    """Repeated, it is answered as it stands, and not joined once more; a merge moves all of them."""
    shop = evening
    await wait(shop, "ben")
    await leave_line(shop.handler, shop.workspace_id, "ben", "w")
    await owner.execute(
        """
        insert into waits (bucket, workspace_id, customer_id, wait_id, program_id, state, ticket, since,
            changed_at, external_id, reward)
        select bucket, workspace_id, customer_id, gen_random_uuid(), program_id, state, ticket,
            since + make_interval(secs => n), changed_at, 'later-' || n, reward
        from waits, generate_series(1, 250) as n
        where workspace_id = $1
        """,
        shop.workspace_id,
    )
    assert (await wait(shop, "ben")).state == "left"
    assert (await leave_line(shop.handler, shop.workspace_id, "ben", "w")).state == "left"
    await merge(shop, "ben", "cleo")
    listed = (await waits_of(shop.handler, shop.workspace_id, "cleo")).data
    assert (len(listed), listed[-1].id) == (251, "w")


async def test_the_erased_and_the_merged_hold_nobody_up(evening: Shop, owner: Connection) -> None:
    """Ben is erased, cleo and dora are one: the seat goes to cleo, who waits in dora's better place."""
    shop = evening
    for name in ("ben", "dora", "cleo"):
        await wait(shop, name, f"w-{name}")
    await erase_customer(shop.handler, shop.workspace_id, "ben", "test")
    await merge(shop, "dora", "cleo")
    states = [(each.id, each.state, each.place) for each in (await waits_of_cleo(shop)).data]
    assert sorted(states) == [("w-cleo", "left", None), ("w-dora", "waiting", 1)]
    await cancel(shop, "anna")
    assert await take_turns(shop.handler, shop.workspace_id) == 1
    assert (await entitlements_of(shop.handler, shop.workspace_id, "cleo")).data[0].state == "held"
    await is_sound(shop, owner)


async def waits_of_cleo(shop: Shop) -> WaitList:
    """Return the waits of the survivor, asked for by the name of the absorbed one."""
    return await waits_of(shop.handler, shop.workspace_id, "dora")
