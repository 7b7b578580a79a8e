"""What a customer's past looks like: the statement of the wallets, and everything in order.

Reading locks nothing. A page comes from one snapshot; the next one goes on where its place says,
whatever has been added in front of it in the meantime.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.flows.configuration import Workspace
from perennial.flows.handle_events import Handler
from perennial.flows.problems import problem
from perennial.flows.references import one_program
from perennial.flows.stored import StoredDecision, decode_decisions
from perennial.ledger.account import Account
from perennial.store.customers import CustomerRow, read_customers
from perennial.store.events import EventKind
from perennial.store.statement import (
    StatementCursor,
    StatementLine,
    TimelineEntry,
    read_statement,
    read_timeline,
)
from perennial.units import Instant, Points, bucket_of, format_instant, named_id

_KINDS = {
    None: "order",
    EventKind.RETURN: "return",
    EventKind.EVENT: "event",
    EventKind.CLAIM: "claim",
    EventKind.ADJUSTMENT: "adjustment",
    EventKind.TRANSFER: "transfer",
    EventKind.ASSIGNMENT: "tier_assignment",
    EventKind.TIMERS: "timers",
    EventKind.JOIN: "joined",
    EventKind.LEAVE: "left",
    EventKind.ORDER_REVISION: "order_revision",
    EventKind.POOLED: "pooled",
    EventKind.TRANSFER_RECEIVED: "transfer_received",
}

_MOVES = {
    (Account.ISSUED, True): "earned",
    (Account.ISSUED, False): "taken_back",
    (Account.REDEEMED, True): "given_back",
    (Account.REDEEMED, False): "spent",
    (Account.EXPIRED, True): "unexpired",
    (Account.EXPIRED, False): "expired",
    (Account.ADJUSTED, True): "credited",
    (Account.ADJUSTED, False): "debited",
    (Account.DEBT, True): "lent",
    (Account.DEBT, False): "repaid",
    (Account.IN_TRANSIT, True): "received",
    (Account.IN_TRANSIT, False): "sent",
    (Account.CLOSED, True): "reopened",
    (Account.CLOSED, False): "closed",
}


class _View(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    pass


class LedgerLine(_View, frozen=True):
    """One movement of a wallet.

    ``points`` is what the wallet gained (negative: lost), ``balance`` what it held right after, pending
    points included; ``owed`` is by how much a debt grew. ``move`` says why (``earned``, ``taken_back``,
    ``spent``, ``given_back``, ``expired``, ``credited``, ``debited``, ``sent``, ``received`` and so on),
    ``cause`` and ``cause_id`` which order or event it was. The dates are those of the points.
    """

    at: str
    program: str
    wallet: str
    move: str
    points: Points
    balance: Points
    owed: Points = 0
    cause: str | None = None
    cause_id: str | None = None
    version: int
    available_at: str | None = None
    expires_at: str | None = None


class TimelineProgram(_View, frozen=True):
    """What one program made of it: points per wallet given and taken back."""

    program: str
    version: int
    points: dict[str, Points] = {}
    taken_back: dict[str, Points] = {}


class TimelineItem(_View, frozen=True):
    """One thing that happened, ``kind`` such as ``order``, ``return``, ``event``, ``claim``, ``timers``."""

    kind: str
    id: str | None = None
    occurred_at: str
    recorded_at: str
    programs: tuple[TimelineProgram, ...] = ()


class TimelineCursor(msgspec.Struct, frozen=True, array_like=True):
    """Where the next page of a timeline begins: before this."""

    occurred_at: Instant
    id: UUID


async def read_ledger_page(
    handler: Handler,
    workspace_id: int,
    customer: str,
    *,
    wallet: str | None = None,
    cursor: StatementCursor | None = None,
    limit: int = 50,
) -> tuple[list[LedgerLine], StatementCursor | None]:
    """Return a page of the statement of a customer's wallets, newest first, and where the next begins.

    A customer who pools with a household reads the household's. ``wallet`` is ``program/wallet`` or a
    name that only one program has. Raises the 404 of an unknown customer and a problem for an unknown
    wallet.
    """
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, row = await _customer(conn, workspace, customer)
        names = _wallet_names(workspace)
        unit = _unit(workspace, names, wallet) if wallet is not None else None
        lines, following = await read_statement(
            conn, workspace_id, bucket, row.owner, unit=unit, cursor=cursor, limit=limit
        )
    return [_ledger_line(line, names) for line in lines], following


async def read_timeline_page(
    handler: Handler,
    workspace_id: int,
    customer: str,
    *,
    cursor: TimelineCursor | None = None,
    limit: int = 50,
) -> tuple[list[TimelineItem], TimelineCursor | None]:
    """Return a page of everything that happened to a customer, the latest first, or raise the 404."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        bucket, row = await _customer(conn, workspace, customer)
        before = None if cursor is None else (cursor.occurred_at, cursor.id)
        entries = await read_timeline(
            conn, workspace_id, bucket, row.customer_id, before=before, limit=limit + 1
        )
    names = _wallet_names(workspace)
    items = [_timeline_item(workspace, entry, names) for entry in entries[:limit]]
    if len(entries) <= limit:
        return items, None
    last = entries[limit - 1]
    return items, TimelineCursor(last.occurred_at, last.id)


