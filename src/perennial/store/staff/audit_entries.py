"""The audit log: who changed what, when and why. Rows are only ever added."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.units import Instant

_INSERT_AUDIT_ENTRY = """
insert into audit_entries (workspace_id, entry_id, at, actor, action, object, reason, before, after)
values ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9::text::jsonb)
"""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change: ``object`` such as ``program/points``, ``action`` such as ``program.published``.

    ``at`` is wall time; ``before`` and ``after`` are small JSON values (digests, numbers), or ``None``.
    """

    entry_id: UUID
    at: Instant
    actor: str
    action: str
    object: str
    reason: str | None = None
    before: Any = None
    after: Any = None


async def insert_audit_entry(conn: Connection, workspace_id: int, entry: AuditEntry) -> None:
    """Add one entry in the caller's transaction."""
    await conn.execute(
        _INSERT_AUDIT_ENTRY,
        workspace_id,
        entry.entry_id,
        entry.at,
        entry.actor,
        entry.action,
        entry.object,
        entry.reason,
        _json(entry.before),
        _json(entry.after),
    )


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
