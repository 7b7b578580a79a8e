"""The statement runs back from the present balance; the timeline shows everything in order."""

from __future__ import annotations

from perennial.core.effects import Owe
from perennial.ledger.account import Account
from perennial.store.customers.statement import read_statement, read_timeline
from perennial.store.events import EventKind
from tests.store.book import DATED, ENDLESS, UNIT, Book, given, taken


async def test_every_line_has_the_balance_after_it(book: Book) -> None:
    """Newest first; each balance is the one before it plus its points, down to zero."""
    row = await book.customer("c")
    await book.buy(row, "first", given(100), given(50, ENDLESS))
    await book.buy(row, "second", taken(30), Owe(UNIT, 8))
    claim = book.change(row, taken(20, ENDLESS), source=book.id_of("x", "claim"))
    await book.write(claim, events=[book.event(row, "x", EventKind.CLAIM, claim)])
    async with book.db.snapshot(book.ws) as conn:
        lines, cursor = await read_statement(conn, book.ws, book.bucket, row.owner)
    assert cursor is None
    assert [(line.points, line.owed, line.balance, line.other) for line in lines] == [
        (-20, 0, 100, Account.REDEEMED),
        (0, 8, 120, Account.ISSUED),
        (-30, 0, 120, Account.REDEEMED),
        (50, 0, 150, Account.ISSUED),
        (100, 0, 100, Account.ISSUED),
    ]
    assert [(line.source_name, line.source_kind) for line in lines] == [
        ("x", EventKind.CLAIM),
        ("second", None),
        ("second", None),
        ("first", None),
        ("first", None),
    ]
    assert (lines[4].available_at, lines[4].expires_at) == (DATED.available_at, DATED.expires_at)
    assert lines[3].expires_at is None


async def test_pages_are_the_whole_statement(book: Book) -> None:
    """Pages of any size put together are the statement at once, also when points come in meanwhile."""
    row = await book.customer("c")
    for number in range(7):
        await book.buy(row, f"order {number}", given(10), taken(number + 1))
    async with book.db.snapshot(book.ws) as conn:
        whole, _ = await read_statement(conn, book.ws, book.bucket, row.owner)
    pages, cursor = [], None
    for number in range(20):
        async with book.db.snapshot(book.ws) as conn:
            lines, cursor = await read_statement(
                conn, book.ws, book.bucket, row.owner, cursor=cursor, limit=3
            )
        pages += lines
        await book.buy(row, f"meanwhile {number}", given(1000))
        if cursor is None:
            break
    assert pages == whole
    assert len(pages) == 14


async def test_units_have_their_own_balances(book: Book) -> None:
    """Lines of two units run side by side; one unit alone shows only its own."""
    row = await book.customer("c")
    await book.buy(row, "first", given(10), given(7, unit=2))
    await book.buy(row, "second", given(5), taken(7, unit=2))
    async with book.db.snapshot(book.ws) as conn:
        lines, _ = await read_statement(conn, book.ws, book.bucket, row.owner)
        alone, _ = await read_statement(conn, book.ws, book.bucket, row.owner, unit=2)
    assert [(line.unit, line.points, line.balance) for line in lines] == [
        (2, -7, 0),
        (1, 5, 15),
        (2, 7, 7),
        (1, 10, 10),
    ]
    assert alone == [line for line in lines if line.unit == 2]


async def test_a_household_sees_whose_order_it_was(book: Book) -> None:
    """The household's statement names the orders of its members."""
    home = await book.household("home")
    member = await book.customer("m", home.customer_id)
    await book.buy(member, "order", given(10))
    async with book.db.snapshot(book.ws) as conn:
        lines, _ = await read_statement(conn, book.ws, book.bucket, home.customer_id)
        own, _ = await read_statement(conn, book.ws, book.bucket, member.customer_id)
    assert [(line.points, line.source_name) for line in lines] == [(10, "order")]
    assert own == []


async def test_nobody_has_an_empty_statement(book: Book) -> None:
    """An unknown owner has no lines and no next page."""
    async with book.db.snapshot(book.ws) as conn:
        assert await read_statement(conn, book.ws, book.bucket, book.id_of("nobody")) == ([], None)


async def test_the_timeline_is_everything_latest_first(book: Book) -> None:
    """Orders and events by the instant at which they happened, in pages; old revisions are left out."""
    row = await book.customer("c")
    change = book.change(row)
    orders = [book.order(row, f"o{n}", change) for n in range(3)]
    for n, order in enumerate(orders):
        order.occurred_at += 10 * n
    kinds = [EventKind.JOIN, EventKind.ORDER_REVISION, EventKind.CLAIM]
    events = [book.event(row, f"e{n}", kind, book.change(row)) for n, kind in enumerate(kinds)]
    for n, event in enumerate(events):
        event.occurred_at += 10 * n + 5
    await book.write(change, orders=orders, events=events)
    async with book.db.snapshot(book.ws) as conn:
        whole = await read_timeline(conn, book.ws, book.bucket, row.customer_id)
        first = await read_timeline(conn, book.ws, book.bucket, row.customer_id, limit=2)
        before = (first[-1].occurred_at, first[-1].id)
        rest = await read_timeline(conn, book.ws, book.bucket, row.customer_id, before=before)
    assert [(entry.external_id, entry.kind) for entry in whole] == [
        ("e2", EventKind.CLAIM),
        ("o2", None),
        ("o1", None),
        ("e0", EventKind.JOIN),
        ("o0", None),
    ]
    assert first + rest == whole
