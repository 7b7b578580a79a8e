"""The only writer of the ledger: everything that decisions did, in a few set-based statements.

A batch is added up first (``store/netting.py``), so that every row is written once. Each statement
names the bucket, takes its rows by ``unnest``, and enforces at the write what must hold: a floor or
cap that would be broken raises :class:`GuardError` (or the table's CHECK does), and the transaction
is lost. The rows of customers come in any order, since the customers are locked; what customers share is
written in sorted order. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.effects import IssueVoucher
from perennial.ledger.lot import LotKey
from perennial.store.challenges import PUT_CHALLENGE_ROUNDS, round_records
from perennial.store.codes.entitlements import (
    INSERT_ENTITLEMENTS,
    EntitlementRow,
    entitlement_id,
    entitlement_records,
)
from perennial.store.codes.redemptions import PUT_REDEMPTIONS, RedemptionRow, redemption_records
from perennial.store.codes.vouchers import (
    INSERT_VOUCHER_CODES,
    INSERT_VOUCHERS,
    USE_VOUCHER,
    VOID_VOUCHER,
    VoucherRow,
    VoucherState,
)
from perennial.store.events import INSERT_EVENTS, EventRow, event_records
from perennial.store.exposures import INSERT_EXPOSURES
from perennial.store.external_ids import IdKind, claim_external_ids
from perennial.store.memberships import LEAVE, left_memberships, write_memberships
from perennial.store.messages import INSERT_MESSAGES, message_records, messages_to_send
from perennial.store.netting import Change, LotSum, Netting, WalletSum
from perennial.store.one_statement import GuardError, Write
from perennial.store.orders import INSERT_ORDERS, UPDATE_ORDERS, OrderRow, order_records
from perennial.store.segments import SegmentMove, write_with_moves
from perennial.units import Instant

__all__ = ["Begins", "Change", "GuardError", "write_effects"]

Begins: TypeAlias = Callable[[UUID, int, int, int], bool]
"""Says whether a counter begins with what is added: that of a customer, a metric and a period, by so much."""


_INSERT_POSTINGS = """
insert into postings (bucket, workspace_id, xact, customer_id, operation_id, position, debit, credit,
    program_id, amount, lot_id, at, unit_id, version, source_id)
select $2, $1, $3::bigint * 281474976710656 + pg_current_xact_id()::text::bigint, new.*
from unnest($4::posting_row[]) as new
"""

_INSERT_TIER_MOVES = """
insert into tier_moves (bucket, workspace_id, xact, customer_id, operation_id, position, program_id,
    version, at, tier_before, tier_after, because)
select $2, $1, $3::bigint * 281474976710656 + pg_current_xact_id()::text::bigint, new.*
from unnest($4::tier_move_row[]) as new
"""

# A wallet that only grows may be new.
_ADD_TO_WALLETS = """
insert into wallets (bucket, workspace_id, customer_id, unit_id, balance, pending, debt, shortfall,
    earned, spent, expired, activated_until, active_at, held)
select $2, $1, new.*
from unnest($3::wallet_row[]) as new
on conflict (bucket, workspace_id, customer_id, unit_id) do update set
    balance = wallets.balance + excluded.balance,
    pending = wallets.pending + excluded.pending,
    debt = wallets.debt + excluded.debt,
    shortfall = wallets.shortfall + excluded.shortfall,
    earned = wallets.earned + excluded.earned,
    spent = wallets.spent + excluded.spent,
    expired = wallets.expired + excluded.expired,
    activated_until = greatest(wallets.activated_until, excluded.activated_until),
    active_at = greatest(wallets.active_at, excluded.active_at),
    held = wallets.held + excluded.held
