"""Segments: their documents, and who is in them since when.

Who writes a document holds the lock of the configuration and raises its revision; who writes memberships
holds the lock of the customer. A membership is a row that is inserted once and deleted once: two writers
who both saw a customer outside cannot both let it enter.

The log of moves is of two parts. Entering is kept with the membership, and goes to ``segment_moves`` with the
leaving: most who enter stay for long, and what is written twice costs twice. A membership without a
``move_id`` is from before; its entering is in ``segment_moves`` already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
from asyncpg import Connection, SerializationError

from perennial.core.document.document import plain_of
from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import DEC_HOOK
from perennial.store.external_ids import IdKind
from perennial.store.history import FIRST, LAST
from perennial.store.one_statement import GuardError, Write, write_together
from perennial.units import Instant


class SegmentRow(msgspec.Struct, frozen=True):
    """A segment as it stands; ``deleted_at`` is set when it is gone.

    ``filled`` says that everybody was judged by its present version, ``stale`` that somebody may be where
    they do not belong all the same: what it reads was counted anew, or it is gone and not empty yet.
    """

    segment_id: int
    code: str
    version: int
    filled: bool
    published_at: Instant
    segment: Segment
    deleted_at: Instant | None = None
    stale: bool = False

    @property
    def settled(self) -> bool:
        """Whether nobody has to be looked at because of it."""
        return not self.stale and (self.filled or self.deleted_at is not None)


class SegmentMove(msgspec.Struct, frozen=True, gc=False):
    """A customer enters or leaves a segment; ``told`` says that it was an event."""

    customer_id: UUID
    move_id: UUID
    segment_id: int
    at: Instant
    entered: bool
    told: bool


_Entry = tuple[UUID, int, Instant, UUID, bool]
_Log = tuple[UUID, UUID, int, Instant, bool, bool]


class PlaceInSegment(NamedTuple):
    """A place in the list of who is in a segment: that of a customer, by when they entered."""

    entered_at: Instant
    customer_id: UUID


FIRST_IN_SEGMENT = PlaceInSegment(0, FIRST)
"""The place before everybody in a segment."""

_LIST_SEGMENTS = """
select segment_id, code, version, filled, published_at, document::text as segment, deleted_at, stale
from segments
where workspace_id = $1 order by code
"""

_PUT_SEGMENT = """
insert into segments (workspace_id, segment_id, version, filled, published_at, code, document)
values ($1, $2, $3, $4, $5, $6, $7::text::jsonb)
on conflict (workspace_id, segment_id) do update set
    version = excluded.version, filled = excluded.filled, published_at = excluded.published_at,
    deleted_at = null, stale = false, document = excluded.document
"""

_INSERT_SEGMENT_VERSION = """
insert into segment_versions (workspace_id, segment_id, version, published_at, actor, document)
values ($1, $2, $3, $4, $5, $6::text::jsonb)
"""

_SET_FILLED = """
update segments set filled = $3, stale = false where workspace_id = $1 and segment_id = any($2::int[])
"""

_SET_STALE = "update segments set stale = true where workspace_id = $1 and segment_id = any($2::int[])"

_WORKSPACES_WITH_UNSETTLED_SEGMENTS = """
select distinct workspace_id from segments where stale or (not filled and deleted_at is null)
"""

_DELETE_SEGMENT = """
update segments set deleted_at = $3, stale = true where workspace_id = $1 and segment_id = $2
"""

_INSERT_SEGMENT_MEMBERS = """
insert into segment_members (bucket, workspace_id, customer_id, segment_id, entered_at, move_id, told)
select $2, $1, new.* from unnest($3::segment_entry_row[]) as new
"""

_LEAVERS = "segment_members_left"
_ENTRY = "customer_id, segment_id, entered_at, move_id, told"

# By the places of the rows, found by key: a join could be planned as a walk over the bucket.
DELETE_SEGMENT_MEMBERS = """
delete from segment_members
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[]) and ctid = any (array(
    select found.ctid
    from unnest($3::uuid[], $4::int[]) as gone (customer_id, segment_id)
    cross join lateral (
        select ctid
        from segment_members
        where bucket = $2 and workspace_id = $1 and customer_id = gone.customer_id
            and segment_id = gone.segment_id
        offset 0
    ) as found
))
"""

_INSERT_SEGMENT_MOVES = """
insert into segment_moves (bucket, workspace_id, customer_id, move_id, segment_id, at, entered, told)
select $2, $1, new.* from unnest($3::segment_move_row[]) as new
"""

# Beside the leaving, in the same statement: what the rows that it deletes tell of the entering.
_INSERT_MOVES_OF_LEAVERS = f"""
{_INSERT_SEGMENT_MOVES.strip()}
union all
select $2, $1, customer_id, move_id, segment_id, entered_at, true, told
from write_{_LEAVERS} where move_id is not null
"""

_LOAD_SEGMENTS_OF = """
select found.*
from unnest($3::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id, segment_id, entered_at
    from segment_members
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
    offset 0
) as found
"""

_ENTERED_BY_EVENT = """
select wanted.customer_id
from unnest($4::uuid[]) as wanted (customer_id)
cross join lateral (
    select told
    from (
        select move_id, told
        from segment_moves
        where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
            and segment_id = $3 and entered
        union all
        select move_id, told
        from segment_members
        where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
            and segment_id = $3 and move_id is not null
    ) as ways
    order by move_id desc
    limit 1
) as last
where last.told
"""

_LOAD_INSIDE = """
select customer_id, segment_id from segment_members
where bucket = $2 and workspace_id = $1 and segment_id = any($3::int[])
"""

_LOAD_INSIDE_OF = """
select found.*
from unnest($4::uuid[]) as wanted (customer_id)
cross join lateral (
    select customer_id, segment_id from segment_members
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and segment_id = any($3::int[])
    offset 0
) as found
"""

_KNOWN_TO_PROGRAM = """
select customer_id from memberships
where bucket = $2 and workspace_id = $1 and program_id = $3 and customer_id = any($4::uuid[])
"""

_NEXT_PEOPLE = """
select customer_id from customers
where bucket = $2 and workspace_id = $1 and customer_id > $3 and erased_at is null
    and not exists (
        select from external_ids
        where workspace_id = $1 and kind = $5 and id_hash = customers.customer_id and bucket = $2
    )
