"""Blocks on a real database: from the very next decision on, whatever was being decided, and explained."""

from __future__ import annotations

import asyncio

import pytest

from perennial.flows.commands import PostClaim, PostTransfer
from perennial.flows.customers.blocks import block_customer, unblock_customer
from perennial.flows.customers.erase import erase_customer
from perennial.flows.explaining import explain_order
from perennial.flows.problems import ProblemError
from perennial.flows.reading import read_customer
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope
from perennial.flows.transfer import transfer
from perennial.store.customers import customers
from perennial.units import bucket_of, named_id
from tests.flows.checkout import PROGRAM, Checkout, redeem
from tests.flows.shop import START, Shop, available

_LOCK, _GUARD = "_LOCK_CUSTOMERS", "    for update\n"


async def block(
    shop: Shop, customer: str = "anna", *, earning: bool = True, spending: bool = True, reason: str = "odd"
) -> None:
    """Block a customer."""
    key = Key(shop.workspace_id, named_id(0, "key", "desk"), "desk", frozenset([Scope.MEMBERS]))
    await block_customer(shop.handler, key, customer, reason, earning=earning, spending=spending)


async def unblock(shop: Shop, customer: str = "anna") -> None:
    """Let a customer go on."""
    key = Key(shop.workspace_id, named_id(0, "key", "desk"), "desk", frozenset([Scope.MEMBERS]))
    await unblock_customer(shop.handler, key, customer)


async def test_who_is_blocked_earns_nothing_and_it_is_explained(shop: Shop) -> None:
    """The order is recorded, gives nothing for good, and says why; what was earned before can be spent."""
    await shop.publish(PROGRAM)
    assert available(await shop.order("o1", "anna", 1000)) == 1000
    await block(shop, spending=False)
    assert available(await shop.order("o2", "anna", 300)) == 1000
    assert (await shop.order("o2", "anna", 301)).revision == 2
    code = await Checkout(shop).claim("c1", "anna", "five-off")
    assert code
    await unblock(shop)
    assert available(await shop.order("o3", "anna", 7)) == 507
    assert available(await shop.order("o2", "anna", 400)) == 507
    (told,) = (await explain_order(shop.handler, shop.workspace_id, "o2")).decisions
    assert told.explanation.why_not == "the customer is blocked and earns nothing"
    assert available(await shop.order("o1", "anna", 1100)) == 607


async def test_an_order_of_before_is_edited_as_it_was(shop: Shop) -> None:
    """A block costs nobody what came before it."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 1000)
    await block(shop)
    assert available(await shop.order("o1", "anna", 1200)) == 1200
    assert available(await shop.order("o2", "anna", 50)) == 1200
    assert available(await shop.give_back("r1", "o1", "anna")) == 0


async def test_who_is_blocked_uses_nothing(shop: Shop) -> None:
    """No reward, code, points, claim, transfer, nor what was held before; quote and hold say why."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 5000)
    await shop.order("o2", "bert", 5000)
    checkout = Checkout(shop)
    code = await checkout.claim("c1", "anna", "five-off")
    await checkout.redeem(redeem("held", "anna", 2000, points=100, minutes=30))
    await block(shop, earning=False)
    asked = redeem("q", "anna", 2000, codes=(code, "TEN"), points=100)
    for answer in (await checkout.quote(asked), (await checkout.redeem(asked)).quote):
        assert {each.reason for each in answer.redeemables} == {"customer_blocked"}
        assert [each.reason for each in answer.points] == ["customer_blocked"]
        assert answer.to_pay == answer.total == 2000
    with pytest.raises(AssertionError, match="customer_blocked"):
        await checkout.redeem_hold("held", "anna")
    claim = PostClaim(id="c2", customer="anna", at=START, reward="five-off")
    assert (await shop.refuse(claim)).code == "customer_blocked"
    sent = PostTransfer(
        id="t", sender="anna", receiver="bert", at=START, wallet="points", points=5, reason="gift"
    )
    assert b"customer_blocked" in (await transfer(shop.handler, shop.workspace_id, sent)).body
    assert available(await shop.order("o3", "anna", 10)) == 4410
    await unblock(shop)
    assert (await checkout.redeem_hold("held", "anna")).state == "redeemed"


async def test_a_block_is_shown_and_goes_with_the_customer(shop: Shop) -> None:
    """Since when, by whom and why; blocking alike changes nothing; nothing of it outlives the person."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 10)
    with pytest.raises(ProblemError, match="earning, spending") as raised:
        await block(shop, earning=False, spending=False)
    assert [each.path for each in raised.value.problem.errors] == ["$.earning"]
    await block(shop)
    shown = (await read_customer(shop.handler, shop.workspace_id, "anna")).blocked
    assert shown is not None
    assert (shown.earning, shown.spending, shown.actor, shown.reason) == (True, True, "key desk", "odd")
    await block(shop)
    again = (await read_customer(shop.handler, shop.workspace_id, "anna")).blocked
    assert again == shown
    await erase_customer(shop.handler, shop.workspace_id, "anna", "test")
    with pytest.raises(ProblemError, match="erased"):
        await block(shop)
    async with shop.database.transaction(shop.workspace_id) as conn:
        rows = await conn.fetch("select blocked, block_reason from customers where blocked is not null")
        said = await conn.fetchval("select count(*) from audit_entries where action = 'customer.blocked'")
    assert (rows, said) == ([], 1)


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control: no lock"])
async def test_a_block_waits_for_what_is_being_decided(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    """Whoever decides has locked the row, so that a block is never overtaken; without that it is."""
    if not locked:
        statement: str = getattr(customers, _LOCK)
        assert _GUARD in statement, "the statement has another guard now"
        monkeypatch.setattr(customers, _LOCK, statement.replace(_GUARD, ""))
    await shop.publish(PROGRAM)
    await shop.order("o1", "anna", 10)
    async with shop.database.transaction(shop.workspace_id) as conn:
        row = (await shop.handler.configurations.recent(conn, shop.workspace_id)).row
        bucket = bucket_of("anna", row.bucket_base, row.bucket_count)
        customer_id = named_id(shop.workspace_id, "customer", "anna")
        found = await customers.lock_customers(conn, shop.workspace_id, bucket, [customer_id])
        assert found[customer_id].blocked is None
        task = asyncio.create_task(block(shop))
        done, _ = await asyncio.wait([task], timeout=0.5)
        assert bool(done) is not locked
    await task
    assert available(await shop.order("o2", "anna", 10)) == 10


async def test_orders_that_race_with_a_block(shop: Shop) -> None:
    """Of orders sent while a block comes in each is whole or nothing, and none after it gives anything."""
    await shop.publish(PROGRAM)
    await shop.order("o", "anna", 0)

    async def after_the_block() -> int:
        await block(shop)
        return available(await shop.order("last", "anna", 1))

    async with asyncio.TaskGroup() as group:
        sent = [group.create_task(shop.order(f"o{number}", "anna", 1)) for number in range(40)]
        last = group.create_task(after_the_block())
    balances = [available(each.result()) for each in sent]
    final = available(await shop.order("final", "anna", 1))
    assert last.result() == max(balances) == final
