"""What support is told of messages: to whom which was sent, which was not, and why."""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.flows.handle_events import Handler
from perennial.flows.merged import follows_merges
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.reading import known_customer
from perennial.store.messages import MessageRow, list_messages
from perennial.units import Instant, format_instant


class MessageView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One message to a customer; its text is not kept.

    ``message`` is its id in the version of the program that decided it, because of what happened at
    ``caused_at``. It is sent from ``due_at`` on and no more after ``until``. ``state`` is what became of it,
    for a ``reason`` if there is one, since ``ended_at``.
    """

    id: str
    program: str
    version: int
    message: str
    channel: str
    state: str
    caused_at: str
    due_at: str
    until: str
    attempts: int
    reason: str | None = None
    ended_at: str | None = None


class MessagePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the messages to a customer; ``next_cursor`` is null on the last page."""

    data: tuple[MessageView, ...]
    next_cursor: str | None


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    at: Instant
    id: UUID


@follows_merges
async def messages_of(
    handler: Handler, workspace_id: int, customer: str, *, cursor: str | None = None, limit: int = 50
) -> MessagePage:
    """Return a page of the messages to a customer, those of the latest cause first, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, known = await known_customer(conn, workspace, customer)
        begin = read_cursor(cursor, _Cursor, workspace_id, "messages", known.customer_id)
        before = None if begin is None else (begin.at, begin.id)
        found = await list_messages(
            conn, workspace_id, (bucket, known.customer_id), before=before, limit=limit + 1
        )
    programs = {live.program_id: live.code for live in workspace.programs}
    rows = found[:limit]
    following = _Cursor(rows[-1].caused_at, rows[-1].message_id) if len(found) > limit else None
    return MessagePage(
        data=tuple(_view(row, programs[row.program_id]) for row in rows),
        next_cursor=write_cursor(following, workspace_id, "messages", known.customer_id),
    )


def _view(row: MessageRow, program: str) -> MessageView:
    return MessageView(
        id=str(row.message_id),
        program=program,
        version=row.version,
        message=row.message,
        channel=row.channel,
        state=row.state.word,
        caused_at=format_instant(row.caused_at),
        due_at=format_instant(row.due_at),
        until=format_instant(row.until),
        attempts=row.attempts,
        reason=row.reason,
        ended_at=None if row.ended_at is None else format_instant(row.ended_at),
    )
