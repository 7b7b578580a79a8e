"""Customers are locked in order; members are loaded whole, by one statement."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from perennial.core.effects import Count, Join, MoveTier, Owe, Touch, UseLimit
from perennial.core.member import Member, Membership, Wallet
from perennial.ledger.lot import Lot
from perennial.store.customers.customers import (
    insert_customers,
    lock_customers,
    read_customers,
    update_customers,
)
from perennial.store.members import CustomerRow, load_members
from perennial.units import DAY
from tests.store.book import DATED, LATER, NOW, UNIT, WAITING, Book, given, taken


async def test_customers_come_back_as_they_were_stored(book: Book) -> None:
    """Attributes of every type, a household and text in any script survive; the unknown is left out."""
    row = CustomerRow(
        book.id_of("ü/客"), "ü/客", NOW, {"n": 5, "ok": True, "s": "ж", "none": None}, UUID(int=9)
    )
    async with book.db.transaction(book.ws) as conn:
        assert await insert_customers(conn, book.ws, book.bucket, [row]) == {row.customer_id}
        assert await insert_customers(conn, book.ws, book.bucket, [row]) == set()
        found = await lock_customers(conn, book.ws, book.bucket, [UUID(int=1), row.customer_id])
        assert found == {row.customer_id: row}
        changed = CustomerRow(row.customer_id, row.external_id, NOW, {"n": 6}, None)
        await update_customers(conn, book.ws, book.bucket, [changed])
        assert await read_customers(conn, book.ws, book.bucket, [row.customer_id]) == {
            row.customer_id: changed
        }
        assert await read_customers(conn, book.ws, book.bucket + 1, [row.customer_id]) == {}


async def test_a_locked_customer_makes_the_next_wait(book: Book) -> None:
    """Who locks second sees what the first wrote, not what was there before."""
    row = await book.customer("c")
    order: list[str] = []

    async def second() -> None:
        async with book.db.transaction(book.ws) as conn:
            found = await lock_customers(conn, book.ws, book.bucket, [row.customer_id])
            order.append(f"second saw {found[row.customer_id].attributes}")

    async with book.db.transaction(book.ws) as conn:
        await lock_customers(conn, book.ws, book.bucket, [row.customer_id])
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.1)
        row.attributes = {"n": 1}
        await update_customers(conn, book.ws, book.bucket, [row])
        order.append("first wrote")
    await waiting
    assert order == ["first wrote", "second saw {'n': 1}"]


@pytest.mark.parametrize("sort", [True, False])
async def test_locks_in_one_order_never_deadlock(book: Book, sort: bool) -> None:
    """Two who lock the same customers in opposite orders: given sorted ids they queue, else they deadlock."""
    rows = [await book.customer(name) for name in ("a", "b")]
    ids = [row.customer_id for row in rows]
    deadlocks = 0
    both_hold_one = asyncio.Barrier(2)

    async def lock(order: list[UUID]) -> None:
        nonlocal deadlocks
        try:
            async with book.db.transaction(book.ws) as conn:
                if sort:
                    await lock_customers(conn, book.ws, book.bucket, order)
                    await asyncio.sleep(0.05)
                else:
                    await lock_customers(conn, book.ws, book.bucket, order[:1])
                    await both_hold_one.wait()
                    await lock_customers(conn, book.ws, book.bucket, order[1:])
        except asyncpg.DeadlockDetectedError:
            deadlocks += 1

    await asyncio.gather(lock(ids), lock(ids[::-1]))
    assert deadlocks == (0 if sort else 1)


async def test_a_member_is_loaded_whole(book: Book) -> None:
    """Memberships, wallets, lots, counters, limits and the timer, exactly as they were written."""
    row = await book.customer("c")
    change = book.change(
        row,
        Join(NOW, "api"),
        MoveTier(None, "gold", NOW, NOW, NOW + DAY, "silver", "because"),
        given(100),
        given(30, LATER),
        given(7, WAITING),
        taken(40),
        Owe(UNIT, 5),
        Count(11, 3, 8),
        Count(11, 4, 9),
        UseLimit(21, 6, 2, 10),
        Touch(22, NOW),
    )
    await book.write(change, dues={row.customer_id: NOW + 14 * DAY})
    members = await book.load(row, metrics={11: 4, 12: 0}, limits={21: 6, 22: 0})
    assert members[row.customer_id] == Member(
        customer_id=row.customer_id,
        owner=row.customer_id,
        memberships={1: Membership(NOW, "api", "gold", NOW, NOW + DAY, "silver")},
        wallets={
            UNIT: Wallet(
                balance=97,
                pending=37,
                debt=5,
                earned=132,
                spent=40,
                activated_until=NOW,
                lots={
                    DATED.lot_id: Lot(DATED.lot_id, DATED, 100, 60),
                    LATER.lot_id: Lot(LATER.lot_id, LATER, 30, 30),
                    WAITING.lot_id: Lot(WAITING.lot_id, WAITING, 7, 7),
                },
            )
        },
        counters={11: {4: 9}},
        limits={21: {6: 2}, 22: {0: NOW}},
        due_at=NOW + 14 * DAY,
    )


async def test_lots_are_loaded_for_whom_they_are_asked(book: Book) -> None:
    """Who is not asked for has no lots at all; who has none open has an empty wallet of lots."""
    asked, other = await book.customer("asked"), await book.customer("other")
    await book.write(book.change(asked, given(5), taken(5)), book.change(other, given(6)))
    async with book.db.transaction(book.ws) as conn:
        members = await load_members(
            conn,
            book.ws,
            book.bucket,
            [asked, other],
            lots_for={asked.customer_id},
            reads=lambda _: ({}, {}),
        )
    assert members[asked.customer_id].wallets[UNIT].lots == {}
    assert members[other.customer_id].wallets[UNIT].lots is None


async def test_a_due_timer_brings_its_lots_and_looks_further_back(book: Book) -> None:
    """Whoever has a timer due by the instant is loaded with lots, and with older counters."""
    row, idle = await book.customer("due"), await book.customer("idle")
    await book.write(
        book.change(row, given(5), Count(11, 3, 8)),
        book.change(idle, given(5)),
        dues={row.customer_id: NOW, idle.customer_id: NOW + 1},
    )
    asked: list[int | None] = []

    def reads(due: int | None) -> tuple[dict[int, int], dict[int, int]]:
        asked.append(due)
        return {11: 4 if due is None else 3}, {}

    async with book.db.transaction(book.ws) as conn:
        members = await load_members(conn, book.ws, book.bucket, [row, idle], due_until=NOW, reads=reads)
    assert asked == [None, NOW]
    assert members[row.customer_id].counters == {11: {3: 8}}
    assert members[row.customer_id].wallets[UNIT].lots == {DATED.lot_id: Lot(DATED.lot_id, DATED, 5, 5)}
    assert members[idle.customer_id].wallets[UNIT].lots is None


async def test_members_of_a_household_share_its_wallets(book: Book) -> None:
    """The wallets of two members of one household are the same objects; counters are their own."""
    home = await book.household("home")
    one = await book.customer("one", home.customer_id)
    two = await book.customer("two", home.customer_id)
    await book.write(book.change(one, given(5), Count(11, 0, 1)), book.change(two, given(6)))
    members = await book.load(one, two, metrics={11: 0})
    first, second = members[one.customer_id], members[two.customer_id]
    assert first.owner == second.owner == home.customer_id
    assert first.wallets is second.wallets
    assert first.wallets[UNIT].balance == 11
    assert (first.counters, second.counters) == ({11: {0: 1}}, {})
