"""Erasing a customer: nothing personal is left, the books balance, and nothing comes back."""

from __future__ import annotations

from collections.abc import Awaitable

import msgspec
import pytest
from asyncpg import Connection

from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.core.orders.order import Line, Order, OrderStatus, ReturnedLine, Scalar
from perennial.flows.answers import Answer, Problem
from perennial.flows.commands import (
    AssignTier,
    Command,
    JoinProgram,
    LeaveProgram,
    PostAdjustment,
    PostClaim,
    PostEvent,
    PostReturn,
    PostTransfer,
    PutCustomer,
    PutHousehold,
    PutOrder,
)
from perennial.flows.customers.household import put_household
from perennial.flows.customers.statements import statement_of, timeline_of
from perennial.flows.explaining import explain_event, explain_order
from perennial.flows.order_owner import owner_of_order
from perennial.flows.order_views import read_order
from perennial.flows.problems import ProblemError
from perennial.flows.programs.backfill import recompute
from perennial.flows.reading import read_customer
from perennial.flows.run_timers import run_due_timers
from perennial.flows.transfer import transfer
from perennial.store.history import FIRST, next_customers
from perennial.store.workspaces import read_workspace
from perennial.units import DAY
from tests.flows.erasing import CANARY, PROGRAM, audited, erase, found, move
from tests.flows.shop import START, Shop, available, decided, put_order


async def _home(shop: Shop, customer: str, household: str | None) -> Answer:
    command = PutHousehold(customer=customer, household=household)
    return await put_household(shop.handler, shop.workspace_id, command)


async def _code(work: Awaitable[object]) -> tuple[int, str]:
    """Return the status and the code of the problem that reading ends with."""
    with pytest.raises(ProblemError) as caught:
        await work
    return caught.value.problem.status, caught.value.problem.code


def _order(name: str, customer: str | None, status: str, amount: int) -> PutOrder:
    line = Line(sku=CANARY, amount=amount, quantity=2, attributes={"engraving": CANARY})
    order = Order(
        status=OrderStatus(status),
        lines=(line,),
        currency="USD",
        channel=CANARY,
        codes=(CANARY,),
        attributes={"note": CANARY},
    )
    return PutOrder(id=name, customer=customer, at=START, order=order)


async def _live(shop: Shop, customer: str) -> str:
    """Let a little of everything happen to a customer; return the code of the claimed voucher."""
    alias = CustomerIdentifier(type=IdentifierType.ALIAS, value=CANARY)
    attributes: dict[str, Scalar] = {"city": CANARY, "email": f"{CANARY}@x.test"}
    await shop.do(PutCustomer(customer=customer, attributes=attributes, identifiers=(alias,)))
    await shop.do(JoinProgram(customer=customer, program="points", at=START, source=f"till of {CANARY}"))
    await shop.do(_order(f"{CANARY}-1", customer, "created", 20_000))
    await shop.do(_order(f"{CANARY}-1", customer, "paid", 30_000))
    await shop.do(_order(f"{CANARY}-2", None, "paid", 10_000))
    await shop.do(_order(f"{CANARY}-2", customer, "paid", 10_000))
    back = (ReturnedLine(line="1", quantity=1),)
    await shop.do(
        PostReturn(
            id=f"{CANARY}-r", order=f"{CANARY}-1", customer=customer, at=START, lines=back, reason=CANARY
        )
    )
    await shop.do(
        PostEvent(
            id=f"{CANARY}-e", customer=customer, at=START, name="review.posted", attributes={"words": CANARY}
        )
    )
    await shop.do(
        PostAdjustment(
            id=f"{CANARY}-a",
            customer=customer,
            at=START,
            wallet="points",
            points=500,
            reason=CANARY,
            actor=CANARY,
        )
    )
    await shop.do(
        AssignTier(
            id=f"{CANARY}-t",
            customer=customer,
            at=START,
            program="points",
            tier="gold",
            reason=CANARY,
            actor="support",
        )
    )
    claim = await shop.do(PostClaim(id=f"{CANARY}-c", customer=customer, at=START, reward="five-off"))
    assert claim.voucher is not None
    return claim.voucher.code


async def test_nothing_personal_is_left(shop: Shop, owner: Connection) -> None:
    """After a life of everything no table holds a trace in any column, in others' rows neither."""
    await shop.publish(PROGRAM)
    code = await _live(shop, CANARY)
    await shop.do(PutCustomer(customer="friend", attributes={"city": "Bonn"}))
    await shop.order("f1", "friend", 9_000)
    await move(shop, f"{CANARY} gives", CANARY, "friend")
    await move(shop, f"{CANARY} gets", "friend", CANARY)
    assert (await _home(shop, CANARY, f"home of {CANARY}")).status == 200
    before = await found(owner, shop.workspace_id, CANARY, code)
    facts = "select count(*) from orders where workspace_id = $1 and position($2::bytea in decision) > 0"
    assert await owner.fetchval(facts, shop.workspace_id, CANARY.encode()) == 2
    assert set(before) == {"customers", "customer_words", "identifiers", "orders", "events", "memberships"}
    assert before["customers"] == 2
    assert await owner.fetchval("select count(*) from counters where workspace_id = $1", shop.workspace_id)
    await audited(shop)
    await erase(shop, CANARY)
    assert await found(owner, shop.workspace_id, CANARY, code) == {}
    await audited(shop)
    friend = await timeline_of(shop.handler, shop.workspace_id, "friend")
    assert sorted(item.type for item in friend.data) == ["order", "transfer", "transfer_received"]


