"""What a customer reads about the past: the statement of wallets, and everything in order."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.ledger.account import Account
from perennial.store.events import EventKind
from perennial.store.messages import MessageState
from perennial.units import Instant, Points

_LAST = UUID(int=(1 << 128) - 1)


class StatementCursor(msgspec.Struct, frozen=True, array_like=True):
    """Where the next page of a statement begins: before this posting, at these balances per unit."""

    operation_id: UUID
    position: int
    balances: dict[int, Points]


class StatementLine(msgspec.Struct, frozen=True):
    """One posting as its owner sees it.

    ``points`` is what the wallet gained (negative: lost), ``balance`` what the unit's wallet held right
    after it, pending points included. ``other`` is the account on the other side; a line of a debt
    alone has ``points`` 0 and ``owed`` by how much the debt grew. ``available_at`` and ``expires_at``
    are those of the lot. ``source_id`` is the order or event; ``source_kind`` is None for an order, and
    ``about`` what an event belongs to: of one side of a referral the referral.
    """

    operation_id: UUID
    position: int
    at: Instant
    unit: int
    points: Points
    owed: Points
    balance: Points
    other: Account
    program_id: int
    version: int
    source_id: UUID
    source_kind: EventKind | None
    source_name: str | None
    available_at: Instant | None
    expires_at: Instant | None
    about: UUID | None = None


class TimelineEntry(msgspec.Struct, frozen=True):
    """One thing that happened to a customer: an order (``kind`` None) or an event.

    Of a move in or out of a segment (``entered`` is not None) ``external_id`` is the segment. Of a message
    (``message`` is what became of it, for a ``reason`` if there is one) it is its id in ``program_id``.
    """

    occurred_at: Instant
    id: UUID
    kind: EventKind | None
    external_id: str
    operation_id: UUID
    source_id: UUID | None
    recorded_at: Instant
    decision: bytes
    entered: bool | None = None
    message: MessageState | None = None
    reason: str | None = None
    program_id: int | None = None


_READ_BALANCES = """
select unit_id, balance
from wallets
where bucket = $2 and workspace_id = $1 and customer_id = $3
"""

# Ids of operations ascend in time, so the key itself is the order of the statement.
_READ_POSTINGS = """
select operation_id, position, debit, credit, program_id, amount, lot_id, at, unit_id, version, source_id
from postings
where bucket = $2 and workspace_id = $1 and customer_id = $3
    and (operation_id, position) < ($4, $5) and ($6::int is null or unit_id = $6)
