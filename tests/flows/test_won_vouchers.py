"""Vouchers of challenges on a real database: taken back with the order, unless somebody used them."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest
from asyncpg import Connection

from perennial.core.orders.order import Line, Order, OrderStatus, ReturnedLine
from perennial.flows.commands import Command, PostReturn, PutOrder
from perennial.flows.vouchers.vouchers import vouchers_of
from perennial.units import HOUR, named_id
from tests.flows.checkout import Checkout, redeem
from tests.flows.shop import START, Shop, available
from tests.flows.sound import is_sound

PROGRAM = """
program: coffee
name: Coffee
currency: USD
time_zone: UTC
wallets: [{id: points, name: Points, refunds: unlimited}]
earning_rules:
  - {id: base, type: per_amount, points: 1, per: 100}
  - id: never
    type: fixed
    points: 1
    when: {history: lines.quantity, window: {calendar: month}, at_least: 1000000}
challenges:
  - id: card
    name: Five coffees
    goals: [{measure: lines.quantity, target: 5}]
    repeat: {}
    returns: take_back
    gives: [{type: amount_off, value: 300}, {type: points, points: 50}]
  - id: monthly
    name: Seven in a month
    goals: [{measure: lines.quantity, target: 7}]
    each: month
    returns: take_back
    gives: [{type: amount_off, value: 100}]
