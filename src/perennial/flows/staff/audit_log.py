"""Who changed what, when and why: the audit log, searched and paged."""

from __future__ import annotations

import msgspec

from perennial.flows.pages import read_cursor, write_cursor
from perennial.store.database import Database
from perennial.store.staff.audit_entries import AuditEntry
from perennial.store.staff.audit_log import AuditCursor, AuditFilter, list_audit_entries


class AuditPage(msgspec.Struct, frozen=True):
    """Some entries, the latest first, and where the next page begins."""

    entries: list[AuditEntry]
    next_cursor: str | None


async def search_audit_log(
    database: Database, workspace_id: int, wanted: AuditFilter, cursor: str | None, limit: int
) -> AuditPage:
    """Return a page of the entries that fit."""
    begin = read_cursor(cursor, AuditCursor, workspace_id, "audit")
    async with database.transaction(workspace_id) as conn:
        found = await list_audit_entries(conn, workspace_id, wanted, begin, limit + 1)
    shown = found[:limit]
    more = len(found) > limit
    last = AuditCursor(shown[-1].at, shown[-1].entry_id) if more else None
    return AuditPage(shown, write_cursor(last, workspace_id, "audit"))
