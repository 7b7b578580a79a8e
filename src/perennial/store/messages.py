"""Messages to customers: written with the decision that says so, claimed by who sends, and listed.

What is due is claimed under ``SKIP LOCKED`` and held until an instant of wall time. Whoever is killed
between that and the sending leaves it to another one, who tries again: a message is sent at least once. Only
who claimed it last says what became of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.core.effects import SendMessage
from perennial.store.netting import Change
from perennial.units import Instant, named_id


class MessageState(IntEnum):
    """What became of a message. The numbers are stored: never change or reuse one."""

    WAITING = 1
    SENDING = 2
    SENT = 3
    SUPPRESSED = 4
    FAILED = 5
    EXPIRED = 6

    @property
    def word(self) -> str:
        """Return how the API names it."""
        return self.name.lower()


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``messages``: ``message`` is its id in the program, ``channel`` over what it goes.

    ``source_id`` is the order or event that it is sent for. It is sent from ``due_at`` on and no more after
    ``until`` (business time). ``ended_at`` is when the state became final, ``reason`` why it is what it is,
    in a stable word.
    """

    customer_id: UUID
    message_id: UUID
    operation_id: UUID
    source_id: UUID
    program_id: int
    version: int
    caused_at: Instant
    due_at: Instant
    until: Instant
    state: MessageState = MessageState.WAITING
    attempts: int = 0
    message: str
    channel: str
    ended_at: Instant | None = None
    reason: str | None = None


class Became(msgspec.Struct, frozen=True):
    """What became of a message that was claimed; one that is WAITING again is due at ``due_at``."""

    state: MessageState
    reason: str | None = None
    ended_at: Instant | None = None
    due_at: Instant | None = None


_COLUMNS = """customer_id, message_id, operation_id, source_id, program_id, version, caused_at, due_at,
    until, state, attempts, message, channel, ended_at, reason"""

# Decided again, as an order that is corrected is, nothing is sent again.
INSERT_MESSAGES = """
insert into messages (bucket, workspace_id, customer_id, message_id, operation_id, source_id,
    program_id, version, caused_at, due_at, until, state, attempts, message, channel)
select $2, $1, new.*
from unnest($3::message_row[]) as new
on conflict (bucket, workspace_id, customer_id, message_id) do nothing
"""

# The condition on the state is that of the index.
FIND_DUE_MESSAGES = f"""
select {_COLUMNS}
from messages
where bucket = $2 and workspace_id = $1 and due_at <= $3 and state in (1, 2)
    and (held_until is null or held_until <= $4)
order by due_at
limit $5
for update skip locked
"""

_HOLD_MESSAGE = """
update messages
set state = 2, attempts = $5, held_until = $6
where bucket = $2 and workspace_id = $1 and customer_id = $3 and message_id = $4
"""

# Whoever claimed it last says what became of it. (The state would lead the planner to the index of the due.)
_END_MESSAGE = """
update messages
set state = $6, reason = $7, ended_at = $8, due_at = coalesce($9, due_at), held_until = null
where bucket = $2 and workspace_id = $1 and customer_id = $3 and message_id = $4
    and attempts = $5 and held_until is not null
returning 1
"""

# One probe of the index of instants per bucket, however many messages there are.
_DUE_BUCKETS = """
select workspaces.workspace_id, buckets.bucket,
    case when workspaces.clock_at is null then next.due_at end as due_at
from workspaces
cross join lateral generate_series(bucket_base, bucket_base + bucket_count - 1) as buckets (bucket)
cross join lateral (
    select due_at
    from messages
    where messages.bucket = buckets.bucket and messages.workspace_id = workspaces.workspace_id
        and messages.state in (1, 2) and (messages.held_until is null or messages.held_until <= $1)
    order by due_at
    limit 1
) as next
where next.due_at <= coalesce(workspaces.clock_at, $1)
"""

_LIST_MESSAGES = f"""
select {_COLUMNS}
from messages
where bucket = $2 and workspace_id = $1 and customer_id = $3
    and ($4::timestamptz is null or (caused_at, message_id) < ($4, $5::uuid))
order by caused_at desc, message_id desc
limit $6
"""

# Locked first: who is sending one says what became of it before it moves, or finds it with the survivor.
_MOVE_MESSAGES = f"""
insert into messages (bucket, workspace_id, {_COLUMNS}, held_until)
select $4, $1, $5, {_COLUMNS.partition(",")[2]}, held_until
from messages
where bucket = $2 and workspace_id = $1 and customer_id = $3
for update
on conflict (bucket, workspace_id, customer_id, message_id) do nothing
"""

