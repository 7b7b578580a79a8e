"""Rules that give rewards, on a real database: given with the order, taken back unused, kept on a change."""

from __future__ import annotations

import asyncio

import pytest
from asyncpg import Connection

from perennial.flows.answers import Decided
from perennial.flows.commands import PostEvent
from perennial.flows.explaining import explain_event, explain_order
from perennial.flows.vouchers.vouchers import VoucherView, vouchers_of
from perennial.store.audits.audit import audit
from perennial.store.codes.vouchers import VOID_VOUCHER, VoucherState
from perennial.units import SECOND
from tests.flows.checkout import Checkout, redeem
from tests.flows.shop import START, Shop, available, put_order
from tests.flows.test_switches import part, resume, stop

PROGRAM = """
program: shop
name: Shop
currency: USD
time_zone: UTC
wallets: [{id: points, name: Points}]
declarations: {events: {newsletter.subscribed: {}}}
earning_rules:
  - id: newsletter
    type: gives_reward
    trigger: newsletter.subscribed
    reward: five-percent
    limits: [{times: 1}]
  - id: big
    type: gives_reward
    when: {fact: order.total, at_least: 10000}
    reward: coffee
  - id: huge
    type: gives_reward
    when: {fact: order.total, at_least: 50000}
    reward: bonus
rewards:
  - id: five-percent
    name: 5 % off
    gives: [{type: percent_off, percent: "5"}]
    expires_after: {months: 1}
  - {id: coffee, name: A coffee, gives: [{type: amount_off, value: 300}], stock: 2}
  - id: bonus
    name: 50 points and a seat
    gives:
      - {type: points, points: 50}
      - {type: experience, event: tasting, capacity: 5}
"""


def rewards_of(answer: Decided) -> list[str]:
    """What rules gave."""
    return list(dict.fromkeys(each.reward for each in answer.programs[0].rewards))


async def vouchers(shop: Shop, customer: str) -> list[VoucherView]:
    """The vouchers of a customer, the first ones first."""
    page = await vouchers_of(shop.handler, shop.workspace_id, customer, cursor=None, limit=20)
    return sorted(page.data, key=lambda each: each.issued_at)


async def states(shop: Shop, customer: str) -> list[str]:
    """What a customer's vouchers are good for, the first ones first."""
    return [each.state for each in await vouchers(shop, customer)]


async def test_an_event_gives_a_voucher_once(shop: Shop, owner: Connection) -> None:
    """Subscribing gives 5 % for a month; the same event twice is one, and a second one gives nothing."""
    await shop.publish(PROGRAM)
    first = PostEvent(id="s1", name="newsletter.subscribed", customer="ada", at=START, attributes={})
    answer = await shop.do(first)
    assert rewards_of(answer) == ["five-percent"]
    assert answer.programs[0].rewards[0].expires_at == "2026-04-03T00:00:00Z"
    assert await shop.do(first) == answer
    again = await shop.do(
        PostEvent(id="s2", name="newsletter.subscribed", customer="ada", at=START, attributes={})
    )
    assert rewards_of(again) == []
    assert again.programs[0].awards[0].cut_by == "rule newsletter: 1 time in all: used up"
    [voucher] = await vouchers(shop, "ada")
    assert voucher.code is not None
    used = await Checkout(shop).redeem(redeem("r1", "ada", 20000, codes=(voucher.code,)))
    assert used.quote.discount_total == 1000
    assert (await audit(owner, shop.workspace_id)).broken == ()


async def test_what_an_order_gave_comes_back_unused(shop: Shop, owner: Connection) -> None:
    """Canceled, the order's voucher is void and its stock free again; a used one stays with its stock."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "ada", 10000)
    await shop.order("o2", "ada", 10000, at=START + SECOND)
    full = await shop.order("o3", "ben", 10000)
    assert rewards_of(full) == []
    assert "stock" in (full.programs[0].awards[0].cut_by or "")
    await shop.give_back("b1", "o1", "ada", at=START + SECOND)
    assert await states(shop, "ada") == ["voided", "issued"]
    assert rewards_of(await shop.order("o4", "ben", 10000)) == ["coffee"]
    code = (await vouchers(shop, "ada"))[1].code
    assert code is not None
    await Checkout(shop).redeem(redeem("r1", "ada", 900, codes=(code,)))
    await shop.order("o2", "ada", 10000, at=START + SECOND, status="canceled")
    assert await states(shop, "ada") == ["voided", "used_up"]
    assert rewards_of(await shop.order("o5", "cleo", 10000)) == []
    assert (await audit(owner, shop.workspace_id)).broken == ()


async def test_a_changed_order_gives_no_second_code(shop: Shop, owner: Connection) -> None:
    """It keeps its voucher while the rule still fires, loses an unused one, and never gets one twice."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "ada", 10000)
    await shop.order("o1", "ada", 12000)
    assert await states(shop, "ada") == ["issued"]
    await shop.order("o1", "ada", 5000)
    assert await states(shop, "ada") == ["voided"]
    await shop.order("o2", "ben", 10000)
    [voucher] = await vouchers(shop, "ben")
    assert voucher.code is not None
    await Checkout(shop).redeem(redeem("r1", "ben", 900, codes=(voucher.code,)))
    for amount in (12000, 5000, 15000):
        await shop.order("o2", "ben", amount)
        assert await states(shop, "ben") == ["used_up"]
    assert (await audit(owner, shop.workspace_id)).broken == ()


