"""The audit log over HTTP: who changed what, when and why, with how it was before and after."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import QueryParameter

from perennial.flows.staff.audit_log import search_audit_log
from perennial.flows.staff.scopes import Scope
from perennial.http.door.instants import read_instant
from perennial.http.door.operation import Cursor, Limit, admitted, operation, written
from perennial.store.staff.audit_entries import AuditEntry
from perennial.store.staff.audit_log import AuditFilter
from perennial.units import Instant, format_instant, parse_instant

_FIRST = parse_instant("1900-01-01T00:00:00Z")
_LAST = parse_instant("2199-12-31T00:00:00Z")

Words = Annotated[str, QueryParameter(max_length=300, pattern=r"^[^\u0000-\u001f\u007f-\u009f]*$")]
Moment = Annotated[str, QueryParameter(max_length=35, description="an RFC 3339 instant")]


class AuditEntryView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One change. `before` and `after` are what it was about, as far as that is small."""

    id: str
    at: str
    actor: str
    action: str
    object: str
    reason: str | None = None
    before: Any = None
    after: Any = None


class AuditEntryList(msgspec.Struct, frozen=True):
    """A page of the log, the latest first; `next_cursor` is null on the last page."""

    data: tuple[AuditEntryView, ...]
    next_cursor: str | None


def _view(entry: AuditEntry) -> AuditEntryView:
    return AuditEntryView(
        id=str(entry.entry_id),
        at=format_instant(entry.at),
        actor=entry.actor,
        action=entry.action,
        object=entry.object,
        reason=entry.reason,
        before=entry.before,
        after=entry.after,
    )


@get(
    "/v1/audit",
    **operation(
        "audit_list", "Staff", "Search the audit log", needs=Scope.AUDIT, gives={200: AuditEntryList}
    ),
)
async def audit_list(
    request: Request[Any, Any, Any],
    actor: Words = "",
    action: Words = "",
    object: Words = "",
    text: Words = "",
    since: Moment = "",
    until: Moment = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response[Any]:
    """`actor` is whole, `action` and `object` may be how they begin, `text` stands anywhere in an entry.

    Entries are only ever added: no role of the database that serves may change or delete one.
    """
    door, caller = admitted(request)
    wanted = AuditFilter(
        actor=actor,
        action=action,
        object=object,
        text=text,
        since=_instant(since, "query.since", _FIRST),
        until=_instant(until, "query.until", _LAST),
    )
    page = await search_audit_log(door.database, caller.workspace_id, wanted, cursor or None, limit)
    return written(AuditEntryList(tuple(_view(each) for each in page.entries), page.next_cursor))


def _instant(text: str, path: str, otherwise: Instant) -> Instant:
    return read_instant(text, path) if text else otherwise


AUDIT_ROUTES = [audit_list]