_ERASE_MESSAGES = """
delete from messages where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""


def message_id_of(ws: int, program_id: int, source_id: UUID, message: str) -> UUID:
    """Return the id of what a program says because of an order or event, however often that is decided."""
    return named_id(ws, "message", f"{program_id}/{source_id.hex}/{message}")


def messages_to_send(
    ws: int, told: Iterable[tuple[Change, SendMessage]], now: Instant | None
) -> list[MessageRow]:
    """Return the rows of what decisions say is to be sent, each once; without what is too late at ``now``."""
    rows: dict[tuple[UUID, UUID], MessageRow] = {}
    for change, effect in told:
        if now is not None and effect.until <= now:
            continue
        message_id = message_id_of(ws, change.program_id, change.source_id, effect.message)
        row = MessageRow(
            customer_id=change.customer_id,
            message_id=message_id,
            operation_id=change.operation_id,
            source_id=change.source_id,
            program_id=change.program_id,
            version=change.version,
            caused_at=effect.at,
            due_at=effect.at,
            until=effect.until,
            message=effect.message,
            channel=effect.channel,
        )
        rows.setdefault((change.customer_id, message_id), row)
    return list(rows.values())


def message_records(rows: Iterable[MessageRow]) -> list[tuple[Any, ...]]:
    """Return new rows as :data:`INSERT_MESSAGES` takes them."""
    return [
        (
            row.customer_id,
            row.message_id,
            row.operation_id,
            row.source_id,
            row.program_id,
            row.version,
            row.caused_at,
            row.due_at,
            row.until,
            row.state.value,
            row.attempts,
            row.message,
            row.channel,
        )
        for row in rows
    ]


def _row(record: Record) -> MessageRow:
    return MessageRow(
        **{
            **dict(record),
            "customer_id": UUID(int=record["customer_id"].int),
            "message_id": UUID(int=record["message_id"].int),
            "operation_id": UUID(int=record["operation_id"].int),
            "source_id": UUID(int=record["source_id"].int),
            "state": MessageState(record["state"]),
        }
    )


async def claim_messages(
    conn: Connection, ws: int, bucket: int, *, due: Instant, now: Instant, held_until: Instant, limit: int
) -> list[MessageRow]:
    """Claim at most ``limit`` messages that are due at ``due`` (business time), the longest due first.

    To be called in a transaction of its own, after which they are the caller's until ``held_until``; ``now``
    and that are wall time.
    """
    rows = [_row(record) for record in await conn.fetch(FIND_DUE_MESSAGES, ws, bucket, due, now, limit)]
    claimed = [
        msgspec.structs.replace(row, state=MessageState.SENDING, attempts=row.attempts + 1) for row in rows
    ]
    await conn.executemany(
        _HOLD_MESSAGE,
        [(ws, bucket, row.customer_id, row.message_id, row.attempts, held_until) for row in claimed],
    )
    return claimed


async def end_message(
    conn: Connection, ws: int, place: tuple[int, UUID], row: MessageRow, became: Became
) -> bool:
    """Write what became of a message that was claimed, of a customer at ``place``.

    False: another one has claimed it since, or it is gone.
    """
    written = await conn.fetchval(
        _END_MESSAGE,
        ws,
        *place,
        row.message_id,
        row.attempts,
        became.state,
        became.reason,
        became.ended_at,
        became.due_at,
    )
    return written is not None


async def buckets_with_due_messages(conn: Connection, now: Instant) -> list[tuple[int, int, Instant | None]]:
    """Return ``(workspace_id, bucket, due_at)`` of each bucket with a message that is due and nobody's yet.

    ``due_at`` is that of the one which is due longest. It is wall time, and so is ``now``; a sandbox whose
    test clock was set is judged by its clock, and has no ``due_at``. To be called as the
    dispatcher role, outside any workspace.
    """
    return [(ws, bucket, due_at) for ws, bucket, due_at in await conn.fetch(_DUE_BUCKETS, now)]


async def list_messages(
    conn: Connection,
    ws: int,
    place: tuple[int, UUID],
    *,
    before: tuple[Instant, UUID] | None = None,
    limit: int,
) -> list[MessageRow]:
    """Return the messages of a customer, those of the latest cause first; behind ``before``: cause and id."""
    at, message_id = before or (None, None)
    rows = await conn.fetch(_LIST_MESSAGES, ws, *place, at, message_id, limit)
    return [_row(row) for row in rows]


async def move_messages(
    conn: Connection, ws: int, absorbed: tuple[int, UUID], into: tuple[int, UUID]
) -> None:
    """Give a survivor the messages of the absorbed customer, who is erased after it."""
    await conn.execute(_MOVE_MESSAGES, ws, *absorbed, *into)


async def erase_messages(conn: Connection, ws: int, bucket: int, ids: list[UUID]) -> None:
    """Erase what was said to customers who were erased; the database refuses it for everybody else."""
    await conn.execute(_ERASE_MESSAGES, ws, bucket, ids)
