"""Challenges on a real database: counted, completed, read, started, taken back, and ended by the timers."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
from asyncpg import Connection

from perennial.core.orders.order import Line, Order, OrderStatus, ReturnedLine
from perennial.flows.answers import ChallengeAnswer, Decided
from perennial.flows.challenges import CustomerChallenge, read_challenges
from perennial.flows.checkout.quoting import Quotes
from perennial.flows.claims.entitlements import entitlements_of
from perennial.flows.commands import (
    JoinProgram,
    PostEvent,
    PostRedemption,
    PostReturn,
    PutOrder,
    StartChallenge,
)
from perennial.flows.vouchers.vouchers import vouchers_of
from perennial.store.audits.audit import audit
from perennial.units import DAY, SECOND, Instant
from tests.flows.pool import made
from tests.flows.shop import START, Shop, available

PROGRAM = """
program: coffee
name: Coffee
currency: USD
wallets: [{id: points, name: Points}]
declarations: {events: {walk.done: {attributes: {steps: {type: integer}}}}}
earning_rules:
  - {id: thanks, type: fixed, trigger: challenge.completed, points: 5}
challenges:
  - id: card
    name: Five coffees
    goals: [{measure: lines.quantity, where: {fact: line.sku, is: latte}, target: 5}]
    repeat: {}
    gives: [{type: amount_off, value: 300}, {type: badge, name: regular}]
    expires_after: {days: 30}
  - id: days
    name: Three days in a row
    goals: [{measure: orders.count}]
    streak: {every: day, length: 3}
    repeat: {}
  - id: steps
    name: Walk
    goals: [{measure: events.sum, event: walk.done, attribute: steps, target: 10000}]
    start: on_request
    within: {days: 2}
    repeat: {}
    returns: take_back
    gives: [{type: points, points: 100}]
  - id: old
    name: Ten days
    goals: [{member_for: {days: 10}}]
    gives: [{type: points, points: 11}]
"""


def lattes(name: str, count: int, at: Instant = START, status: str = "paid") -> PutOrder:
    """Anna's order of so many lattes."""
    line = Line(sku="latte", amount=300 * count, quantity=count)
    order = Order(status=OrderStatus(status), lines=(line,), currency="USD")
    return PutOrder(id=name, customer="anna", at=at, order=order)


def told(answer: Decided) -> dict[str, ChallengeAnswer]:
    """The challenges that an answer tells of."""
    return {each.challenge: each for each in answer.programs[0].challenges}


async def shown(shop: Shop, customer: str = "anna") -> dict[str, CustomerChallenge]:
    """The challenges of a customer, by their ids."""
    found = await read_challenges(shop.handler, shop.workspace_id, customer)
    return {each.id: each for each in found.data}


async def test_a_card_is_filled_and_gives_codes(shop: Shop, owner: Connection) -> None:
    """Twelve lattes: two vouchers with codes of their own, two badges, and points by the rule."""
    await shop.publish(PROGRAM)
    answer = await shop.do(lattes("o1", 12))
    card = told(answer)["card"]
    assert (card.completed, card.progress, card.missing, card.next_step) == (2, 2, 3, "3 more items.")
    assert answer.programs[0].points == {"points": 10}
    page = await vouchers_of(shop.handler, shop.workspace_id, "anna", cursor=None, limit=10)
    assert len({voucher.code for voucher in page.data}) == 2
    assert {voucher.reward for voucher in page.data} == {"coffee/card"}
    given = await entitlements_of(shop.handler, shop.workspace_id, "anna", cursor=None, limit=10)
    assert [(each.kind, each.name) for each in given.data] == [("badge", "regular")] * 2
    assert await shop.do(lattes("o1", 12)) == answer
    seen = (await shown(shop))["card"]
    assert (seen.state, seen.progress, seen.completed_count, seen.gives) == (
        "active",
        2,
        2,
        ("amount_off", "badge"),
    )
    assert (await audit(owner, shop.workspace_id)).broken == ()


async def test_gift_cards_and_codes_of_a_pool_are_given(shop: Shop, owner: Connection) -> None:
    """Every second latte a code, of which there are five, and every fourth a card; no more of either."""
    await shop.publish(
        """\
program: points
name: Points
currency: USD
wallets: [{id: points, name: Points}]
rewards:
  - {id: partner, name: Partner, codes: {pattern: "P-############"}, gives: [{type: amount_off, value: 100}]}
challenges:
  - id: codes
    name: A code
    goals: [{measure: lines.quantity, target: 2}]
    repeat: {}
    gives: [{type: coupon, pool: partner}]
  - {id: cards, name: A card, goals: [{measure: lines.quantity, target: 4}], repeat: {}, gives: [CARD]}
""".replace("CARD", "{type: gift_card, value: 700}")
    )
    await made(shop, "b1", reward="partner", count=5)
    await asyncio.gather(shop.do(lattes("o1", 4)), shop.do(lattes("o2", 8)))
    page = await vouchers_of(shop.handler, shop.workspace_id, "anna", cursor=None, limit=20)
    given = Counter(each.reward for each in page.data)
    assert given == {"points/partner": 5, "points/cards": 3}
    assert (await shown(shop))["codes"].completed_count == 6
    held = await owner.fetch(
        "select balance from wallets join vouchers using (bucket, workspace_id)"
        " where workspace_id = $1 and wallets.customer_id = voucher_id",
        shop.workspace_id,
    )
    assert [balance for (balance,) in held] == [700] * 3
    assert await shop.do(lattes("o1", 4)) is not None
    again = await vouchers_of(shop.handler, shop.workspace_id, "anna", cursor=None, limit=20)
    assert again == page
    assert (await audit(owner, shop.workspace_id)).broken == ()