"""

# What shrinks is there, and keeps its floor of zero. (An upsert would propose a row with negative
# figures, which its CHECK refuses.) The lists of keys keep PostgreSQL from planning a walk over the bucket.
TAKE_FROM_WALLETS = """
update wallets as known
set balance = known.balance + taken.balance,
    pending = known.pending + taken.pending,
    debt = known.debt + taken.debt,
    shortfall = known.shortfall + taken.shortfall,
    earned = known.earned + taken.earned,
    spent = known.spent + taken.spent,
    expired = known.expired + taken.expired,
    activated_until = greatest(known.activated_until, taken.activated_until),
    active_at = greatest(known.active_at, taken.active_at),
    held = known.held + taken.held
from unnest($3::wallet_row[]) as taken
where known.bucket = $2 and known.workspace_id = $1
    and known.customer_id = any($4::uuid[])
    and known.customer_id = taken.customer_id and known.unit_id = taken.unit_id
    and known.balance + taken.balance >= 0
    and known.pending + taken.pending between 0 and known.balance + taken.balance
    and known.debt + taken.debt >= 0 and known.shortfall + taken.shortfall >= 0
    and known.held + taken.held >= 0
"""

_ADD_TO_LOTS = """
insert into lots (bucket, workspace_id, customer_id, unit_id, lot_id, granted, remaining, origin,
    available_at, expires_at, waits_for)
select $2, $1, new.*
from unnest($3::lot_row[]) as new
on conflict (bucket, workspace_id, customer_id, unit_id, lot_id) do update set
    granted = lots.granted + excluded.granted,
    remaining = lots.remaining + excluded.remaining
"""

_TAKE_FROM_LOTS = """
update lots as known
set granted = known.granted + taken.granted, remaining = known.remaining + taken.remaining
from unnest($3::lot_row[]) as taken
where known.bucket = $2 and known.workspace_id = $1
    and known.customer_id = any($4::uuid[])
    and known.customer_id = taken.customer_id and known.unit_id = taken.unit_id
    and known.lot_id = taken.lot_id
    and known.remaining + taken.remaining >= 0
"""

BEGIN_COUNTERS = """
insert into counters (bucket, workspace_id, customer_id, metric, period, value)
select $2, $1, new.* from unnest($3::counter_row[]) as new
"""

_ADD_TO_COUNTERS = f"""
{BEGIN_COUNTERS.strip()}
on conflict (bucket, workspace_id, customer_id, metric, period) do update set
    value = counters.value + excluded.value
"""

_USE_LIMITS = """
insert into limit_uses (bucket, workspace_id, customer_id, limit_id, period, used, cap)
select $2, $1, new.* from unnest($3::limit_use_row[]) as new
on conflict (bucket, workspace_id, customer_id, limit_id, period) do update set
    used = limit_uses.used + excluded.used, cap = excluded.cap
where limit_uses.used + excluded.used <= excluded.cap
"""

# A limit may have been lowered below what is used: giving back then still leaves more than its cap.
_GIVE_BACK_LIMIT = """
update limit_uses
set used = used + $6, cap = greatest($7, used + $6)
where bucket = $2 and workspace_id = $1 and customer_id = $3 and limit_id = $4 and period = $5
    and used + $6 >= 0
returning 1
"""

_TOUCH_LIMIT = """
insert into limit_uses (bucket, workspace_id, customer_id, limit_id, period, used)
values ($2, $1, $3, $4, $5, $6)
on conflict (bucket, workspace_id, customer_id, limit_id, period) do update set
    used = greatest(limit_uses.used, excluded.used)
returning 1
"""

USE_BUDGET = """
update budgets
set used = used + $4, cap = greatest($5, used + $4)
where workspace_id = $1 and budget_id = $2 and period = $3
    and used + $4 >= 0 and ($4 <= 0 or used + $4 <= $5)