order by operation_id desc, position desc
limit $7
"""

_READ_LOT_DATES = """
select found.*
from unnest($4::int[], $5::bigint[]) as wanted (unit_id, lot_id)
cross join lateral (
    select unit_id, lot_id, available_at, expires_at
    from lots
    where bucket = $2 and workspace_id = $1 and customer_id = $3
        and unit_id = wanted.unit_id and lot_id = wanted.lot_id
    offset 0
) as found
"""

# Whose the sources are is known from their claimed ids; timers and joins are the owner's own.
_FIND_SOURCES = """
select found.*
from unnest($3::uuid[]) as wanted (id_hash)
cross join unnest($4::smallint[]) as known (kind)
cross join lateral (
    select id_hash, bucket, customer_id
    from external_ids
    where workspace_id = $1 and kind = known.kind and id_hash = wanted.id_hash
        and bucket between $2 and $5
    offset 0
) as found
"""

_READ_SOURCES = """
select found.*
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, source_id)
cross join lateral (
    (
        select order_id as source_id, null::smallint as kind, external_id, null::uuid as about
        from orders
        where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
            and order_id = wanted.source_id
        offset 0
    )
    union all
    (
        select event_id, kind, external_id, source_id
        from events
        where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
            and event_id = wanted.source_id
        offset 0
    )
) as found
"""

_READ_TIMELINE = """
select * from (
    select occurred_at, order_id as id, null::smallint as kind, external_id, operation_id,
        null::uuid as source_id, recorded_at, decision, null::boolean as entered, null::smallint as message,
        null::text as reason, null::int as program_id
    from orders
    where bucket = $2 and workspace_id = $1 and customer_id = $3
        and ($4::timestamptz is null or (occurred_at, order_id) < ($4, $5))
    union all
    select occurred_at, event_id, kind, external_id, operation_id, source_id, recorded_at, decision, null,
        null, null, null
    from events
    where bucket = $2 and workspace_id = $1 and customer_id = $3
        and ($4::timestamptz is null or (occurred_at, event_id) < ($4, $5))
        and kind <> all($6::smallint[])
    union all
    select caused_at, message_id, null, message, operation_id, null, caused_at, ''::bytea, null, state,
        reason, program_id
    from messages
    where bucket = $2 and workspace_id = $1 and customer_id = $3
        and ($4::timestamptz is null or (caused_at, message_id) < ($4, $5))
    union all
    select moves.at, moves.move_id, null, segments.code, moves.move_id, null, moves.at, ''::bytea,
        moves.entered, null, null, null
    from (
        select segment_id, move_id, at, entered
        from segment_moves
        where bucket = $2 and workspace_id = $1 and customer_id = $3
        union all
        select segment_id, move_id, entered_at, true
        from segment_members
        where bucket = $2 and workspace_id = $1 and customer_id = $3 and move_id is not null
    ) as moves
    join segments on segments.workspace_id = $1 and segments.segment_id = moves.segment_id
    where $4::timestamptz is null or (moves.at, moves.move_id) < ($4, $5)
) as happened
order by occurred_at desc, id desc
limit $7
"""

_NAMED_KINDS = [1, *(kind.value for kind in EventKind if kind <= EventKind.ASSIGNMENT)]


async def read_statement(
    conn: Connection,
    ws: int,
    bucket: int,
    owner: UUID,
    *,
    unit: int | None = None,
    cursor: StatementCursor | None = None,
    limit: int = 50,
    buckets: tuple[int, int] | None = None,
) -> tuple[list[StatementLine], StatementCursor | None]:
    """Return the latest postings of a wallet owner (a customer or household), newest first.

    The second value is the cursor of the next page, None after the last. Without a ``unit`` the lines
    of all units are mixed, each with the balance of its own unit. To be called in one snapshot.
    What moved the points lies in the owner's bucket, or anywhere from the first to the last of ``buckets``.
    """
    if cursor is None:
        balances = {row[0]: row[1] for row in await conn.fetch(_READ_BALANCES, ws, bucket, owner)}
        cursor = StatementCursor(_LAST, 32767, balances)
    rows = await conn.fetch(
        _READ_POSTINGS, ws, bucket, owner, cursor.operation_id, cursor.position, unit, limit + 1
    )
    more, rows = len(rows) > limit, rows[:limit]
    dates = await _lot_dates(conn, ws, bucket, owner, rows)
    sources = await _sources(conn, ws, (bucket, owner), rows, buckets or (bucket, bucket))
    balances = dict(cursor.balances)
    lines = []
    for row in rows:
        line = _line(row, balances, dates, sources)
        balances[line.unit] = line.balance - line.points
        lines.append(line)
    following = StatementCursor(lines[-1].operation_id, lines[-1].position, balances) if more else None
    return lines, following


def _line(
    row: Record,
    balances: dict[int, Points],
    dates: dict[tuple[int, int], tuple[Instant | None, Instant | None]],
    sources: dict[UUID, tuple[EventKind | None, str, UUID | None]],
) -> StatementLine:
    debit, credit, amount, unit = row["debit"], row["credit"], row["amount"], row["unit_id"]
    points = amount if credit == Account.WALLET else -amount if debit == Account.WALLET else 0
    owed = amount if debit == Account.DEBT else -amount if credit == Account.DEBT else 0
    own = Account.WALLET if points else Account.DEBT
    kind, name, about = sources.get(row["source_id"], (None, None, None))
    available_at, expires_at = dates.get((unit, row["lot_id"]), (None, None))
    return StatementLine(
        operation_id=row["operation_id"],
        position=row["position"],
        at=row["at"],
        unit=unit,
        points=points,
        owed=owed,
        balance=balances.get(unit, 0),
        other=Account(credit if debit == own else debit),
        program_id=row["program_id"],
        version=row["version"],
        source_id=row["source_id"],
        source_kind=kind,
        source_name=name,
        available_at=available_at,
        expires_at=expires_at,
        about=about,
    )


async def _lot_dates(
    conn: Connection, ws: int, bucket: int, owner: UUID, rows: list[Record]
) -> dict[tuple[int, int], tuple[Instant | None, Instant | None]]:
    lots = sorted({(row["unit_id"], row["lot_id"]) for row in rows if row["lot_id"]})
    if not lots:
        return {}
    units, ids = zip(*lots, strict=True)
    found = await conn.fetch(_READ_LOT_DATES, ws, bucket, owner, units, ids)
    return {(unit, lot_id): (available_at, expires_at) for unit, lot_id, available_at, expires_at in found}


async def _sources(
    conn: Connection, ws: int, owner: tuple[int, UUID], rows: list[Record], buckets: tuple[int, int]
) -> dict[UUID, tuple[EventKind | None, str, UUID | None]]:
    ids = sorted({row["source_id"] for row in rows})
    if not ids:
        return {}
    places = dict.fromkeys(ids, owner)
    for source, bucket, customer_id in await conn.fetch(
        _FIND_SOURCES, ws, buckets[0], ids, _NAMED_KINDS, buckets[1]
    ):
        places[source] = bucket, customer_id
    found: list[Record] = []
    for bucket in sorted({bucket for bucket, _ in places.values()}):
        there = [(place[1], source) for source, place in places.items() if place[0] == bucket]
        found += await conn.fetch(_READ_SOURCES, ws, bucket, *map(list, zip(*there, strict=True)))
    return {
        source: (None if kind is None else EventKind(kind), name, about)
        for source, kind, name, about in found
    }


async def read_timeline(
    conn: Connection,
    ws: int,
    bucket: int,
    customer_id: UUID,
    *,
    before: tuple[Instant, UUID] | None = None,
    limit: int = 50,
    leave_out: frozenset[EventKind] = frozenset({EventKind.ORDER_REVISION}),
) -> list[TimelineEntry]:
    """Return what happened to a customer, the latest first: orders, and events of all kinds but some.

    ``before`` is the instant and id of the last entry of the page before. Costs grow with what the
    customer has, not with what the workspace has.
    """
    at, last = before or (None, None)
    rows = await conn.fetch(
        _READ_TIMELINE, ws, bucket, customer_id, at, last, [int(kind) for kind in leave_out], limit
    )
    return [
        TimelineEntry(
            row[0],
            row[1],
            None if row[2] is None else EventKind(row[2]),
            row[3],
            row[4],
            row[5],
            row[6],
            row[7],
            row[8],
            None if row[9] is None else MessageState(row[9]),
            row[10],
            row[11],
        )
        for row in rows
    ]
