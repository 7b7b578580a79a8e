"""Codes of pools that challenges hand over: beside claims and referrals, and wherever time completes one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from asyncpg import Connection

from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import decode_condition
from perennial.flows.answers import Answer
from perennial.flows.commands import (
    Command,
    JoinProgram,
    PostAdjustment,
    PostClaim,
    PostTransfer,
    PutCustomer,
    PutHousehold,
)
from perennial.flows.customers.household import put_household
from perennial.flows.programs.life import Author
from perennial.flows.referring.refer import Refer, refer
from perennial.flows.segments.apply import apply_to_inside
from perennial.flows.segments.segments import put
from perennial.flows.transfer import transfer
from perennial.flows.vouchers.vouchers import vouchers_of
from perennial.units import DAY
from tests.flows.pool import made
from tests.flows.shop import START, Shop, put_order
from tests.flows.sound import is_sound

POOL = """\
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points, refunds: unlimited}]
rewards:
  - {id: partner, name: Partner, codes: {pattern: "P-############"}, gives: [{type: amount_off, value: 100}]}
"""
CLAIMED = (
    POOL
    + """\
  - {id: code, name: A code, price: 10, gives: [CODE]}
challenges:
  - {id: bought, name: Bought, goals: [{measure: orders.count, target: 1}], gives: [CODE]}
"""
)
TIMED = (
    POOL
    + """\
earning_rules:
  - {id: welcome, trigger: segment.entered, type: fixed, points: 500, when: {fact: event.segment, is: adults}}
referrals:
  offers:
    - id: friends
      name: Friends
      advocate: {gets: {gives: [{type: points, points: 1}]}}
      friend: {gets: {gives: [{type: points, points: 1}]}}
      converts: {on: order}
declarations: {member: {years: {type: integer}}}
challenges:
  - {id: ten, name: Ten days, goals: [{member_for: {days: 10}}], gives: [CODE]}
"""
)
REFERRED = (
    POOL
    + """\
referrals:
  offers:
    - id: friends
      name: Friends
      advocate: {gets: {gives: [CODE]}}
      friend: {gets: {gives: [CODE]}}
      converts: {on: order}
earning_rules:
  - {id: converted, trigger: referral.converted, type: fixed, points: 20}
  - {id: risen, trigger: tier.entered, type: fixed, points: 1, when: {fact: event.tier, is: silver}}
tiers:
  metrics: [{id: earned, measure: points.earned, wallet: points, window: {calendar: year}}]
  levels: [{id: bronze, name: Bronze, reach: {earned: 0}}, {id: silver, name: Silver, reach: {earned: 20}}]
challenges:
  - {id: risen, name: Risen, goals: [{measure: points.earned, target: 1}], gives: [CODE]}