order by customer_id limit $4
"""

# Everybody is counted by the key alone, and who is left out by what there is of them: of a million people
# nobody's row is read.
_COUNT_PEOPLE = """
select (
    select count(*)
    from customers
    where bucket = $2 and workspace_id = $1 and customer_id between $4 and $5
) - (
    select count(*)
    from external_ids as household
    where workspace_id = $1 and kind = $3 and bucket = $2 and id_hash between $4 and $5
        and exists (
            select from customers
            where bucket = $2 and workspace_id = $1 and customer_id = household.id_hash
        )
) - (
    select count(*)
    from customers as erased
    where bucket = $2 and workspace_id = $1 and customer_id between $4 and $5 and erased_at is not null
        and not exists (
            select from external_ids
            where workspace_id = $1 and kind = $3 and id_hash = erased.customer_id and bucket = $2
        )
)
"""

# Pages go bucket by bucket, in the order in which people entered; their names are looked up by key.
_LIST_SEGMENT_MEMBERS = """
select page.customer_id, named.external_id, page.entered_at
from (
    select customer_id, entered_at
    from segment_members
    where bucket = $2 and workspace_id = $1 and segment_id = $3 and (entered_at, customer_id) > ($4, $5)
    order by entered_at, customer_id
    limit $6
) as page
cross join lateral (
    select external_id
    from customers
    where bucket = $2 and workspace_id = $1 and customer_id = page.customer_id
    offset 0
) as named
order by page.entered_at, page.customer_id
"""

_COUNT_SEGMENT_MEMBERS = """
select segment_id, count(*) from segment_members
where bucket between $2 and $3 and workspace_id = $1
group by segment_id
"""

# A local day is that of the zone in which the segment is judged.
_COUNT_SEGMENT_MOVES = """
select (at at time zone $5)::date as day, count(*) filter (where entered), count(*) filter (where not entered)
from (
    select at, entered
    from segment_moves
    where bucket between $2 and $3 and workspace_id = $1 and segment_id = $4
    union all
    select entered_at, true
    from segment_members
    where bucket between $2 and $3 and workspace_id = $1 and segment_id = $4 and move_id is not null
) as moves
group by day order by day
"""

_DELETE_SEGMENT_MEMBERS_OF = """
delete from segment_members
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

_DELETE_SEGMENT_MOVES_OF = """
delete from segment_moves
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""

# Whoever puts the segment again waits for this, and lets nobody enter who is about to be deleted. That
# they had entered stays in the log.
_EMPTY_SEGMENT = f"""
with gone as materialized (
    select from segments
    where workspace_id = $1 and segment_id = $3 and deleted_at is not null
    for share
), emptied as (
    delete from segment_members
    where bucket = $2 and workspace_id = $1 and segment_id = $3 and exists (select from gone)
    returning {_ENTRY}
)
insert into segment_moves (bucket, workspace_id, customer_id, move_id, segment_id, at, entered, told)
select $2, $1, customer_id, move_id, segment_id, entered_at, true, told
from emptied where move_id is not null
"""


async def list_segments(conn: Connection, workspace_id: int, *, deleted: bool = False) -> list[SegmentRow]:
    """Return the workspace's segments by their codes; with ``deleted`` those that are gone as well."""
    rows = await conn.fetch(_LIST_SEGMENTS, workspace_id)
    return [
        SegmentRow(**{**row, "segment": _decode(row["segment"])})
        for row in rows
        if deleted or row["deleted_at"] is None
    ]


