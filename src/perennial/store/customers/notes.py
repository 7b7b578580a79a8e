"""What staff has noted about a customer."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.units import Instant


class NoteRow(msgspec.Struct, frozen=True):
    """One note: by whom, when, and what it says."""

    note_id: UUID
    at: Instant
    actor: str
    body: str


_INSERT_NOTE = """
insert into customer_notes (bucket, workspace_id, customer_id, note_id, at, actor, body)
values ($2, $1, $3, $4, $5, $6, $7)
"""

_LIST_NOTES = """
select note_id, at, actor, body from customer_notes
where bucket = $2 and workspace_id = $1 and customer_id = $3
order by at desc, note_id desc
limit $4
"""

_DELETE_NOTE = """
delete from customer_notes
where bucket = $2 and workspace_id = $1 and customer_id = $3 and note_id = $4
returning actor
"""

_ERASE_NOTES = """
delete from customer_notes where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""


async def insert_note(conn: Connection, ws: int, bucket: int, customer_id: UUID, row: NoteRow) -> None:
    """Add a note."""
    await conn.execute(_INSERT_NOTE, ws, bucket, customer_id, row.note_id, row.at, row.actor, row.body)


async def list_notes(conn: Connection, ws: int, bucket: int, customer_id: UUID, limit: int) -> list[NoteRow]:
    """Return the notes about a customer, the latest first."""
    found = await conn.fetch(_LIST_NOTES, ws, bucket, customer_id, limit)
    return [NoteRow(UUID(int=row[0].int), *list(row)[1:]) for row in found]


async def delete_note(conn: Connection, ws: int, bucket: int, customer_id: UUID, note_id: UUID) -> bool:
    """Delete a note; False if there is none such."""
    return await conn.fetchval(_DELETE_NOTE, ws, bucket, customer_id, note_id) is not None


async def erase_notes(conn: Connection, ws: int, bucket: int, ids: list[UUID]) -> None:
    """Erase all notes about customers who are locked."""
    await conn.execute(_ERASE_NOTES, ws, bucket, ids)
