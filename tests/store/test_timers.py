"""Timers and leases: the dispatcher sees where something is due, the holder of a lease who."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest
from asyncpg import Connection

from perennial.store.database import DISPATCHER_ROLE, Database
from perennial.store.leases import hold_lease, release_lease
from perennial.store.timers import due_buckets, due_customers
from tests.store.book import NOW, Book

A, B = UUID(int=1), UUID(int=2)


async def test_the_dispatcher_sees_where_something_is_due(
    book: Book, database_url: str, superuser: Connection
) -> None:
    """Buckets of every workspace, by the wall clock or by the sandbox's own, and nothing else."""
    await superuser.execute("delete from timers")
    row = await book.customer("c")
    await book.write(book.change(row), dues={row.customer_id: NOW + 5})
    async with await Database.connect(database_url, role=DISPATCHER_ROLE) as dispatcher:

        async def due(now: int) -> list[tuple[int, int]]:
            async with dispatcher.unbound() as conn:
                return await due_buckets(conn, now)

        assert await due(NOW + 10**15) == []
        await superuser.execute(
            "update workspaces set clock_at = $2 where workspace_id = $1", book.ws, NOW + 5
        )
        assert await due(0) == [(book.ws, book.bucket)]
        await superuser.execute("update workspaces set clock_at = null where workspace_id = $1", book.ws)
        assert await due(NOW + 4) == []
        assert await due(NOW + 5) == [(book.ws, book.bucket)]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with dispatcher.unbound() as conn:
                await conn.fetch("select customer_id from timers")


async def test_the_longest_due_come_first(book: Book) -> None:
    """Only what is due by the instant, in the order of its instants, at most as many as asked."""
    rows = [await book.customer(f"c{number}") for number in range(5)]
    await book.write(
        *(book.change(row) for row in rows),
        dues={row.customer_id: NOW + (7 * number) % 5 for number, row in enumerate(rows)},
    )
    async with book.db.transaction(book.ws) as conn:
        due = await due_customers(conn, book.ws, book.bucket, NOW + 3, 10)
        assert due == [rows[number].customer_id for number in (0, 3, 1, 4)]
        assert await due_customers(conn, book.ws, book.bucket, NOW + 3, 2) == due[:2]
        assert await due_customers(conn, book.ws, book.bucket + 1, NOW + 3, 10) == []


async def test_two_who_look_at_once_get_different_customers(book: Book) -> None:
    """What one has locked, the other skips instead of waiting for it."""
    rows = [await book.customer(f"c{number}") for number in range(4)]
    await book.write(*(book.change(row) for row in rows), dues={row.customer_id: NOW for row in rows})
    async with book.db.transaction(book.ws) as one, book.db.transaction(book.ws) as other:
        first = await due_customers(one, book.ws, book.bucket, NOW, 2)
        second = await due_customers(other, book.ws, book.bucket, NOW, 10)
    assert len(first) == len(second) == 2
    assert set(first) | set(second) == {row.customer_id for row in rows}


async def test_a_lease_has_one_holder_until_it_ends(book: Book) -> None:
    """Nobody else gets a lease that runs; its holder renews it; after its end anybody may have it."""
    async with book.db.transaction(book.ws) as conn:
        assert await hold_lease(conn, book.ws, book.bucket, "timers", A, 100, 0)
        assert not await hold_lease(conn, book.ws, book.bucket, "timers", B, 150, 99)
        assert await hold_lease(conn, book.ws, book.bucket, "seal", B, 150, 99)
        assert await hold_lease(conn, book.ws, book.bucket, "timers", A, 200, 99)
        assert not await hold_lease(conn, book.ws, book.bucket, "timers", B, 300, 199)
        assert await hold_lease(conn, book.ws, book.bucket, "timers", B, 300, 200)
        await release_lease(conn, book.ws, book.bucket, "timers", A)
        assert not await hold_lease(conn, book.ws, book.bucket, "timers", A, 400, 201)
        await release_lease(conn, book.ws, book.bucket, "timers", B)
        assert await hold_lease(conn, book.ws, book.bucket, "timers", A, 400, 201)


async def test_one_of_many_gets_a_lease(book: Book) -> None:
    """Eight ask for the same lease at the same moment: one holds it."""

    async def ask(number: int) -> bool:
        async with book.db.transaction(book.ws) as conn:
            return await hold_lease(conn, book.ws, book.bucket, "once", UUID(int=number), 100, 0)

    assert sum(await asyncio.gather(*(ask(number) for number in range(8)))) == 1
