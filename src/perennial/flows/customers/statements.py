"""The past of a customer as the API shows it: the statement of the wallets, and the timeline.

Pages are newest first; a cursor is opaque, and holds what the next page needs to go on exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.flows.configuration import Workspace
from perennial.flows.handle_events import Handler
from perennial.flows.loading.households import home_of
from perennial.flows.merged import follows_merges
from perennial.flows.pages import read_cursor, write_cursor
from perennial.flows.reading import bucket_of_customer, load_customer
from perennial.flows.referrals.sources import sources_of_referrals
from perennial.flows.stored import decode_decisions
from perennial.store.customers.merges import Place
from perennial.store.customers.statement import (
    StatementCursor,
    StatementLine,
    TimelineEntry,
    read_statement,
    read_timeline,
)
from perennial.store.events import EventKind
from perennial.units import Instant, Points, format_instant


class _View(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class StatementEntry(_View, frozen=True):
    """One posting of a wallet: ``points`` gained (negative: lost), the ``balance`` right after it.

    ``because`` is the other account: issued, redeemed, expired, adjusted, debt, in_transit, closed.
    ``source`` names what it belongs to by the caller's own id; ``owed`` is by how much a debt grew. Of what
    a ``referral`` gave or took, the source is the friend's order or event that converted it.
    """

    at: str
    program: str
    wallet: str
    points: Points
    balance: Points
    because: str
    source_type: str
    version: int
    operation: str
    source: str | None = None
    owed: Points = 0
    available_at: str | None = None
    expires_at: str | None = None
    referral: str | None = None


class StatementPage(_View, frozen=True):
    """A page of a statement; ``next_cursor`` is null on the last page."""

    data: tuple[StatementEntry, ...]
    next_cursor: str | None


class TimelineItem(_View, frozen=True):
    """One thing that happened, with the points per wallet (``program/wallet``) that came of it.

    ``referral`` is the id of the referral that gave or took something. Of a message, ``message_sent`` and the
    like, the id is that of the message in its ``program``, and ``reason`` says why it is so.
    """

    at: str
    type: str
    id: str | None = None
    points: dict[str, Points] = {}
    referral: str | None = None
    program: str | None = None
    reason: str | None = None


class TimelinePage(_View, frozen=True):
    """A page of a timeline; ``next_cursor`` is null on the last page."""

    data: tuple[TimelineItem, ...]
    next_cursor: str | None


_MOVES = {True: "segment_entered", False: "segment_left"}


class _TimelineCursor(msgspec.Struct, frozen=True, array_like=True):
    at: Instant
    id: UUID


@follows_merges
async def statement_of(
    handler: Handler, workspace_id: int, customer: str, *, cursor: str | None = None, limit: int = 50
) -> StatementPage:
    """Return a page of the postings of a customer's wallets (those of the household that pools them)."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row, _ = await load_customer(conn, workspace, customer)
        home = await home_of(conn, workspace.row, bucket_of_customer(workspace, customer), row)
        buckets = workspace.row.span if row.household_id is not None else None
        return await _page(conn, workspace, (home, row.owner), cursor, limit, buckets)


async def statement_before(
    handler: Handler, workspace_id: int, place: Place, *, cursor: str | None = None, limit: int = 50
) -> StatementPage:
    """Return a page of the postings of somebody who was merged since, from before it and of it."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        return await _page(conn, workspace, place, cursor, limit)


async def _page(
    conn: Connection,
    workspace: Workspace,
    place: Place,
    cursor: str | None,
    limit: int,
    buckets: tuple[int, int] | None = None,
) -> StatementPage:
    workspace_id, units = workspace.workspace_id, _units(workspace)
    begin = read_cursor(cursor, StatementCursor, workspace_id, "statement", place[1])
    lines, following = await read_statement(
        conn, workspace_id, *place, cursor=begin, limit=limit, buckets=buckets
    )
    about = {line.about for line in lines if line.source_kind is EventKind.REFERRAL and line.about}
    friends = await sources_of_referrals(conn, workspace_id, sorted(about)) if about else {}
    return StatementPage(
        data=tuple(_entry(line, units, friends) for line in lines),
        next_cursor=write_cursor(following, workspace_id, "statement", place[1]),
    )


def _units(workspace: Workspace) -> dict[int, tuple[str, str]]:
    return {
        compiled.unit: (live.code, compiled.spec.id)
        for live in workspace.programs
        for version in live.versions
        for compiled in version.wallets
    }


def _entry(
    line: StatementLine, units: dict[int, tuple[str, str]], friends: Mapping[UUID, str]
) -> StatementEntry:
    program, wallet = units.get(line.unit, ("", ""))
    return StatementEntry(
        at=format_instant(line.at),
        program=program,
        wallet=wallet,
        points=line.points,
        balance=line.balance,
        because=line.other.name.lower(),
        source_type=_type(line.source_kind),
        source=line.source_name or (friends.get(line.about) if line.about else None),
        version=line.version,
        operation=str(line.operation_id),
        owed=line.owed,
        available_at=_text(line.available_at),
        expires_at=_text(line.expires_at),
        referral=_referral(line.source_kind, line.about),
    )


@follows_merges
async def timeline_of(
    handler: Handler, workspace_id: int, customer: str, *, cursor: str | None = None, limit: int = 50
) -> TimelinePage:
    """Return a page of everything that happened to a customer."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row, _ = await load_customer(conn, workspace, customer)
        bucket = bucket_of_customer(workspace, customer)
        begin = read_cursor(cursor, _TimelineCursor, workspace_id, "timeline", row.customer_id)
        before = None if begin is None else (begin.at, begin.id)
        found = await read_timeline(
            conn, workspace_id, bucket, row.customer_id, before=before, limit=limit + 1
        )
    units = _units(workspace)
    programs = {live.program_id: live.code for live in workspace.programs}
    entries = found[:limit]
    more = len(found) > limit
    following = _TimelineCursor(entries[-1].occurred_at, entries[-1].id) if more else None
    return TimelinePage(
        data=tuple(_item(entry, units, programs) for entry in entries),
        next_cursor=write_cursor(following, workspace_id, "timeline", row.customer_id),
    )


def _item(
    entry: TimelineEntry, units: dict[int, tuple[str, str]], programs: Mapping[int, str]
) -> TimelineItem:
    points: dict[str, Points] = {}
    for decision in decode_decisions(entry.decision):
        amounts = [(award.unit, award.points) for award in decision.awards]
        amounts += [(unit, -taken) for unit, taken in decision.taken_back.items()]
        for unit, amount in amounts:
            if amount:
                name = "/".join(units.get(unit, ("", "")))
                points[name] = points.get(name, 0) + amount
    return TimelineItem(
        at=format_instant(entry.occurred_at),
        type=_type_of(entry),
        id=entry.external_id or None,
        points=points,
        referral=_referral(entry.kind, entry.source_id),
        program=None if entry.program_id is None else programs[entry.program_id],
        reason=entry.reason,
    )


def _type_of(entry: TimelineEntry) -> str:
    if entry.message is not None:
        return f"message_{entry.message.word}"
    return _type(entry.kind) if entry.entered is None else _MOVES[entry.entered]


def _referral(kind: EventKind | None, about: UUID | None) -> str | None:
    return str(about) if kind is EventKind.REFERRAL and about is not None else None


def _type(kind: EventKind | None) -> str:
    return "order" if kind is None else kind.name.lower()


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