async def test_the_ledger_stays_and_is_closed(shop: Shop, owner: Connection) -> None:
    """Every posting is still there; what the wallets held, waiting points too, went to CLOSED."""
    await shop.publish(PROGRAM)
    await _live(shop, "c1")
    postings = "select count(*), sum(amount) filter (where credit = 8) from postings where workspace_id = $1"
    before = await owner.fetchrow(postings, shop.workspace_id)
    held = await owner.fetchval("select sum(balance) from wallets where workspace_id = $1", shop.workspace_id)
    assert held > 0
    await erase(shop, "c1")
    after = await owner.fetchrow(postings, shop.workspace_id)
    assert before is not None
    assert after is not None
    assert (after[0] > before[0], after[1]) == (True, held)
    kept = await owner.fetch(
        "select balance, pending, debt, shortfall from wallets where workspace_id = $1", shop.workspace_id
    )
    assert {tuple(row) for row in kept} == {(0, 0, 0, 0)}
    assert await owner.fetchval("select count(*) from timers where workspace_id = $1", shop.workspace_id) == 0
    entries = await owner.fetch(
        "select action, actor, before, after from audit_entries "
        "where workspace_id = $1 and object like 'customer/%'",
        shop.workspace_id,
    )
    assert [tuple(entry) for entry in entries] == [("customer.erased", "key support", None, None)]
    await audited(shop)


async def test_a_debt_is_closed_too(shop: Shop, owner: Connection) -> None:
    """Who owed 100 points owes nothing after; the posting goes from CLOSED to DEBT."""
    await shop.publish(PROGRAM)
    await shop.do(PutCustomer(customer="c1", attributes={"city": "Bonn"}))
    await shop.order("o1", "c1", 10_000)
    await shop.do(PostClaim(id="c", customer="c1", at=START, reward="five-off"))
    assert available(await shop.give_back("r", "o1", "c1")) == -100
    await erase(shop, "c1")
    row = await owner.fetchrow(
        "select amount, lot_id from postings where workspace_id = $1 and debit = 8 and credit = 6",
        shop.workspace_id,
    )
    assert row is not None
    assert tuple(row) == (100, 0)
    await audited(shop)


async def test_erasing_twice_changes_nothing(shop: Shop, owner: Connection) -> None:
    """The second time is silent, and writes nothing; a stranger is a 404."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "c1", 10_000)
    await erase(shop, "c1")
    count = "select (select count(*) from postings) + (select count(*) from audit_entries)"
    before = await owner.fetchval(count)
    await erase(shop, "c1")
    assert await owner.fetchval(count) == before
    assert await _code(erase(shop, "nobody")) == (404, "customer_unknown")


def _writes(customer: str) -> list[Command]:
    return [
        put_order("o1", customer, 10_000),
        put_order("o2", customer, 10_000),
        PostReturn(id="r1", order="o1", customer=customer, at=START, lines=()),
        PostReturn(id="r2", order="o1", customer=None, at=START, lines=()),
        PostEvent(id="e1", customer=customer, at=START, name="review.posted"),
        PostClaim(id="k1", customer=customer, at=START, reward="five-off"),
        PostAdjustment(
            id="a1", customer=customer, at=START, wallet="points", points=1, reason="-", actor="-"
        ),
        AssignTier(
            id="t1", customer=customer, at=START, program="points", tier="gold", reason="-", actor="-"
        ),
        PutCustomer(customer=customer, attributes={"city": CANARY}),
        JoinProgram(customer=customer, program="points", at=START, source="api"),
        LeaveProgram(customer=customer, program="points", at=START),
    ]


async def test_nothing_brings_an_erased_customer_back(shop: Shop, owner: Connection) -> None:
    """Old orders sent again, new ones, and every other write are a 410, and leave no trace."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "c1", 10_000)
    await shop.order("o9", "other", 10_000)
    await erase(shop, "c1")
    for command in _writes("c1"):
        refused = await shop.refuse(command)
        assert (refused.status, refused.code) == (410, "customer_erased"), command
    sent = PostTransfer(id="t9", sender="other", receiver="c1", at=START, wallet="points", points=1)
    back = msgspec.structs.replace(sent, sender="c1", receiver="other")
    for answer in (
        await transfer(shop.handler, shop.workspace_id, sent),
        await transfer(shop.handler, shop.workspace_id, back),
        await _home(shop, "c1", "home"),
    ):
        assert (answer.status, msgspec.json.decode(answer.body, type=Problem).code) == (
            410,
            "customer_erased",
        )
    assert (await shop.refuse(put_order("o1", "other", 10_000))).code == "id_conflict"
    assert (await shop.refuse(put_order("o1", None, 10_000))).code == "id_conflict"
    assert await found(owner, shop.workspace_id, CANARY, '"c1"') == {}
    await audited(shop)