"""


def lattes(name: str, count: int, customer: str = "anna", hours: int = 0, status: str = "paid") -> PutOrder:
    """An order of so many lattes."""
    lines = (Line(sku="latte", amount=300 * count, quantity=count),)
    order = Order(status=OrderStatus(status), lines=lines, currency="USD")
    return PutOrder(id=name, customer=customer, at=START + hours * HOUR, order=order)


def back(name: str, order: str, count: int, customer: str = "anna") -> PostReturn:
    """So many lattes of an order come back."""
    lines = (ReturnedLine(line="1", quantity=count),) if count else ()
    return PostReturn(id=name, order=order, customer=customer, at=START, lines=lines)


async def vouchers(owner: Connection, shop: Shop, customer: str = "anna") -> Counter[tuple[str, str]]:
    """How many vouchers the customer has, by the challenge and what became of them."""
    rows = await owner.fetch(
        """
        select reward, case when used > 0 then 'used' when state = 3 then 'void' else 'there' end as state
        from vouchers where workspace_id = $1 and customer_id = $2
        """,
        shop.workspace_id,
        named_id(shop.workspace_id, "customer", customer),
    )
    return Counter((row["reward"], row["state"]) for row in rows)


async def books(owner: Connection, shop: Shop, customer: str) -> dict[str, Any]:
    """What is kept of a customer and may not tell how it came to be: balances, counters, rounds."""
    key = (shop.workspace_id, named_id(shop.workspace_id, "customer", customer))
    queries = {
        "wallets": "select unit_id, balance, pending, debt, shortfall, earned, spent from wallets",
        "lots": "select unit_id, lot_id, remaining from lots",
        "counters": "select metric, period, value from counters",
        "rounds": "select challenge, round, amounts, given from challenge_rounds",
    }
    found: dict[str, Any] = {}
    for table, query in queries.items():
        rows = await owner.fetch(f"{query} where workspace_id = $1 and customer_id = $2 order by 1, 2", *key)
        found[table] = [tuple(row) for row in rows]
    found["lots"] = [row for row in found["lots"] if row[2]]
    found["counters"] = [row for row in found["counters"] if row[2]]
    found["rounds"] = [row for row in found["rounds"] if any(row[2]) or row[3]]
    kept = await vouchers(owner, shop, customer)
    found["vouchers"] = {reward: count for (reward, state), count in kept.items() if state != "void"}
    return found


async def test_they_go_with_what_they_were_given_for(shop: Shop, owner: Connection) -> None:
    """Part of an order, then all of it: as many go as the card is less full; and can be got again."""
    await shop.publish(PROGRAM)
    await shop.do(lattes("o1", 4))
    before = await books(owner, shop, "anna")
    assert available(await shop.do(lattes("o2", 7))) == 12 + 21 + 100
    assert await vouchers(owner, shop) == {("card", "there"): 2, ("monthly", "there"): 1}
    assert available(await shop.do(back("r1", "o2", 3))) == 12 + 12 + 50
    left = {("card", "there"): 1, ("card", "void"): 1, ("monthly", "there"): 1}
    assert await vouchers(owner, shop) == left
    await shop.do(back("r2", "o2", 0))
    assert await vouchers(owner, shop) == {("card", "void"): 2, ("monthly", "void"): 1}
    assert await books(owner, shop, "anna") == before
    await shop.do(lattes("o3", 1))
    assert (await vouchers(owner, shop))["card", "there"] == 1
    await is_sound(shop, owner)


@pytest.mark.parametrize("held", [False, True])
async def test_what_was_used_stays(shop: Shop, owner: Connection, held: bool) -> None:
    """A used one, or one that is held, stays, and is not given again for the coffees that come after."""
    await shop.publish(PROGRAM)
    await shop.do(lattes("o1", 10))
    code = next(code for reward, code in await _codes(shop) if reward == "coffee/card")
    checkout = Checkout(shop)
    await checkout.redeem(redeem("u1", "anna", 5_000, codes=(code,), minutes=30 if held else None))
    await shop.do(lattes("o1", 10, status="canceled"))
    kept = {("card", "used"): 1, ("card", "void"): 1, ("monthly", "void"): 1}
    assert await vouchers(owner, shop) == kept
    await shop.do(lattes("o2", 9))
    assert (await vouchers(owner, shop))["card", "there"] == 0
    await shop.do(lattes("o3", 1))
    assert (await vouchers(owner, shop))["card", "there"] == 1
    await is_sound(shop, owner)


async def test_a_changed_order_keeps_its_codes(shop: Shop, owner: Connection) -> None:
    """Nobody gets another code by changing an order; what is too many goes when it is canceled."""
    await shop.publish(PROGRAM)
    await shop.do(lattes("o1", 5))
    codes = await _codes(shop)
    await shop.do(lattes("o1", 6))
    await shop.do(lattes("o1", 5))
    assert await _codes(shop) == codes
    await shop.do(lattes("o1", 2))
    await shop.do(lattes("o1", 2, status="canceled"))
    assert await vouchers(owner, shop) == {("card", "void"): 1}
    await is_sound(shop, owner)


async def test_none_is_both_used_and_taken_back(shop: Shop, owner: Connection) -> None:
    """The order comes back while its voucher is used: one of both happens, and the books are right."""
    await shop.publish(PROGRAM)
    for number in range(5):
        name = f"c{number}"
        await shop.do(lattes(f"o{name}", 5, name))
        [(_, code)] = await _codes(shop, name)
        answers = await asyncio.gather(
            shop.send(back(f"r{name}", f"o{name}", 0, name)),
            shop.send(redeem(f"u{name}", None, 5_000, codes=(code,))),
        )
        assert answers[0].status == 201, answers[0].body
        assert await vouchers(owner, shop, name) in ({("card", "used"): 1}, {("card", "void"): 1})
    await is_sound(shop, owner)


@pytest.mark.parametrize("seed", range(3))
async def test_a_life_is_the_same_however_it_is_cut_into_batches(
    shop: Shop, owner: Connection, seed: int
) -> None:
    """One by one, all at once, and in random parts: the same balances, rounds, counters and vouchers.

    Somebody to whom the orders that all came back never happened has the same as well.
    """
    draw = Random(seed)
    await shop.publish(PROGRAM, START - 2_000 * HOUR)
    names = ("single", "whole", "parts", "never")
    lives: dict[str, list[Command]] = {name: [] for name in names}
    for number in range(12):
        count, hours = draw.randint(1, 8), number * 100
        gone = draw.random() < 0.4
        part = draw.randint(1, count)
        for name in names:
            if gone and name == "never":
                continue
            lives[name].append(lattes(f"{name}-{number}", count, name, hours - 1_200))
            if gone:
                returns = [part] if part == count else [part, count - part]
                lives[name] += [
                    back(f"{name}-{number}-{units}-{place}", f"{name}-{number}", units, name)
                    for place, units in enumerate(returns)
                ]
    bucket = (await shop.handler.read_workspace(shop.workspace_id)).bucket_base
    cuts = {"single": 1, "whole": 99, "parts": 0, "never": 99}
    for name, commands in lives.items():
        done = 0
        while done < len(commands):
            size = cuts[name] or draw.randint(1, 5)
            answers = await shop.handler.handle_batch(shop.workspace_id, bucket, commands[done : done + size])
            done += size
            assert {answer.status for answer in answers} == {201}
    found = {name: await books(owner, shop, name) for name in names}
    assert found["whole"] == found["single"]
    assert found["parts"] == found["single"]
    assert found["never"] == found["single"]
    assert found["single"]["vouchers"]
    await is_sound(shop, owner)


async def _codes(shop: Shop, customer: str = "anna") -> list[tuple[str, str]]:
    """The reward and the code of each voucher of a customer."""
    page = await vouchers_of(shop.handler, shop.workspace_id, customer, cursor=None, limit=50)
    return [(each.reward, each.code or "") for each in page.data]
