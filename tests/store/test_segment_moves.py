"""Who enters and leaves segments is written with the rest of a batch, and nobody leaves twice."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from asyncpg import SerializationError, UniqueViolationError

from perennial.store.effects import Change, write_effects
from perennial.store.segments import SegmentMove, load_segments_of, write_segment_moves
from tests.store.book import Book, given

AT = 1_800_000_000_000_000


def _move(customer_id: UUID, segment_id: int, *, entered: bool) -> SegmentMove:
    return SegmentMove(customer_id, uuid4(), segment_id, AT, entered, True)


async def _inside(book: Book, *customers: UUID) -> set[tuple[UUID, int]]:
    async with book.db.transaction(book.ws) as conn:
        found = await load_segments_of(conn, book.ws, book.bucket, customers)
    return {(customer_id, segment_id) for customer_id, segment_id, _ in found}


async def _write(book: Book, *moves: SegmentMove, change: Change | None = None) -> None:
    async with book.db.transaction(book.ws) as conn:
        if change is None:
            await write_segment_moves(conn, book.ws, book.bucket, moves)
        else:
            await write_effects(conn, book.ws, book.bucket, 0, [change], {}, moves=moves)


async def test_some_enter_and_some_leave_in_one_batch(book: Book) -> None:
    """Exactly those rows go that were named: not another segment of theirs, not another customer's."""
    one, other = [(await book.customer(name)).customer_id for name in ("one", "other")]
    await _write(book, *(_move(each, number, entered=True) for each in (one, other) for number in (1, 2)))
    await _write(
        book,
        _move(one, 1, entered=False),
        _move(one, 3, entered=True),
        _move(other, 2, entered=False),
        _move(other, 3, entered=True),
        _move(other, 3, entered=False),
    )
    assert await _inside(book, one, other) == {(one, 2), (one, 3), (other, 1)}


async def test_nobody_leaves_or_enters_twice(book: Book) -> None:
    """A batch that lets somebody out who is outside, or in who is inside, is lost, its points included."""
    row = await book.customer("one")
    await _write(book, _move(row.customer_id, 1, entered=True))
    change = book.change(row, given(100))
    for number, entered, error in ((2, False, SerializationError), (1, True, UniqueViolationError)):
        with pytest.raises(error):
            await _write(book, _move(row.customer_id, number, entered=entered), change=change)
    assert await _inside(book, row.customer_id) == {(row.customer_id, 1)}
    assert not (await book.load(row))[row.customer_id].wallets