async def _customer(conn: Connection, workspace: Workspace, name: str) -> tuple[int, CustomerRow]:
    bucket = bucket_of(name, workspace.row.bucket_base, workspace.row.bucket_count)
    customer_id = named_id(workspace.workspace_id, "customer", name)
    found = await read_customers(conn, workspace.workspace_id, bucket, [customer_id])
    row = found.get(customer_id)
    if row is None or row.erased_at is not None:
        raise problem(404, "customer_unknown", f"There is no customer {name!r}.")
    return bucket, row


def _wallet_names(workspace: Workspace) -> dict[int, tuple[str, str]]:
    """Return the program and the wallet of every unit that any version has had."""
    return {
        wallet.unit: (live.code, wallet.spec.id)
        for live in workspace.programs
        for version in live.versions
        for wallet in version.wallets
    }


def _unit(workspace: Workspace, names: dict[int, tuple[str, str]], reference: str) -> int:
    live, wallet = one_program(workspace, reference, "wallet", "query.wallet")
    return next(unit for unit, name in names.items() if name == (live.code, wallet))


def _ledger_line(line: StatementLine, names: dict[int, tuple[str, str]]) -> LedgerLine:
    program, wallet = names[line.unit]
    if line.points:
        move = _MOVES.get((line.other, line.points > 0), line.other.name.lower())
    else:
        move = "owed" if line.owed > 0 else "forgiven"
    return LedgerLine(
        at=format_instant(line.at),
        program=program,
        wallet=wallet,
        move=move,
        points=line.points,
        balance=line.balance,
        owed=line.owed,
        cause=_KINDS[line.source_kind] if line.source_name is not None else None,
        cause_id=line.source_name or None,
        version=line.version,
        available_at=None if line.available_at is None else format_instant(line.available_at),
        expires_at=None if line.expires_at is None else format_instant(line.expires_at),
    )


def _timeline_item(
    workspace: Workspace, entry: TimelineEntry, names: dict[int, tuple[str, str]]
) -> TimelineItem:
    by_program: dict[tuple[int, int], list[StoredDecision]] = {}
    for decision in decode_decisions(entry.decision):
        by_program.setdefault((decision.program, decision.version), []).append(decision)
    return TimelineItem(
        kind=_KINDS[entry.kind],
        id=entry.external_id or None,
        occurred_at=format_instant(entry.occurred_at),
        recorded_at=format_instant(entry.recorded_at),
        programs=tuple(
            _timeline_program(workspace.program_by_id(program_id).code, version, decisions, names)
            for (program_id, version), decisions in by_program.items()
        ),
    )


def _timeline_program(
    code: str, version: int, decisions: list[StoredDecision], names: dict[int, tuple[str, str]]
) -> TimelineProgram:
    points: dict[str, Points] = {}
    taken_back: dict[str, Points] = {}
    for decision in decisions:
        for award in decision.awards:
            wallet = names[award.unit][1]
            points[wallet] = points.get(wallet, 0) + award.points
        for unit, amount in decision.taken_back.items():
            wallet = names[unit][1]
            taken_back[wallet] = taken_back.get(wallet, 0) + amount
    return TimelineProgram(program=code, version=version, points=points, taken_back=taken_back)