"""
)
CODE = "{type: coupon, pool: partner}"
ORDER = put_order("o1", "ben", 100)
CLAIM = PostClaim(customer="anna", id="c1", at=None, reward="code")


async def codes(shop: Shop, *customers: str) -> dict[str, int]:
    """Return how many codes of the pool each customer has."""
    pages = {name: await vouchers_of(shop.handler, shop.workspace_id, name) for name in customers}
    return {name: len(page.data) for name, page in pages.items()}


async def together(shop: Shop, *commands: Command) -> list[Answer]:
    """Send commands in one batch."""
    bucket = (await shop.handler.read_workspace(shop.workspace_id)).bucket_base
    return await shop.handler.handle_batch(shop.workspace_id, bucket, commands)


@pytest.mark.parametrize(
    ("commands", "count", "statuses", "held"),
    [
        ((ORDER, CLAIM), 2, [201, 201], {"anna": 1, "ben": 1}),
        ((CLAIM, ORDER), 2, [201, 201], {"anna": 1, "ben": 1}),
        ((ORDER, CLAIM), 1, [201, 201], {"anna": 1, "ben": 0}),
        ((ORDER, CLAIM), 0, [201, 409], {"anna": 0, "ben": 0}),
    ],
)
async def test_a_challenge_leaves_claims_their_codes(
    shop: Shop,
    owner: Connection,
    commands: tuple[Command, ...],
    count: int,
    statuses: list[int],
    held: dict[str, int],
) -> None:
    """A claim in the same batch gets its code; of too few the one who asked gets the last."""
    await shop.publish(CLAIMED.replace("CODE", CODE))
    for name in ("anna", "ben"):
        await shop.do(JoinProgram(customer=name, program="points", at=None, source="test"))
    await shop.do(
        PostAdjustment(id="a", customer="anna", at=None, wallet="points", points=10, reason="r", actor="eve")
    )
    if count:
        await made(shop, "b1", reward="partner", count=count)
    assert [answer.status for answer in await together(shop, *commands)] == statuses
    assert await codes(shop, "anna", "ben") == held
    await is_sound(shop, owner)


async def _household(shop: Shop) -> None:
    command = PutHousehold(customer="anna", household="home")
    assert (await put_household(shop.handler, shop.workspace_id, command)).status == 200


async def _transfer(shop: Shop) -> None:
    command = PostTransfer(id="t1", sender="anna", receiver="ben", at=None, wallet="points", points=1)
    assert (await transfer(shop.handler, shop.workspace_id, command)).status == 201


async def _refer(shop: Shop) -> None:
    await refer(shop.handler, shop.workspace_id, Refer(friend="cleo", advocate="anna"))


async def _preview(shop: Shop) -> None:
    for author in (None, Author("test", START)):
        done = await apply_to_inside(
            shop.handler, shop.workspace_id, "adults", "points", "welcome", author=author
        )
        assert (done.customers, done.points) == (2, 2 * 500)


async def _order(shop: Shop) -> None:
    await shop.do(put_order("o9", "anna", 100, at=START + 10 * DAY))


@pytest.mark.parametrize("door", [_household, _transfer, _refer, _preview, _order])
@pytest.mark.parametrize("count", [0, 3])
async def test_a_challenge_that_time_completes_gives_its_code_at_every_door(
    shop: Shop, owner: Connection, count: int, door: Callable[[Shop], Awaitable[None]]
) -> None:
    """Ten days after joining it is completed by whatever comes first, and an empty pool stops nothing."""
    await shop.publish(TIMED.replace("CODE", CODE))
    for name in ("anna", "ben"):
        await shop.do(PutCustomer(customer=name, attributes={"years": 30}))
        await shop.do(JoinProgram(customer=name, program="points", at=None, source="test"))
    await shop.do(
        PostAdjustment(id="a", customer="anna", at=None, wallet="points", points=10, reason="r", actor="eve")
    )
    adults = Segment(
        segment="adults", name="Adults", when=decode_condition({"fact": "member.years", "at_least": 18})
    )
    await put(shop.handler, shop.workspace_id, adults, Author(actor="test", at=START))
    if count:
        await made(shop, "b1", reward="partner", count=count)
    later = START + 10 * DAY
    await owner.execute(
        "update workspaces set clock_at = $2 where workspace_id = $1", shop.workspace_id, later
    )
    await door(shop)
    assert await codes(shop, "anna") == {"anna": min(count, 1)}
    await shop.advance(later + DAY)
    assert await codes(shop, "anna", "ben") == dict.fromkeys(("anna", "ben"), min(count, 1))
    await is_sound(shop, owner)


@pytest.mark.parametrize(
    ("count", "held"),
    [
        (8, {"anna": 2, "cleo": 2}),
        (2, {"anna": 1, "cleo": 1}),
        (1, {"anna": 1, "cleo": 0}),
    ],
)
@pytest.mark.parametrize("wide", [False, True])
async def test_a_challenge_leaves_either_side_of_a_referral_its_code(
    shop: Shop, wide_shop: Shop, owner: Connection, wide: bool, count: int, held: dict[str, int]
) -> None:
    """What converting completes takes what gifts leave, in one bucket or several; a return takes the gift."""
    shop = wide_shop if wide else shop
    await shop.publish(REFERRED.replace("CODE", CODE))
    await shop.do(JoinProgram(customer="anna", program="points", at=None, source="test"))
    await made(shop, "b1", reward="partner", count=count)
    await refer(shop.handler, shop.workspace_id, Refer(friend="cleo", advocate="anna"))
    await shop.do(put_order("o1", "cleo", 100))
    await shop.advance(START + DAY)
    assert await codes(shop, "anna", "cleo") == held
    await is_sound(shop, owner)
    await shop.give_back("back", "o1", "cleo", at=START + DAY)
    await shop.advance(START + 2 * DAY)
    for customer, number in held.items():
        page = await vouchers_of(shop.handler, shop.workspace_id, customer)
        states = Counter(each.state for each in page.data)
        assert states == Counter(voided=1, issued=number - 1) - Counter() if number else not states
    await is_sound(shop, owner)
