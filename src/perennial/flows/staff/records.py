"""What is noted of every change that concerns staff: who did it, and how it was before and is after."""

from __future__ import annotations

from typing import Any

from asyncpg import Connection

from perennial.flows.ids import Ids
from perennial.flows.staff.sessions import now_of
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry


async def note(
    conn: Connection,
    workspace_id: int,
    actor: str,
    action: str,
    changed: str,
    *,
    before: Any = None,
    after: Any = None,
    reason: str | None = None,
) -> None:
    """Add an entry to the audit log in the caller's transaction; ``changed`` is such as ``staff/…``."""
    entry = AuditEntry(
        entry_id=Ids().next(),
        at=now_of(),
        actor=actor,
        action=action,
        object=changed,
        reason=reason,
        before=before,
        after=after,
    )
    await insert_audit_entry(conn, workspace_id, entry)