async def put_segment(conn: Connection, workspace_id: int, row: SegmentRow, actor: str) -> None:
    """Write a new version of a segment; nothing is edited in place."""
    document = msgspec.json.encode(plain_of(row.segment)).decode()
    await conn.execute(
        _PUT_SEGMENT,
        workspace_id,
        row.segment_id,
        row.version,
        row.filled,
        row.published_at,
        row.code,
        document,
    )
    await conn.execute(
        _INSERT_SEGMENT_VERSION, workspace_id, row.segment_id, row.version, row.published_at, actor, document
    )


async def workspaces_with_unsettled_segments(conn: Connection) -> list[int]:
    """Return the workspaces in which somebody is to be looked at yet; for a connection of the dispatcher."""
    return [workspace_id for (workspace_id,) in await conn.fetch(_WORKSPACES_WITH_UNSETTLED_SEGMENTS)]


async def set_filled(conn: Connection, workspace_id: int, ids: Sequence[int], *, filled: bool) -> None:
    """Note whether everybody was judged by the present versions of these segments."""
    await conn.execute(_SET_FILLED, workspace_id, list(ids), filled)


async def set_stale(conn: Connection, workspace_id: int, ids: Sequence[int]) -> None:
    """Note that everybody is to be judged again by these segments, because of what they read."""
    await conn.execute(_SET_STALE, workspace_id, list(ids))


async def delete_segment(conn: Connection, workspace_id: int, segment_id: int, at: Instant) -> None:
    """Let a segment be gone; whoever is in it is let out apart."""
    await conn.execute(_DELETE_SEGMENT, workspace_id, segment_id, at)


async def write_segment_moves(conn: Connection, ws: int, bucket: int, moves: Iterable[SegmentMove]) -> None:
    """Let customers, who must be locked, enter and leave, in this order.

    What a customer enters and leaves again within ``moves`` is written as both. Raises
    ``UniqueViolationError`` or ``SerializationError`` when somebody is inside, or outside, already.
    """
    await write_with_moves(conn, ws, bucket, [], list(moves))


async def write_with_moves(
    conn: Connection, ws: int, bucket: int, writes: Sequence[Write], moves: Sequence[SegmentMove]
) -> None:
    """Run ``writes`` and what ``moves`` do as one statement, see :func:`write_segment_moves`."""
    try:
        await write_together(conn, ws, bucket, [*writes, *_moving(moves)] if moves else writes)
    except GuardError as error:
        if error.table == _LEAVERS:
            raise SerializationError("a customer has left a segment meanwhile") from None
        raise


def _moving(moves: Sequence[SegmentMove]) -> Iterator[Write]:
    """Yield what writes those who enter, those who leave, and what of it the log of moves is told now."""
    entered = [(m.customer_id, m.segment_id, m.at, m.move_id, m.told) for m in moves if m.entered]
    left = [(m.customer_id, m.segment_id) for m in moves if not m.entered]
    logged = [(m.customer_id, m.move_id, m.segment_id, m.at, False, m.told) for m in moves if not m.entered]
    if len({(move.customer_id, move.segment_id) for move in moves}) < len(moves):
        entered, left, logged = _netted(moves)
    if entered:
        yield Write("segment_members", _INSERT_SEGMENT_MEMBERS, [entered])
    if left:
        keys = [list(column) for column in zip(*left, strict=True)]
        yield Write(_LEAVERS, DELETE_SEGMENT_MEMBERS, keys, len(left), returning=_ENTRY)
    if logged:
        yield Write("segment_moves", _INSERT_MOVES_OF_LEAVERS if left else _INSERT_SEGMENT_MOVES, [logged])


def _netted(
    moves: Sequence[SegmentMove],
) -> tuple[list[_Entry], list[tuple[UUID, int]], list[_Log]]:
    """Return who enters, who leaves, and what is told, where somebody goes in and out of a segment."""
    ways: dict[tuple[UUID, int], list[SegmentMove]] = {}
    for move in moves:
        ways.setdefault((move.customer_id, move.segment_id), []).append(move)
    entered, left, logged = [], [], []
    for key, way in ways.items():
        was_inside, is_inside = not way[0].entered, way[-1].entered
        if is_inside and not was_inside:
            move = way.pop()
            entered.append((*key, move.at, move.move_id, move.told))
        elif was_inside and not is_inside:
            left.append(key)
        logged += [(key[0], move.move_id, key[1], move.at, move.entered, move.told) for move in way]
    return entered, left, logged