async def test_returns_and_changes_are_exact(shop: Shop) -> None:
    """Part of an order comes back, it is changed, and canceled; what the card says follows each time."""
    await shop.publish(PROGRAM)
    await shop.do(lattes("o1", 4))
    back = PostReturn(
        id="r1", order="o1", customer="anna", at=START, lines=(ReturnedLine(line="1", quantity=3),)
    )
    assert told(await shop.do(back))["card"].progress == 1
    await shop.do(lattes("o2", 2))
    assert told(await shop.do(lattes("o2", 3)))["card"].progress == 4
    assert told(await shop.do(lattes("o2", 3, status="canceled")))["card"].progress == 1
    assert told(await shop.do(lattes("o1", 4, status="canceled")))["card"].progress == 0
    assert (await shown(shop))["days"].progress == 0


async def test_a_streak_breaks_and_time_is_reached_by_the_timers(shop: Shop) -> None:
    """Two days, then none: missed at midnight of the fourth. After ten days a member has been one so long."""
    await shop.publish(PROGRAM)
    await shop.do(lattes("o1", 1))
    await shop.do(lattes("o2", 1, START + SECOND))
    await shop.advance(START + DAY)
    answer = await shop.do(lattes("o3", 1, START + DAY))
    assert (told(answer)["days"].progress, told(answer)["days"].ends_at) == (2, "2026-03-05T00:00:00Z")
    await shop.advance(START + 3 * DAY)
    assert ((await shown(shop))["days"].state, (await shown(shop))["old"].state) == ("missed", "open")
    await shop.advance(START + 10 * DAY)
    assert (await shown(shop))["old"].state == "completed"
    answer = await shop.do(lattes("o4", 1, START + 10 * DAY))
    assert answer.balances[0].available == 16
    assert told(answer)["days"].progress == 1


async def test_a_challenge_is_started_and_started_again(shop: Shop) -> None:
    """What is done before the start counts nothing; twice is once; after its time it can be begun anew."""
    await shop.publish(PROGRAM)
    start = StartChallenge(customer="anna", challenge="steps", at=None)
    assert (await shop.refuse(start)).status == 404
    await shop.do(JoinProgram(customer="anna", program="coffee", at=None, source="test"))
    await shop.do(walk("w1", 9_000))
    assert (await shop.send(start)).status == 201
    assert (await shop.send(start)).status == 200
    assert told(await shop.do(walk("w2", 4_000)))["steps"].progress == 4_000
    await shop.advance(START + 3 * DAY)
    assert ((await shown(shop))["steps"].state, (await shown(shop))["steps"].can_start) == ("missed", True)
    assert (await shop.send(start)).status == 201
    answer = await shop.do(walk("w3", 10_000))
    assert (told(answer)["steps"].completed, answer.balances[0].available) == (1, 105)
    unknown = await shop.refuse(StartChallenge(customer="anna", challenge="none", at=None))
    assert (unknown.status, unknown.code) == (404, "challenge_unknown")
    card = await shop.refuse(StartChallenge(customer="anna", challenge="card", at=None))
    assert (card.status, card.code) == (409, "challenge_not_open")


async def test_nothing_is_kept_where_no_program_has_challenges(shop: Shop, owner: Connection) -> None:
    """An ordinary program writes no rounds, and its answers say nothing of them."""
    await shop.publish("program: plain\nname: Plain\nwallets: [{id: points, name: Points}]\n")
    answer = await shop.send(lattes("o1", 3))
    assert b"challenges" not in answer.body
    assert msgspec.json.decode(answer.body)["status"] == "paid"
    assert (
        await owner.fetchval(
            "select count(*) from challenge_rounds where workspace_id = $1", shop.workspace_id
        )
        == 0
    )


def walk(name: str, steps: int) -> PostEvent:
    """Anna reports a walk."""
    return PostEvent(id=name, customer="anna", at=None, name="walk.done", attributes={"steps": steps})


async def test_a_quote_tells_how_far_the_order_would_bring(shop: Shop) -> None:
    """The cart is asked, and nothing is counted; the order then does as was told."""
    await shop.publish(PROGRAM)
    await shop.do(lattes("o1", 4))
    cart = lattes("q", 2).order
    asked = PostRedemption(id="q", customer="anna", at=None, order=cart)
    for _ in range(2):
        quote = await Quotes(shop.intake).quote(shop.workspace_id, asked)
        told_of = {each.challenge: each for each in quote.challenges}
        assert (told_of["coffee/card"].completed, told_of["coffee/card"].progress) == (1, 1)
        assert (await shown(shop))["card"].progress == 4
    card = told(await shop.do(lattes("o2", 2)))["card"]
    assert (card.completed, card.progress) == (1, 1)
    stranger = await Quotes(shop.intake).quote(
        shop.workspace_id, PostRedemption(id="s", customer=None, at=None, order=cart)
    )
    assert stranger.challenges == ()


async def test_what_a_rule_gave_leaves_with_the_order(shop: Shop, owner: Connection) -> None:
    """Orders that complete a challenge and come back leave nothing, however often; the ledger adds up."""
    await shop.publish(
        """
program: coffee
name: Coffee
currency: USD
wallets: [{id: points, name: Points}]
earning_rules:
  - {id: thanks, type: fixed, trigger: challenge.completed, points: 5}
challenges:
  - id: two
    name: Two orders
    goals: [{measure: orders.count, target: 2}]
    returns: take_back
    gives: [{type: points, points: 100}]
"""
    )
    await shop.do(lattes("o0", 1))
    for number in range(1, 4):
        assert available(await shop.do(lattes(f"o{number}", 1))) == 105
        assert available(await shop.give_back(f"r{number}", f"o{number}", "anna")) == 0
    assert (await audit(owner, shop.workspace_id)).broken == ()