returning 1
"""

# For figures alone: the budgets' own rows, which are locked, keep others from writing the same day.
_ADD_TO_BUDGET_DAYS = """
insert into budget_days (workspace_id, budget_id, day, used)
select $1, new.* from unnest($2::bigint[], $3::int[], $4::bigint[]) as new
on conflict (workspace_id, budget_id, day) do update set used = budget_days.used + excluded.used
"""

_SET_TIMERS = """
insert into timers (bucket, workspace_id, customer_id, due_at)
select $2, $1, new.* from unnest($3::timer_row[]) as new
on conflict (bucket, workspace_id, customer_id) do update set due_at = excluded.due_at
"""

_CLEAR_TIMER = """
delete from timers where bucket = $2 and workspace_id = $1 and customer_id = $3
"""


async def write_effects(
    conn: Connection,
    ws: int,
    bucket: int,
    generation: int,
    changes: Iterable[Change],
    dues: Mapping[UUID, Instant | None],
    *,
    orders: Iterable[OrderRow] = (),
    changed_orders: Iterable[OrderRow] = (),
    events: Iterable[EventRow] = (),
    redemptions: Iterable[RedemptionRow] = (),
    moves: Sequence[SegmentMove] = (),
    begins: Begins | None = None,
    now: Instant | None = None,
) -> None:
    """Write what the decisions of one batch did, inside its transaction, with its new rows.

    The customers must be locked by this transaction. ``generation`` is the installation's: it keeps
    transaction numbers ascending across restores. ``dues`` maps customers to their next due instant
    (None: nothing is due). ``orders`` and ``events`` are inserted, ``changed_orders`` written over the stored
    ones and ``redemptions`` put by the same statement, and who enters or leaves a segment by ``moves``.
    ``begins`` says of which counters it is known that they are not there yet: to look for their rows costs as
    much as to insert them. Messages that would be too late at ``now`` (business time) are not written.
    Raises :class:`GuardError` or ``asyncpg.CheckViolationError`` when a floor or cap would be broken,
    ``asyncpg.UniqueViolationError`` when an order, event, voucher or counter is there already, or somebody is
    in a segment, and ``asyncpg.SerializationError`` where somebody has left one.
    """
    net = Netting()
    for change in changes:
        net.add(change)
    dues = {**net.dues, **dues}
    together = [*_inserts(ws, net, generation, orders, events), *_growing(net, begins), *_taken(net)]
    together += [*write_memberships(net.memberships), *_due(dues)]
    if net.messages and (rows := message_records(messages_to_send(ws, net.messages, now))):
        together.append(Write("messages", INSERT_MESSAGES, [rows]))
    if rows := order_records(changed_orders):
        keys = [row[0] for row in rows], [row[1] for row in rows]
        together.append(Write("changed_orders", UPDATE_ORDERS, [rows, *keys]))
    if rows := redemption_records(redemptions):
        together.append(Write("redemptions", PUT_REDEMPTIONS, [rows]))
    await write_with_moves(conn, ws, bucket, together, moves)
    for table, sql, rows in _changing(net):
        await _write_each(conn, table, sql, [(ws, bucket, *row) for row in rows])
    idle = [customer_id for customer_id, at in dues.items() if at is None]
    if idle:
        await conn.executemany(_CLEAR_TIMER, [(ws, bucket, customer_id) for customer_id in idle])
    await _write_shared(conn, ws, bucket, net)


async def _write_each(conn: Connection, table: str, sql: str, rows: list[tuple[Any, ...]]) -> None:
    """Run a guarded update for every row, in one round trip; raise if one was refused."""
    written = len(await conn.fetchmany(sql, rows)) if rows else 0
    if written != len(rows):
        raise GuardError(table, len(rows), written)


def _inserts(
    ws: int, net: Netting, generation: int, orders: Iterable[OrderRow], events: Iterable[EventRow]
) -> Iterator[Write]:
    """What is inserted and was never there."""
    if rows := order_records(orders):
        yield Write("orders", INSERT_ORDERS, [rows])
    if rows := event_records(events):
        yield Write("events", INSERT_EVENTS, [rows])
    if net.postings:
        yield Write("postings", _INSERT_POSTINGS, [generation, net.postings])
    if net.tier_moves:
        yield Write("tier_moves", _INSERT_TIER_MOVES, [generation, net.tier_moves])
    if net.vouchers:
        yield Write("vouchers", INSERT_VOUCHERS, [_voucher_rows(net)])
    if net.exposures:
        yield Write("exposures", INSERT_EXPOSURES, [net.exposures])
    if net.entitlements:
        yield Write("entitlements", INSERT_ENTITLEMENTS, [entitlement_records(_entitlements(ws, net))])


def _growing(net: Netting, begins: Begins | None) -> Iterator[Write]:
    """What is added to a row that may not be there yet."""
    wallets = [(*key, *_figures(each)) for key, each in net.wallets.items() if _only_grows(each)]
    lots = [
        (*name, each.granted, each.remaining, each.key.origin, *_dates(each.key))
        for name, each in net.lots.items()
        if each.key is not None and _fills(each)
    ]
    counters: list[tuple[UUID, int, int, int]] = []
    begun: list[tuple[UUID, int, int, int]] = []
    for key, value in net.counters.items():
        (begun if begins is not None and begins(*key, value) else counters).append((*key, value))
    limits = [(*key, amount, cap) for key, (amount, cap) in net.limits.items() if amount >= 0]
    if wallets:
        yield Write("wallets", _ADD_TO_WALLETS, [wallets])
    if lots:
        yield Write("lots", _ADD_TO_LOTS, [lots])
    if counters:
        yield Write("counters", _ADD_TO_COUNTERS, [counters])
    if begun:
        yield Write("new_counters", BEGIN_COUNTERS, [begun])
    if limits:
        yield Write("limit_uses", _USE_LIMITS, [limits], len(limits))
    if net.rounds:
        rows = round_records(net.rounds)
        yield Write("challenge_rounds", PUT_CHALLENGE_ROUNDS, [rows], len(rows))


def _due(dues: Mapping[UUID, Instant | None]) -> Iterator[Write]:
    due = [(customer_id, at) for customer_id, at in dues.items() if at is not None]
    if due:
        yield Write("timers", _SET_TIMERS, [due])


def _taken(net: Netting) -> Iterator[Write]:
    """What is taken from a row that must be there: lots and their wallets, most often both."""
    wallets = [(*key, *_figures(each)) for key, each in net.wallets.items() if not _only_grows(each)]
    lots = [
        (*name, each.granted, each.remaining, None, None, None, None)
        for name, each in net.lots.items()
        if not _fills(each)
    ]
    if wallets or lots:
        yield Write("taken_wallets", TAKE_FROM_WALLETS, [wallets, [row[0] for row in wallets]], len(wallets))
        yield Write("taken_lots", _TAKE_FROM_LOTS, [lots, [row[0] for row in lots]], len(lots))


def _changing(net: Netting) -> Iterator[tuple[str, str, list[tuple[Any, ...]]]]:
    """What seldom changes of a row that must be there: table, statement and rows."""
    limits = [(*key, amount, cap) for key, (amount, cap) in net.limits.items() if amount < 0]
    touches = [(*key, at) for key, at in net.touches.items()]
    yield "memberships", LEAVE, left_memberships(net.memberships)
    yield "limit_uses", _GIVE_BACK_LIMIT, limits
    yield "limit_uses", _TOUCH_LIMIT, touches


def _fills(lot: LotSum) -> bool:
    """Whether a lot may be new; one that gets back what it granted before is there."""
    return lot.key is not None and 0 <= lot.remaining <= lot.granted


def _only_grows(wallet: WalletSum) -> bool:
    return (
        wallet.balance >= wallet.pending >= 0
        and wallet.debt >= 0
        and wallet.shortfall >= 0
        and wallet.held >= 0
    )


def _figures(wallet: WalletSum) -> tuple[Any, ...]:
    return (
        wallet.balance,
        wallet.pending,
        wallet.debt,
        wallet.shortfall,
        wallet.earned,
        wallet.spent,
        wallet.expired,
        wallet.activated_until,
        wallet.active_at,
        wallet.held,
    )


def _dates(key: LotKey) -> tuple[Any, ...]:
    return key.available_at, key.expires_at, key.waits_for


def _voucher_rows(net: Netting) -> list[tuple[Any, ...]]:
    return [
        msgspec.structs.astuple(
            VoucherRow(
                customer_id=change.customer_id,
                voucher_id=voucher_id,
                operation_id=change.operation_id,
                program_id=change.program_id,
                version=change.version,
                reward=voucher.reward,
                sealed=voucher.code.sealed,
                last4=voucher.code.last4,
                value=voucher.value,
                currency=voucher.currency,
                unit_id=voucher.unit,
                points=voucher.points,
                state=VoucherState.ISSUED,
                issued_at=change.at,
                starts_at=None,
                expires_at=voucher.expires_at,
                uses=voucher.uses,
                bound=voucher.bound,
                tier=voucher.tier,
            )
        )
        for voucher_id, change, voucher in _numbered_vouchers(net)
    ]


def _numbered_vouchers(net: Netting) -> Iterator[tuple[UUID, Change, IssueVoucher]]:
    """Give every voucher its id: the first one of a claim carries the claim's own, others their code's."""
    ids: set[UUID] = set()
    for change, voucher in net.vouchers:
        own = change.source_id
        voucher_id = own if voucher.claimed and own not in ids else voucher.code.code_hash
        ids.add(voucher_id)
        yield voucher_id, change, voucher


def _entitlements(ws: int, net: Netting) -> Iterator[EntitlementRow]:
    """Give everything that was handed out its id, numbered within its operation."""
    numbers: dict[UUID, int] = {}
    for change, effect in net.entitlements:
        number = numbers.get(change.operation_id, 0)
        numbers[change.operation_id] = number + 1
        yield EntitlementRow(
            customer_id=change.customer_id,
            entitlement_id=entitlement_id(ws, change.operation_id, number),
            operation_id=change.operation_id,
            program_id=change.program_id,
            version=change.version,
            kind=effect.kind,
            reward=effect.reward,
            name=effect.name,
            state=effect.state,
            amount=effect.amount,
            currency=effect.currency,
            quantity=effect.quantity,
            unit_id=effect.unit,
            points=effect.points,
            issued_at=change.at,
            changed_at=change.at,
            starts_at=effect.starts_at,
            expires_at=effect.expires_at,
            voucher_id=effect.voucher_id,
        )


async def _write_shared(conn: Connection, ws: int, bucket: int, net: Netting) -> None:
    """Write the rows that have a key of their own and not the bucket's: codes, and last the budgets."""
    if net.vouchers:
        codes = sorted(
            (voucher.code.code_hash, change.customer_id, voucher_id)
            for voucher_id, change, voucher in _numbered_vouchers(net)
        )
        await conn.execute(INSERT_VOUCHER_CODES, ws, bucket, *zip(*codes, strict=True))
    if net.entitlements:
        ids = [(IdKind.ENTITLEMENT, row.entitlement_id, row.customer_id) for row in _entitlements(ws, net)]
        await claim_external_ids(conn, [*ids], ws, bucket)
    budgets = [(ws, *key, *use) for key, use in sorted(net.budgets.items())]
    await _write_each(conn, "budgets", USE_BUDGET, budgets)
    days = [(*key, used) for key, used in sorted(net.budget_days.items()) if used]
    if days:
        await conn.execute(_ADD_TO_BUDGET_DAYS, ws, *zip(*days, strict=True))
    uses = [(ws, *key, change) for key, change in sorted(net.voucher_uses.items()) if change]
    await _write_each(conn, "vouchers", USE_VOUCHER, uses)
    if net.voided_vouchers:
        voided = [(ws, bucket, *key) for key in sorted(net.voided_vouchers)]
        await _write_each(conn, "vouchers", VOID_VOUCHER, voided)
