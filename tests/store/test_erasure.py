"""A worker may blank and delete what belongs to an erased customer, and nobody else's: PostgreSQL says so."""

from __future__ import annotations

import asyncpg
import pytest

from perennial.core.challenge_round import Round, RoundState
from perennial.core.effects import Count, Progress, UseLimit
from perennial.ledger.account import Account
from perennial.store.audits.seal import verify
from perennial.store.customers.customers import CustomerRow, insert_customers, update_customers
from perennial.store.customers.erasure import (
    blank_transfers,
    erase_rows,
    find_households,
    find_inhabited,
    read_transfers,
)
from perennial.store.events import EventKind
from tests.store.book import NOW, Book, given, taken


async def _event(book: Book, row: CustomerRow, name: str, kind: EventKind) -> None:
    change = book.change(row, given(1), source=book.id_of(name, "event"))
    await book.write(change, events=[book.event(row, name, kind, change)])


@pytest.fixture
async def pair(book: Book) -> tuple[CustomerRow, CustomerRow]:
    """Somebody who stays and somebody who was erased, with an event, a transfer and figures each."""
    rows = await book.customer("stays"), await book.customer("gone")
    for row in rows:
        walked = Progress(9, Round(1, NOW, None, RoundState.ACTIVE, (3,), revision=1))
        figures = UseLimit(7, 0, 1, 10), Count(8, 0, 1), walked
        await book.buy(row, f"{row.external_id} 1", given(5), *figures)
        await _event(book, row, f"{row.external_id} e", EventKind.EVENT)
        await _event(book, row, f"{row.external_id} t", EventKind.TRANSFER)
    closing = book.change(rows[1], taken(7, target=Account.CLOSED), source=book.id_of("gone e", "event"))
    await book.write(closing, dues={rows[1].customer_id: None})
    async with book.db.transaction(book.ws) as conn:
        await erase_rows(conn, book.ws, book.bucket, [rows[1].customer_id], NOW)
    return rows


async def _run(book: Book, sql: str, row: CustomerRow) -> str:
    async with book.db.transaction(book.ws) as conn:
        return str(
            await conn.execute(f"{sql} and workspace_id = $1 and customer_id = $2", book.ws, row.customer_id)
        )


_BLANK = "update events set external_id = '', body = '', decision = '', answer = ''"


@pytest.mark.parametrize(
    ("sql", "done"),
    [
        (f"{_BLANK} where kind = 3", ("UPDATE 0", "UPDATE 1")),
        (f"{_BLANK} where kind = 6", ("UPDATE 1", "UPDATE 1")),
        ("delete from counters where true", ("DELETE 0", "DELETE 0")),
        ("delete from limit_uses where true", ("DELETE 0", "DELETE 0")),
        ("delete from challenge_rounds where true", ("DELETE 0", "DELETE 0")),
    ],
)
async def test_the_living_are_out_of_reach(
    book: Book, pair: tuple[CustomerRow, CustomerRow], sql: str, done: tuple[str, str]
) -> None:
    """The same statement finds the erased one's rows and not those of somebody who is there."""
    assert (await _run(book, sql, pair[0]), await _run(book, sql, pair[1])) == done


async def test_figures_go_with_their_customer(book: Book, pair: tuple[CustomerRow, CustomerRow]) -> None:
    """Counters and uses of limits of the erased are gone, those of the other are there."""
    for table in ("counters", "limit_uses", "challenge_rounds"):
        async with book.db.transaction(book.ws) as conn:
            rows = await conn.fetch(f"select customer_id from {table}")
        assert [row[0] for row in rows] == [pair[0].customer_id]


@pytest.mark.parametrize(
    "sql",
    [
        "update events set body = 'x' where kind = 3",
        "update events set external_id = 'x' where kind = 3",
        "update events set answer = 'x' where kind = 6",
        "update events set decision = 'x' where kind = 3",
    ],
)
async def test_what_was_blanked_stays_blank(
    book: Book, pair: tuple[CustomerRow, CustomerRow], sql: str
) -> None:
    """Nothing can be written into the events of an erased customer."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _run(book, sql, pair[1])


@pytest.mark.parametrize("column", ["occurred_at = now()", "kind = 4", "operation_id = event_id"])
async def test_the_rest_of_an_event_never_changes(
    book: Book, pair: tuple[CustomerRow, CustomerRow], column: str
) -> None:
    """What happened and when stays, also for the erased."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _run(book, f"update events set {column} where true", pair[1])


async def test_an_erased_customer_gets_no_name_again(
    book: Book, pair: tuple[CustomerRow, CustomerRow]
) -> None:
    """A check refuses attributes; creating the customer again does nothing."""
    _, gone = pair
    gone.attributes = {"city": "Bonn"}
    async with book.db.transaction(book.ws) as conn:
        assert await insert_customers(conn, book.ws, book.bucket, [gone]) == set()
    with pytest.raises(asyncpg.CheckViolationError):
        async with book.db.transaction(book.ws) as conn:
            await update_customers(conn, book.ws, book.bucket, [gone])


async def test_the_other_side_of_a_transfer_keeps_its_decision(book: Book) -> None:
    """Only what names the other goes; a row that is no transfer is not touched."""
    row = await book.customer("c")
    for name, kind in (("t", EventKind.TRANSFER), ("e", EventKind.EVENT)):
        change = book.change(row, given(1), source=book.id_of(name, "event"))
        event = book.event(row, name, kind, change)
        event.decision = b"decided"
        await book.write(change, events=[event])
    others = [(book.bucket, row.customer_id, book.id_of(name, "event")) for name in ("t", "e")]
    async with book.db.transaction(book.ws) as conn:
        assert await read_transfers(conn, book.ws, book.bucket, row.customer_id) == [(others[0][2], b"{}")]
        await blank_transfers(conn, book.ws, others)
        rows = await conn.fetch("select external_id, body, decision, answer from events order by external_id")
        assert await read_transfers(conn, book.ws, book.bucket, row.customer_id) == []
    assert [tuple(row) for row in rows] == [("", b"", b"decided", b""), ("e", b"{}", b"decided", b"{}")]


async def test_households_that_were_entered_and_who_lives_there(book: Book) -> None:
    """Every household ever entered is found by its event; those with somebody else in it are told."""
    home, empty = await book.household("home"), await book.household("empty")
    row = await book.customer("c", home.customer_id)
    await book.customer("other", home.customer_id)
    for number, household in enumerate((home, empty)):
        change = book.change(row, given(1), source=book.id_of(str(number), "event"))
        event = book.event(row, "", EventKind.POOLED, change)
        event.source_id = household.customer_id
        await book.write(change, events=[event])
    both = {home.customer_id, empty.customer_id}
    async with book.db.transaction(book.ws) as conn:
        assert await find_households(conn, book.ws, book.bucket, row.customer_id) == both
        found = await find_inhabited(conn, book.ws, [book.bucket], sorted(both), row.customer_id)
    assert found == {home.customer_id}


async def test_erasing_changes_no_seal(book: Book, pair: tuple[CustomerRow, CustomerRow]) -> None:
    """What was sealed before an erasure verifies after it."""
    stays, _ = pair
    await book.settle()
    assert await book.seal()
    async with book.db.transaction(book.ws) as conn:
        await erase_rows(conn, book.ws, book.bucket, [stays.customer_id], NOW)
        assert await verify(conn, book.ws, book.bucket) is None