@pytest.mark.parametrize(
    ("bound", "changed"),
    [("cooldown: {days: 1}", "issued"), ("limits: [{order_value: 11000}]", "voided")],
)
async def test_what_a_changed_order_may_not_keep_is_taken_back(
    shop: Shop, owner: Connection, bound: str, changed: str
) -> None:
    """The rest that its own order began costs it nothing; a limit that it passes now takes it back."""
    await shop.publish(PROGRAM.replace("reward: coffee", f"reward: coffee\n    {bound}"))
    await shop.order("o1", "ada", 10000)
    assert rewards_of(await shop.order("o1", "ada", 12000)) == []
    assert await states(shop, "ada") == [changed]
    assert rewards_of(await shop.order("o2", "ada", 12000, at=START + SECOND)) == []
    await shop.order("o1", "ada", 12000, status="canceled")
    assert await states(shop, "ada") == ["voided"]
    assert [rewards_of(await shop.order(f"b{n}", f"ben{n}", 10000)) for n in range(3)] == [
        ["coffee"],
        ["coffee"],
        [],
    ]
    assert (await audit(owner, shop.workspace_id)).broken == ()


async def test_a_changed_order_is_given_what_was_on_at_first(shop: Shop, owner: Connection) -> None:
    """A reward that is stopped later stays with the order; one that was off is not given by changing it."""
    await shop.publish(PROGRAM)
    coffee = part("reward", "coffee", program="shop")
    await shop.order("o1", "ada", 10000)
    await stop(shop, coffee)
    await shop.order("o1", "ada", 12000)
    assert await states(shop, "ada") == ["issued"]
    stopped = await shop.order("o2", "ben", 10000)
    assert stopped.programs[0].awards[0].cut_by == "reward coffee: it was switched off"
    await resume(shop, coffee)
    await shop.order("o2", "ben", 12000)
    assert await states(shop, "ben") == []
    await shop.order("o1", "ada", 12000, status="canceled")
    assert await states(shop, "ada") == ["voided"]
    assert (await audit(owner, shop.workspace_id)).broken == ()


async def test_the_explanation_says_why_a_reward_was_not_given(shop: Shop) -> None:
    """Given, the rule fired; not given, it says why: for an order and for an event."""
    await shop.publish(PROGRAM.replace("stock: 2", "stock: 1"))
    told = []
    for number in (1, 2):
        await shop.order(f"o{number}", "ada", 10000)
        event = PostEvent(
            id=f"s{number}", name="newsletter.subscribed", customer="ada", at=START, attributes={}
        )
        await shop.do(event)
        of_order = await explain_order(shop.handler, shop.workspace_id, f"o{number}")
        of_event = await explain_event(shop.handler, shop.workspace_id, f"s{number}")
        rules = [
            rule
            for explained, name in ((of_order, "big"), (of_event, "newsletter"))
            for rule in explained.decisions[-1].explanation.rules
            if rule.rule == name
        ]
        assert all(rule.fired for rule in rules)
        assert f" {rules[0].words}." in of_order.words
        told += [(rule.words, rule.cut_by) for rule in rules]
    no_stock = "stock coffee: 1 time in all, all members together: used up"
    used_up = "rule newsletter: 1 time in all: used up"
    assert told == [
        ('Rule big: fired: reward "A coffee"', None),
        ('Rule newsletter: fired: reward "5 % off"', None),
        (f'Rule big: fired, but reward "A coffee" was not given ({no_stock})', no_stock),
        (f'Rule newsletter: fired, but reward "5 % off" was not given ({used_up})', used_up),
    ]


async def test_points_and_seats_come_with_it(shop: Shop, owner: Connection) -> None:
    """Points of a reward are taken back with the order, and are the same after a change; the seat stays."""
    await shop.publish(PROGRAM)
    answer = await shop.order("o1", "ada", 50000)
    assert (rewards_of(answer), available(answer)) == (["coffee", "bonus"], 50)
    changed = await shop.order("o1", "ada", 60000)
    assert available(changed) == 50
    assert available(await shop.give_back("b1", "o1", "ada", at=START + SECOND)) == 0
    assert (await audit(owner, shop.workspace_id)).broken == ()


async def test_a_used_voucher_is_never_voided_at_the_same_time(shop: Shop, owner: Connection) -> None:
    """Twenty guests use the codes while the orders are canceled: each voucher is used or void, never both."""
    await shop.publish(PROGRAM.replace(", stock: 2", ""))
    names = [f"c{number}" for number in range(20)]
    for name in names:
        await shop.order(f"o-{name}", name, 10000)
    given = {name: (await vouchers(shop, name))[0].code or "" for name in names}
    uses = [shop.send(redeem(f"r-{name}", None, 900, codes=(given[name],))) for name in names]
    undone = [shop.send(put_order(f"o-{name}", name, 10000, status="canceled")) for name in names]
    answers = await asyncio.gather(*(each for pair in zip(uses, undone, strict=True) for each in pair))
    assert {answer.status for answer in answers} <= {200, 201}
    rows = await owner.fetch("select state, used from vouchers where workspace_id = $1", shop.workspace_id)
    assert len(rows) == 20
    assert all((row["state"] == VoucherState.VOIDED) != (row["used"] > 0) for row in rows)
    assert (await audit(owner, shop.workspace_id)).broken == ()


async def test_without_its_guard_a_used_voucher_is_voided(shop: Shop, owner: Connection) -> None:
    """The control: the product's own statement leaves a used voucher alone; without its guard it does not."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "ada", 10000)
    [voucher] = await vouchers(shop, "ada")
    await Checkout(shop).redeem(redeem("r1", "ada", 900, codes=(voucher.code or "",)))
    key = "select workspace_id, bucket, customer_id, voucher_id from vouchers where workspace_id = $1"
    place = await owner.fetchrow(key, shop.workspace_id)
    assert place is not None
    guard = " and used = 0"
    assert guard in VOID_VOUCHER
    assert await owner.fetch(VOID_VOUCHER, *place) == []
    assert len(await owner.fetch(VOID_VOUCHER.replace(guard, ""), *place)) == 1
