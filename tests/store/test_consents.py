"""Consents in the database: the statement itself lets the later word stand, whoever comes first."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from asyncpg import Connection

from perennial.core.customers.consents import Consent, ConsentChannel, ConsentState
from perennial.store.customers import consents
from perennial.store.customers.consents import (
    ConsentRow,
    TooManyConsentsError,
    erase_consents,
    list_consent_records,
    read_consents,
    record_consents,
    record_id_of,
)
from perennial.store.customers.customers import CustomerRow
from perennial.store.customers.erasure import erase_rows
from perennial.units import MINUTE, Instant
from tests.store.book import NOW, Book

GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN
_GUARD = """where (consents.at, not consents.given, consents.record_id)
    < (excluded.at, not excluded.given, excluded.record_id)
"""


def record(
    book: Book, row: CustomerRow, state: ConsentState, at: Instant, purpose: str = "marketing"
) -> ConsentRow:
    """Return a record about e-mail."""
    consent = Consent(channel=ConsentChannel.EMAIL, purpose=purpose, state=state, at=at, source="web")
    return ConsentRow(row.customer_id, consent, "key k", NOW, record_id_of(book.ws, consent))


async def write(book: Book, *rows: ConsentRow, most: int = 100) -> None:
    """Record in a transaction of its own."""
    async with book.db.transaction(book.ws) as conn:
        await record_consents(conn, book.ws, book.bucket, rows, most)


async def standing(book: Book, row: CustomerRow) -> list[tuple[str, ConsentState, Instant]]:
    """Return purpose, state and instant of what stands."""
    async with book.db.transaction(book.ws) as conn:
        found = await read_consents(conn, book.ws, book.bucket, [row.customer_id])
    return [(e.consent.purpose, e.consent.state, e.consent.at) for e in found.get(row.customer_id, [])]


async def test_a_record_is_kept_once_and_the_later_stands(book: Book) -> None:
    """What arrives late is history; what is sent twice is one record."""
    row = await book.customer("c")
    given, withdrawn = record(book, row, GIVEN, NOW), record(book, row, WITHDRAWN, NOW + MINUTE)
    early = record(book, row, GIVEN, NOW - MINUTE)
    for each in (given, withdrawn, early, given, withdrawn):
        await write(book, each)
    await write(book, given, withdrawn, record(book, row, GIVEN, NOW, "news"))
    assert await standing(book, row) == [
        ("marketing", WITHDRAWN, NOW + MINUTE),
        ("news", GIVEN, NOW),
    ]
    async with book.db.transaction(book.ws) as conn:
        place = (book.bucket, row.customer_id)
        first = await list_consent_records(conn, book.ws, place, limit=2)
        last = (first[-1].consent.at, first[-1].record_id)
        rest = await list_consent_records(conn, book.ws, place, before=last, limit=9)
    assert first[0] == withdrawn
    assert rest[-1] == early
    assert len({each.record_id for each in (*first, *rest)}) == len(first) + len(rest) == 4


async def test_a_customer_has_only_so_many(book: Book) -> None:
    """One more channel and purpose is refused with the transaction; more about a known one is not."""
    row = await book.customer("c")
    await write(book, record(book, row, GIVEN, NOW, "a"), record(book, row, GIVEN, NOW, "b"), most=2)
    with pytest.raises(TooManyConsentsError):
        await write(book, record(book, row, GIVEN, NOW, "c"), most=2)
    await write(book, record(book, row, WITHDRAWN, NOW + 1, "a"), most=2)
    assert [purpose for purpose, _, _ in await standing(book, row)] == ["a", "b"]


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("later_first", [True, False])
async def test_two_at_once_leave_the_later(
    book: Book, monkeypatch: pytest.MonkeyPatch, *, guarded: bool, later_first: bool
) -> None:
    """Two connections write one subject at the same time: the later word stands, whoever commits last.

    Without the guard of the statement the one that commits last does.
    """
    if not guarded:
        text = consents._PUT_STANDING  # noqa: SLF001
        assert _GUARD in text
        monkeypatch.setattr(consents, "_PUT_STANDING", text.replace(_GUARD, ""))
    row = await book.customer("c")
    words = [record(book, row, GIVEN, NOW), record(book, row, WITHDRAWN, NOW + MINUTE)]
    first, second = reversed(words) if later_first else words
    async with book.db.transaction(book.ws) as conn:
        await record_consents(conn, book.ws, book.bucket, [first], 100)
        other = asyncio.create_task(write(book, second))
        await _waits(conn)
    await other
    right = [("marketing", WITHDRAWN, NOW + MINUTE)]
    assert (await standing(book, row) == right) is (guarded or not later_first)


async def _waits(conn: Connection) -> None:
    """Wait until somebody waits for what this connection has written."""
    # Not of pg_stat_activity: a transaction sees that as it was when it first looked.
    blocked = "select exists (select from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid)))"
    for _ in range(1_000):
        if await conn.fetchval(blocked):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_many_at_once_leave_the_latest(book: Book) -> None:
    """Twenty words from eight connections, in no order: the latest stands, and all are kept."""
    row = await book.customer("c")
    words = [record(book, row, (GIVEN, WITHDRAWN)[n % 2], NOW + n * 7 % 20) for n in range(20)]
    await asyncio.gather(*(write(book, each) for each in words))
    latest = max(words, key=lambda each: each.consent.rank).consent
    assert await standing(book, row) == [("marketing", latest.state, latest.at)]
    async with book.db.transaction(book.ws) as conn:
        assert len(await list_consent_records(conn, book.ws, (book.bucket, row.customer_id), limit=99)) == 20


async def test_records_are_for_good(book: Book) -> None:
    """The role that serves changes none, and deletes those of the erased alone."""
    row = await book.customer("c")
    await write(book, record(book, row, GIVEN, NOW))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with book.db.transaction(book.ws) as conn:
            await conn.execute("update consent_records set given = false")
    async with book.db.transaction(book.ws) as conn:
        await erase_consents(conn, book.ws, book.bucket, [row.customer_id])
    assert len(await standing(book, row)) == 1
    async with book.db.transaction(book.ws) as conn:
        await erase_rows(conn, book.ws, book.bucket, [row.customer_id], NOW)
    assert await standing(book, row) == []
    async with book.db.transaction(book.ws) as conn:
        assert await list_consent_records(conn, book.ws, (book.bucket, row.customer_id), limit=9) == []
