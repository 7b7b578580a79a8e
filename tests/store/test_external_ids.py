"""Callers' ids: claimed once, found by kind, never shared."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest

from perennial.store.external_ids import IdKind, claim_external_ids, find_external_ids, give_external_id
from tests.store.book import Book

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


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