async def load_segments_of(
    conn: Connection, ws: int, bucket: int, customers: Sequence[UUID]
) -> list[tuple[UUID, int, Instant]]:
    """Return ``(customer, segment, entered_at)`` of every segment that the customers are in."""
    return [tuple(row) for row in await conn.fetch(_LOAD_SEGMENTS_OF, ws, bucket, list(customers))]


async def entered_by_event(
    conn: Connection, ws: int, bucket: int, segment_id: int, customers: Sequence[UUID]
) -> set[UUID]:
    """Return those of the customers whose last way into a segment was an event."""
    rows = await conn.fetch(_ENTERED_BY_EVENT, ws, bucket, segment_id, list(customers))
    return {customer_id for (customer_id,) in rows}


async def list_segment_members(
    conn: Connection, ws: int, bucket: int, segment_id: int, after: PlaceInSegment, limit: int
) -> list[tuple[UUID, str, Instant]]:
    """Return internal id, own id and ``entered_at`` of at most ``limit`` members behind ``after``.

    They come in the order in which they entered: whoever enters meanwhile comes last.
    """
    rows = await conn.fetch(_LIST_SEGMENT_MEMBERS, ws, bucket, segment_id, *after, limit)
    return [tuple(row) for row in rows]


async def count_segment_members(conn: Connection, ws: int, buckets: tuple[int, int]) -> dict[int, int]:
    """Return how many customers are in each segment; ``buckets`` are the first and the last one."""
    rows = await conn.fetch(_COUNT_SEGMENT_MEMBERS, ws, *buckets)
    return {row[0]: row[1] for row in rows}


async def count_segment_moves(
    conn: Connection, ws: int, buckets: tuple[int, int], segment_id: int, zone: str
) -> list[tuple[str, int, int]]:
    """Return local day, how many entered and how many left, for each day with some, the oldest first."""
    rows = await conn.fetch(_COUNT_SEGMENT_MOVES, ws, *buckets, segment_id, zone)
    return [(day.isoformat(), entered, left) for day, entered, left in rows]


async def load_inside(
    conn: Connection, ws: int, bucket: int, segments: Sequence[int], only: Sequence[UUID] | None = None
) -> set[tuple[UUID, int]]:
    """Return ``(customer, segment)`` of everybody who is in one of these, or of these customers ``only``."""
    if only is None:
        rows = await conn.fetch(_LOAD_INSIDE, ws, bucket, list(segments))
    else:
        rows = await conn.fetch(_LOAD_INSIDE_OF, ws, bucket, list(segments), list(only))
    return {(customer_id, segment_id) for customer_id, segment_id in rows}


async def known_to_program(
    conn: Connection, ws: int, bucket: int, program_id: int, customers: Sequence[UUID]
) -> set[UUID]:
    """Return those of the customers who are or were members of a program."""
    rows = await conn.fetch(_KNOWN_TO_PROGRAM, ws, bucket, program_id, list(customers))
    return {customer_id for (customer_id,) in rows}


async def next_people(conn: Connection, ws: int, bucket: int, after: UUID, limit: int) -> list[UUID]:
    """Return the ids of at most ``limit`` customers behind ``after``, without households and the erased."""
    rows = await conn.fetch(_NEXT_PEOPLE, ws, bucket, after, limit, IdKind.HOUSEHOLD)
    return [customer_id for (customer_id,) in rows]


async def count_people(conn: Connection, ws: int, bucket: int, first: UUID = FIRST, last: UUID = LAST) -> int:
    """Return how many customers a bucket has from one id to another, households and the erased left out."""
    return int(await conn.fetchval(_COUNT_PEOPLE, ws, bucket, IdKind.HOUSEHOLD, first, last))


async def empty_segment(conn: Connection, ws: int, bucket: int, segment_id: int) -> None:
    """Let nobody of a bucket be in a segment that is gone; one that is there is left as it is."""
    await conn.execute(_EMPTY_SEGMENT, ws, bucket, segment_id)


async def forget_segments_of(conn: Connection, ws: int, bucket: int, customers: Sequence[UUID]) -> None:
    """Delete what tells in which segments erased customers are and were."""
    await conn.execute(_DELETE_SEGMENT_MEMBERS_OF, ws, bucket, list(customers))
    await conn.execute(_DELETE_SEGMENT_MOVES_OF, ws, bucket, list(customers))


def _decode(document: str) -> Segment:
    return msgspec.convert(msgspec.json.decode(document), Segment, dec_hook=DEC_HOOK)
