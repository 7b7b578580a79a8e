"""Identifiers in the database: found by hash, each one customer's, erased at once."""

from __future__ import annotations

import asyncpg
import pytest

from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.store.customers.identifiers import (
    IdentifierRow,
    delete_identifiers,
    erase_identifiers,
    find_identifiers,
    identifier_hash,
    insert_identifiers,
    read_identifiers,
)
from perennial.store.database import Database
from tests.store.book import Book


def row(book: Book, customer: str, type_: str, value: str) -> IdentifierRow:
    """Return the row that says that a customer has an identifier."""
    identifier = CustomerIdentifier(type=IdentifierType(type_), value=value)
    return IdentifierRow(book.id_of(customer), identifier_hash(book.ws, identifier), type_, value)


async def test_who_is_meant_is_found_by_the_hash(book: Book) -> None:
    """The hash tells bucket and customer, the customer all that was given, as it was given."""
    card, mail = row(book, "anna", "card", "Gold7A"), row(book, "anna", "email", "anna@example.com")
    other = row(book, "ben", "card", "4711")
    nobody = row(book, "anna", "alias", "Gold7A").id_hash
    async with book.db.transaction(book.ws) as conn:
        await insert_identifiers(conn, book.ws, book.bucket, [mail, card])
        await insert_identifiers(conn, book.ws, book.bucket + 1, [other])
        found = await find_identifiers(conn, book.ws, [card.id_hash, other.id_hash, nobody])
        known = await read_identifiers(conn, book.ws, book.bucket, [card.customer_id, other.customer_id])
    assert found == {
        card.id_hash: (book.bucket, book.id_of("anna")),
        other.id_hash: (book.bucket + 1, book.id_of("ben")),
    }
    assert sorted(known, key=lambda each: each.type) == [card, mail]
    assert known[0].identifier.value in {"Gold7A", "anna@example.com"}


async def test_an_identifier_belongs_to_one_customer(book: Book) -> None:
    """The database refuses a second owner, written in whatever way and from whichever bucket."""
    async with book.db.transaction(book.ws) as conn:
        await insert_identifiers(conn, book.ws, book.bucket, [row(book, "anna", "card", "Gold7A")])
    with pytest.raises(asyncpg.UniqueViolationError):
        async with book.db.transaction(book.ws) as conn:
            await insert_identifiers(conn, book.ws, book.bucket + 1, [row(book, "ben", "card", "GOLD7a")])


async def test_workspaces_do_not_share_identifiers(book: Book, db: Database) -> None:
    """Two workspaces may know two people by one card, and the wall hides each from the other."""
    foreign = Book(db, book.ws + 1_000)
    for each in (book, foreign):
        async with db.transaction(each.ws) as conn:
            await insert_identifiers(conn, each.ws, each.bucket, [row(each, "anna", "card", "4711")])
    async with db.transaction(book.ws) as conn:
        assert await find_identifiers(conn, foreign.ws, [row(foreign, "anna", "card", "4711").id_hash]) == {}
        assert await conn.fetchval("select count(*) from identifiers") == 1


async def test_what_is_taken_away_can_be_given_anew(book: Book) -> None:
    """A worker may delete identifiers, and give them to somebody else; it may not change one."""
    card, mail = row(book, "anna", "card", "4711"), row(book, "anna", "email", "anna@example.com")
    async with book.db.transaction(book.ws) as conn:
        await insert_identifiers(conn, book.ws, book.bucket, [card, mail])
        await delete_identifiers(conn, book.ws, [card.id_hash])
        await insert_identifiers(conn, book.ws, book.bucket, [row(book, "ben", "card", "4711")])
        found = await find_identifiers(conn, book.ws, [card.id_hash, mail.id_hash])
    assert {customer_id for _, customer_id in found.values()} == {book.id_of("anna"), book.id_of("ben")}
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with book.db.transaction(book.ws) as conn:
            await conn.execute("update identifiers set given = ''")


async def test_one_delete_erases_what_was_given(book: Book) -> None:
    """All identifiers of a customer go at once, hashes too; those of others stay."""
    cards = [row(book, "anna", "card", str(number)) for number in range(3)]
    async with book.db.transaction(book.ws) as conn:
        await insert_identifiers(conn, book.ws, book.bucket, [*cards, row(book, "ben", "card", "4711")])
        await erase_identifiers(conn, book.ws, book.bucket, book.id_of("anna"))
        assert await conn.fetchval("select string_agg(given, ', ') from identifiers") == "4711"