async def test_nothing_of_an_erased_customer_is_read(shop: Shop) -> None:
    """The customer, the orders, their explanations and the history are a 404."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "c1", 10_000)
    await shop.do(PostEvent(id="e1", customer="c1", at=START, name="review.posted"))
    await erase(shop, "c1")
    handler, ws = shop.handler, shop.workspace_id
    assert await _code(read_customer(handler, ws, "c1")) == (404, "customer_unknown")
    assert await _code(statement_of(handler, ws, "c1")) == (404, "customer_unknown")
    assert await _code(timeline_of(handler, ws, "c1")) == (404, "customer_unknown")
    assert await _code(read_order(handler, ws, "o1")) == (404, "order_unknown")
    assert await _code(explain_order(handler, ws, "o1")) == (404, "order_unknown")
    assert await _code(explain_event(handler, ws, "e1")) == (404, "event_unknown")
    assert await _code(owner_of_order(shop.database, ws, "o1")) == (410, "customer_erased")


async def test_neighbors_in_a_batch_are_answered(shop: Shop) -> None:
    """One command for an erased customer fails by itself; the others of its batch are done."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "c1", 10_000)
    await erase(shop, "c1")
    commands = [put_order(f"n{number}", f"c{number}", 10_000) for number in (1, 2, 3)]
    answers = await shop.intake.submit_many(shop.workspace_id, commands)
    assert [answer.status for answer in answers] == [410, 201, 201]


async def test_a_household_keeps_what_was_pooled(shop: Shop, owner: Connection) -> None:
    """Its points stay with those who live there; what waited for an order of the erased is closed."""
    await shop.publish(PROGRAM)
    for name in ("c1", "c2"):
        await shop.do(PutCustomer(customer=name, attributes={"city": "Bonn"}))
        await shop.order(f"o-{name}", name, 10_000)
        assert (await _home(shop, name, "home")).status == 200
    await erase(shop, "c1")
    view = await read_customer(shop.handler, shop.workspace_id, "c2")
    assert view.household == "home"
    held = {wallet.wallet: (wallet.available, wallet.pending) for wallet in view.wallets}
    assert held == {"points": (200, 0), "stamps": (0, 1)}
    statement = await statement_of(shop.handler, shop.workspace_id, "c2")
    assert [(line.because, line.source_type, line.points) for line in statement.data][:1] == [
        ("closed", "erasure", -1)
    ]
    assert await found(owner, shop.workspace_id, "o-c1") == {}
    await audited(shop)
    await shop.do(put_order("o-c2", "c2", 10_000, status="fulfilled"))
    await erase(shop, "c2")
    assert await found(owner, shop.workspace_id, "home", "Bonn") == {}
    await audited(shop)
    assert (await shop.do(put_order("o-c3", "c3", 10_000))).status == "paid"
    refused = await _home(shop, "c3", "home")
    assert (refused.status, msgspec.json.decode(refused.body, type=Problem).code) == (
        410,
        "household_erased",
    )


async def test_a_household_that_was_left_goes_with_the_last_who_lived_in_it(
    shop: Shop, owner: Connection
) -> None:
    """Nobody lives there any more: erasing whoever was in it last erases its name and its balance."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "c1", 10_000)
    await _home(shop, "c1", f"{CANARY} castle")
    await _home(shop, "c1", None)
    await erase(shop, "c1")
    assert await found(owner, shop.workspace_id, CANARY) == {}
    await audited(shop)


async def test_publishing_leaves_the_erased_alone(shop: Shop, owner: Connection) -> None:
    """Counting the past anew and arming every timer passes over who was erased."""
    await shop.publish(PROGRAM)
    await shop.order("o1", "c1", 10_000)
    await shop.do(PostEvent(id="e1", customer="c1", at=START, name="review.posted"))
    await shop.order("o2", "c2", 10_000)
    await erase(shop, "c1")
    async with shop.database.transaction(shop.workspace_id) as conn:
        row = await read_workspace(conn, shop.workspace_id)
        workspace = await shop.handler.configurations.current(conn, shop.workspace_id)
    version = workspace.programs[0].latest
    metrics = frozenset(metric.number for metric in version.metrics)
    async with shop.database.transaction(shop.workspace_id) as conn:
        everybody = await next_customers(conn, shop.workspace_id, row.bucket_base, FIRST, 10)
        await recompute(conn, shop.workspace_id, row.bucket_base, everybody, [(version, metrics)])
    await shop.publish(PROGRAM.replace("points: 50", "points: 60"))
    await run_due_timers(shop.handler, shop.workspace_id, shop.workspace_id, START + DAY)
    await audited(shop)
    assert decided(await shop.send(put_order("o3", "c2", 10_000))).balances
