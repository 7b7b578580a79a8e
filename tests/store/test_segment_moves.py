"""Who enters and leaves segments is written with the rest of a batch, and nobody leaves twice."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from asyncpg import SerializationError, UniqueViolationError

from perennial.core.segments.segment import Segment
from perennial.store.effects import Change, write_effects
from perennial.store.segments import (
    SegmentMove,
    SegmentRow,
    count_segment_moves,
    delete_segment,
    empty_segment,
    entered_by_event,
    load_segments_of,
    put_segment,
    write_segment_moves,
)
from perennial.units import DAY
from tests.store.book import Book, given

AT = 1_800_000_000_000_000
LOGGED = (
    "select segment_id, at, entered, told from segment_moves where workspace_id = $1 order by at, move_id"
)
# As a worker of the release before writes it.
ENTER_BEFORE = """
insert into segment_members (bucket, workspace_id, customer_id, segment_id, entered_at)
select $2, $1, new.* from unnest($3::segment_member_row[]) as new
"""
LOG_BEFORE = """
insert into segment_moves (bucket, workspace_id, customer_id, move_id, segment_id, at, entered, told)
select $2, $1, new.* from unnest($3::segment_move_row[]) as new
"""


def _move(
    customer_id: UUID, segment_id: int, *, entered: bool, at: int = AT, told: bool = True
) -> SegmentMove:
    return SegmentMove(customer_id, uuid4(), segment_id, at, entered, told)


async def _logged(book: Book) -> list[tuple[int, int, bool, bool]]:
    """Return the rows of the log: segment, instant, whether somebody entered, whether it was an event."""
    async with book.db.transaction(book.ws) as conn:
        return [tuple(row) for row in await conn.fetch(LOGGED, book.ws)]


async def _counted(book: Book, segment_id: int) -> list[tuple[int, int]]:
    """Return how many entered and left, for each day with some."""
    async with book.db.transaction(book.ws) as conn:
        ends = book.bucket, book.bucket
        return [each[1:] for each in await count_segment_moves(conn, book.ws, ends, segment_id, "UTC")]


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


async def test_entering_goes_to_the_log_with_the_leaving(book: Book) -> None:
    """It is written once: with the membership while they are inside, then beside the leaving, as it was."""
    one, other = [(await book.customer(name)).customer_id for name in ("one", "other")]
    await _write(book, _move(one, 1, entered=True), _move(other, 1, entered=True, told=False))
    assert await _logged(book) == []
    assert await _counted(book, 1) == [(2, 0)]
    await _write(book, _move(one, 1, entered=False, at=AT + DAY), _move(one, 2, entered=True, at=AT + DAY))
    assert await _logged(book) == [(1, AT, True, True), (1, AT + DAY, False, True)]
    assert await _counted(book, 1) == [(2, 0), (0, 1)]
    assert await _counted(book, 2) == [(1, 0)]


async def test_every_way_of_one_batch_is_told_once(book: Book) -> None:
    """In and out, out and in, and in for good: the log and the memberships have each of them once."""
    one = (await book.customer("one")).customer_id
    await _write(book, _move(one, 2, entered=True))
    ways = {1: (True, False), 2: (False, True), 3: (True, False, True)}
    at, moves = AT, []
    for number, way in ways.items():
        for entered in way:
            at += DAY
            moves.append(_move(one, number, entered=entered, at=at))
    await _write(book, *moves)
    assert await _inside(book, one) == {(one, 2), (one, 3)}
    assert [await _counted(book, number) for number in ways] == [
        [(1, 0), (0, 1)],
        [(1, 0), (0, 1), (1, 0)],
        [(1, 0), (0, 1), (1, 0)],
    ]
    await _write(book, *(_move(one, number, entered=False, at=at + DAY) for number in (2, 3)))
    assert len(await _logged(book)) == 1 + len(moves) + 2


async def test_whose_entering_is_in_the_log_already(book: Book) -> None:
    """Rows from before, and of workers of the release before that run beside: nothing is told twice."""
    one = (await book.customer("one")).customer_id
    async with book.db.transaction(book.ws) as conn:
        await conn.execute(ENTER_BEFORE, book.ws, book.bucket, [(one, 1, AT)])
        await conn.execute(LOG_BEFORE, book.ws, book.bucket, [(one, uuid4(), 1, AT, True, False)])
    assert await _counted(book, 1) == [(1, 0)]
    await _write(book, _move(one, 1, entered=False, at=AT + DAY))
    assert await _logged(book) == [(1, AT, True, False), (1, AT + DAY, False, True)]


async def test_the_last_way_in_is_found_in_either_part(book: Book) -> None:
    """Whether it was an event: with who is inside, and in the log where they left and came again at once."""
    one, other = [(await book.customer(name)).customer_id for name in ("one", "other")]
    ids = book.ids
    first = [SegmentMove(each, ids.next(), 1, AT, True, told=each == one) for each in (one, other)]
    await _write(book, *first)

    async def told() -> set[UUID]:
        async with book.db.transaction(book.ws) as conn:
            return await entered_by_event(conn, book.ws, book.bucket, 1, [one, other])

    assert await told() == {one}
    again = [SegmentMove(other, ids.next(), 1, AT + DAY, entered, told=True) for entered in (False, True)]
    await _write(book, *again)
    assert await told() == {one, other}


async def test_a_segment_that_is_emptied_keeps_its_past(book: Book) -> None:
    """Nobody is inside any more, and that they had entered is told."""
    one = (await book.customer("one")).customer_id
    row = SegmentRow(1, "press", 1, True, AT, Segment(segment="press", name="The press"))
    async with book.db.transaction(book.ws) as conn:
        await put_segment(conn, book.ws, row, "test")
    await _write(book, _move(one, 1, entered=True))
    async with book.db.transaction(book.ws) as conn:
        await empty_segment(conn, book.ws, book.bucket, 1)
    assert await _logged(book) == [], "it is there still"
    async with book.db.transaction(book.ws) as conn:
        await delete_segment(conn, book.ws, 1, AT + DAY)
        await empty_segment(conn, book.ws, book.bucket, 1)
    assert await _inside(book, one) == set()
    assert await _logged(book) == [(1, AT, True, True)]
