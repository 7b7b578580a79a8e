"""Callers' ids: claimed once, found by kind, never shared."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from perennial.store.codes.guest_redemptions import put_guest_redemptions
from perennial.store.external_ids import (
    IdKind,
    claim_external_ids,
    claim_or_find,
    find_external_ids,
    give_external_id,
)
from tests.store.book import Book

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)

_SOMEBODY_WAITS_FOR_US = """
select true from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid)) limit 1
"""


async def test_a_claimed_id_is_found_with_its_bucket_and_customer(book: Book) -> None:
    """What was claimed is found under its kind only; what was not is left out."""
    async with book.db.transaction(book.ws) as conn:
        await claim_external_ids(conn, [(IdKind.ORDER, B, C), (IdKind.ORDER, A, C)], book.ws, 7)
        found = await find_external_ids(conn, book.ws, IdKind.ORDER, [A, B, C])
        other = await find_external_ids(conn, book.ws, IdKind.EVENT, [A])
    assert found == {A: (7, C), B: (7, C)}
    assert other == {}


async def test_an_id_is_claimed_once_per_kind(book: Book) -> None:
    """A second claim of the same kind fails whoever makes it; another kind is another id."""
    async with book.db.transaction(book.ws) as conn:
        await claim_external_ids(conn, [(IdKind.CLAIM, A, B)], book.ws, 1)
        await claim_external_ids(conn, [(IdKind.ADJUSTMENT, A, B)], book.ws, 1)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with book.db.transaction(book.ws) as conn:
            await claim_external_ids(conn, [(IdKind.CLAIM, A, C)], book.ws, 1)


async def test_a_guests_id_is_given_once(book: Book) -> None:
    """The id of a guest's order goes to a customer once, and not from one customer to another."""
    async with book.db.transaction(book.ws) as conn:
        await claim_external_ids(conn, [(IdKind.ORDER, A, A)], book.ws, 1)
        assert await give_external_id(conn, book.ws, IdKind.ORDER, A, 2, B)
        assert not await give_external_id(conn, book.ws, IdKind.ORDER, A, 3, C)
        assert await find_external_ids(conn, book.ws, IdKind.ORDER, [A]) == {A: (2, B)}


async def test_nothing_asked_nothing_found(book: Book) -> None:
    """Empty lists are fine."""
    async with book.db.transaction(book.ws) as conn:
        await claim_external_ids(conn, [], book.ws, 1)
        assert await find_external_ids(conn, book.ws, IdKind.ORDER, []) == {}


async def test_free_ids_are_claimed_and_the_others_found(book: Book) -> None:
    """One statement claims what is free, tells whose the rest is, and how the workspace is now."""
    order, event = (int(IdKind.ORDER), A), (int(IdKind.EVENT), B)
    async with book.db.transaction(book.ws) as conn:
        await claim_external_ids(conn, [(IdKind.ORDER, A, C)], book.ws, 7)
        row, found, _ = await claim_or_find(conn, book.ws, 7, {order: B, event: B}, [(int(IdKind.CLAIM), C)])
    assert (row.workspace_id, found) == (book.ws, {order: (7, C)})
    async with book.db.transaction(book.ws) as conn:
        assert await claim_or_find(conn, book.ws, 9, {event: C}, [order]) == (
            row,
            {event: (7, B), order: (7, C)},
            set(),
        )


async def test_orders_on_which_guests_redeemed_are_told(book: Book) -> None:
    """Of what was claimed before: an order that is claimed now is not looked at."""
    orders = [(int(IdKind.ORDER), each) for each in (A, B, C)]
    async with book.db.transaction(book.ws) as conn:
        await claim_external_ids(conn, [(IdKind.ORDER, A, C), (IdKind.ORDER, B, C)], book.ws, 7)
        await put_guest_redemptions(conn, book.ws, 3, [(A, UUID(int=9)), (C, UUID(int=9))])
        found = await claim_or_find(conn, book.ws, 7, {orders[0]: C, orders[2]: C}, [orders[1]])
    assert found.claimed == {orders[0]: (7, C), orders[1]: (7, C)}
    assert found.with_guests == {A}


@pytest.mark.parametrize("first_keeps_it", [True, False])
async def test_who_comes_second_waits_and_is_told(book: Book, first_keeps_it: bool) -> None:
    """The same id at the same moment: the second waits for the first, and either has it or tries again."""
    key = (int(IdKind.ORDER), A)

    async def second() -> dict[tuple[int, UUID], tuple[int, UUID]]:
        async with book.db.transaction(book.ws) as conn:
            return (await claim_or_find(conn, book.ws, 1, {key: C}, []))[1]

    async with book.db.unbound() as conn:
        await conn.execute(f"begin; set local app.workspace = '{book.ws}'")
        await claim_or_find(conn, book.ws, 1, {key: B}, [])
        waiting = asyncio.create_task(second())
        async with asyncio.timeout(30):
            while not await conn.fetchval(_SOMEBODY_WAITS_FOR_US):
                await asyncio.sleep(0.01)
        await conn.execute("commit" if first_keeps_it else "rollback")
    if first_keeps_it:
        with pytest.raises(asyncpg.SerializationError):
            await waiting
        assert await second() == {key: (1, B)}
    else:
        assert await waiting == {}
