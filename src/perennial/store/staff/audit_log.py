"""The audit log, read: newest first, by who, what, on what, when, and by words."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.store.staff.audit_entries import AuditEntry
from perennial.units import Instant


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for; an empty text looks for anything.

    ``actor`` is whole, ``action`` and ``object`` may be how they begin, ``text`` stands anywhere in an entry.
    ``since`` is included, ``until`` is not.
    """

    actor: str = ""
    action: str = ""
    object: str = ""
    text: str = ""
    since: Instant
    until: Instant


class AuditCursor(msgspec.Struct, frozen=True, array_like=True):
    """The entry behind which the next page begins."""

    at: Instant
    entry_id: UUID


_LIST_AUDIT_ENTRIES = """
select entry_id, at, actor, action, object, reason, before, after
from audit_entries
where workspace_id = $1 and at >= $2 and at < $3 and (at, entry_id) < ($4, $5)
    and ($6 = '' or actor = $6)
    and starts_with(action, $7)
    and starts_with(object, $8)
    and ($9 = '' or strpos(lower(concat_ws(' ', actor, action, object, reason, before::text, after::text)),
        lower($9)) > 0)
order by at desc, entry_id desc
limit $10
"""

_LAST = UUID(int=(1 << 128) - 1)


async def list_audit_entries(
    conn: Connection, workspace_id: int, wanted: AuditFilter, begin: AuditCursor | None, limit: int
) -> list[AuditEntry]:
    """Return at most ``limit`` entries behind ``begin``, the latest first."""
    start = begin or AuditCursor(wanted.until, _LAST)
    rows = await conn.fetch(
        _LIST_AUDIT_ENTRIES,
        workspace_id,
        wanted.since,
        wanted.until,
        start.at,
        start.entry_id,
        wanted.actor,
        wanted.action,
        wanted.object,
        wanted.text,
        limit,
    )
    return [
        AuditEntry(
            entry_id=UUID(int=row[0].int),
            at=row[1],
            actor=row[2],
            action=row[3],
            object=row[4],
            reason=row[5],
            before=None if row[6] is None else msgspec.json.decode(row[6]),
            after=None if row[7] is None else msgspec.json.decode(row[7]),
        )
        for row in rows
    ]
