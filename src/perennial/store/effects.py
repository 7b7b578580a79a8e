"""The only writer of the ledger: everything that decisions did, in a few set-based statements.

A batch is added up first (``store/netting.py``), so that every row is written once. Each statement
names the bucket, takes its rows by ``unnest``, and enforces at the write what must hold: a floor or
cap that would be broken raises :class:`GuardError` (or the table's CHECK does), and the transaction
is lost. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from asyncpg import Connection

from perennial.core.effects import IssueVoucher
from perennial.store.events import INSERT_EVENTS, EventRow, event_columns
from perennial.store.netting import Change, Netting, WalletSum
from perennial.store.one_statement import GuardError, Write, write_together
from perennial.store.orders import INSERT_ORDERS, OrderRow, order_columns
from perennial.store.vouchers import VoucherState, code_hash
from perennial.units import Instant

__all__ = ["Change", "GuardError", "write_effects"]


_INSERT_POSTINGS = """
insert into postings (bucket, workspace_id, xact, customer_id, operation_id, position, debit, credit,
    program_id, amount, lot_id, at, unit_id, version, source_id)
select $2, $1, $3::bigint * 281474976710656 + pg_current_xact_id()::text::bigint, new.*
from unnest($4::uuid[], $5::uuid[], $6::smallint[], $7::smallint[], $8::smallint[], $9::smallint[],
    $10::bigint[], $11::bigint[], $12::timestamptz[], $13::int[], $14::int[], $15::uuid[]) as new
"""

_INSERT_TIER_MOVES = """
insert into tier_moves (bucket, workspace_id, xact, customer_id, operation_id, position, program_id,
    version, at, tier_before, tier_after, because)
select $2, $1, $3::bigint * 281474976710656 + pg_current_xact_id()::text::bigint, new.*
from unnest($4::uuid[], $5::uuid[], $6::smallint[], $7::int[], $8::int[], $9::timestamptz[],
    $10::text[], $11::text[], $12::text[]) as new
"""

# A wallet that only grows may be new.
_ADD_TO_WALLETS = """
insert into wallets (bucket, workspace_id, customer_id, unit_id, balance, pending, debt, shortfall,
    earned, spent, expired, activated_until, active_at)
select $2, $1, new.*
from unnest($3::uuid[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
    $10::bigint[], $11::bigint[], $12::timestamptz[], $13::timestamptz[]) as new
on conflict (bucket, workspace_id, customer_id, unit_id) do update set
    balance = wallets.balance + excluded.balance,
    pending = wallets.pending + excluded.pending,
    debt = wallets.debt + excluded.debt,
    shortfall = wallets.shortfall + excluded.shortfall,
    earned = wallets.earned + excluded.earned,
    spent = wallets.spent + excluded.spent,
    expired = wallets.expired + excluded.expired,
    activated_until = greatest(wallets.activated_until, excluded.activated_until),
    active_at = greatest(wallets.active_at, excluded.active_at)
"""

# A wallet of which anything shrinks is there, and keeps its floors of zero: the update finds only
# rows that do. (An upsert would propose a row with negative figures, which its CHECK refuses.)
_TAKE_FROM_WALLETS = """
update wallets set
    balance = wallets.balance + new.balance,
    pending = wallets.pending + new.pending,
    debt = wallets.debt + new.debt,
    shortfall = wallets.shortfall + new.shortfall,
    earned = wallets.earned + new.earned,
    spent = wallets.spent + new.spent,
    expired = wallets.expired + new.expired,
    activated_until = greatest(wallets.activated_until, new.activated_until),
    active_at = greatest(wallets.active_at, new.active_at)
from unnest($3::uuid[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
    $10::bigint[], $11::bigint[], $12::timestamptz[], $13::timestamptz[])
    as new (customer_id, unit_id, balance, pending, debt, shortfall, earned, spent, expired,
        activated_until, active_at)
where wallets.bucket = $2 and wallets.workspace_id = $1
    and wallets.customer_id = any($3)
    and wallets.customer_id = new.customer_id and wallets.unit_id = new.unit_id
    and wallets.balance + new.balance >= 0
    and wallets.pending + new.pending between 0 and wallets.balance + new.balance
    and wallets.debt + new.debt >= 0
    and wallets.shortfall + new.shortfall >= 0
"""

_ADD_TO_LOTS = """
insert into lots (bucket, workspace_id, customer_id, unit_id, lot_id, granted, remaining, origin,
    available_at, expires_at, waits_for)
select $2, $1, new.*
from unnest($3::uuid[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::smallint[],
    $9::timestamptz[], $10::timestamptz[], $11::text[]) as new
on conflict (bucket, workspace_id, customer_id, unit_id, lot_id) do update set
    granted = lots.granted + excluded.granted,
    remaining = lots.remaining + excluded.remaining
"""

_TAKE_FROM_LOTS = """
update lots set
    granted = lots.granted + new.granted,
    remaining = lots.remaining + new.remaining
from unnest($3::uuid[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[])
    as new (customer_id, unit_id, lot_id, granted, remaining)
where lots.bucket = $2 and lots.workspace_id = $1
    and lots.customer_id = any($3)
    and lots.customer_id = new.customer_id and lots.unit_id = new.unit_id and lots.lot_id = new.lot_id
    and lots.remaining + new.remaining >= 0
"""

_JOIN_MEMBERSHIPS = """
insert into memberships (bucket, workspace_id, customer_id, program_id, joined_at, source, tier,
    tier_since, tier_until, tier_floor, left_at)
select $2, $1, new.*
from unnest($3::uuid[], $4::int[], $5::timestamptz[], $6::text[], $7::text[], $8::timestamptz[],
    $9::timestamptz[], $10::text[], $11::timestamptz[]) as new
on conflict (bucket, workspace_id, customer_id, program_id) do update set
    joined_at = excluded.joined_at, source = excluded.source, tier = excluded.tier,
    tier_since = excluded.tier_since, tier_until = excluded.tier_until,
    tier_floor = excluded.tier_floor, left_at = excluded.left_at
"""

_CHANGE_MEMBERSHIPS = """
update memberships set
    tier = case when new.moved then new.tier else memberships.tier end,
    tier_since = case when new.moved then new.tier_since else memberships.tier_since end,
    tier_until = case when new.moved then new.tier_until else memberships.tier_until end,
    tier_floor = case when new.moved then new.tier_floor else memberships.tier_floor end,
    left_at = coalesce(new.left_at, memberships.left_at)
from unnest($3::uuid[], $4::int[], $5::boolean[], $6::text[], $7::timestamptz[], $8::timestamptz[],
    $9::text[], $10::timestamptz[])
    as new (customer_id, program_id, moved, tier, tier_since, tier_until, tier_floor, left_at)
where memberships.bucket = $2 and memberships.workspace_id = $1
    and memberships.customer_id = any($3)
    and memberships.customer_id = new.customer_id and memberships.program_id = new.program_id
"""

_ADD_TO_COUNTERS = """
insert into counters (bucket, workspace_id, customer_id, metric, period, value)
select $2, $1, new.* from unnest($3::uuid[], $4::bigint[], $5::int[], $6::bigint[]) as new
on conflict (bucket, workspace_id, customer_id, metric, period) do update set
    value = counters.value + excluded.value
"""

_USE_LIMITS = """
insert into limit_uses (bucket, workspace_id, customer_id, limit_id, period, used, cap)
select $2, $1, new.* from unnest($3::uuid[], $4::bigint[], $5::int[], $6::bigint[], $7::bigint[]) as new
on conflict (bucket, workspace_id, customer_id, limit_id, period) do update set
    used = limit_uses.used + excluded.used, cap = excluded.cap
where limit_uses.used + excluded.used <= excluded.cap
"""

# A limit may have been lowered below what is used: giving back then still leaves more than its cap.
_GIVE_BACK_LIMITS = """
update limit_uses set
    used = limit_uses.used + new.used, cap = greatest(new.cap, limit_uses.used + new.used)
from unnest($3::uuid[], $4::bigint[], $5::int[], $6::bigint[], $7::bigint[])
    as new (customer_id, limit_id, period, used, cap)
where limit_uses.bucket = $2 and limit_uses.workspace_id = $1
    and limit_uses.customer_id = any($3)
    and limit_uses.customer_id = new.customer_id and limit_uses.limit_id = new.limit_id
    and limit_uses.period = new.period and limit_uses.used + new.used >= 0
"""

_TOUCH_LIMITS = """
insert into limit_uses (bucket, workspace_id, customer_id, limit_id, period, used)
select $2, $1, new.customer_id, new.limit_id, 0, new.at
from unnest($3::uuid[], $4::bigint[], $5::bigint[]) as new (customer_id, limit_id, at)
on conflict (bucket, workspace_id, customer_id, limit_id, period) do update set
    used = greatest(limit_uses.used, excluded.used)
"""

_USE_BUDGETS = """
update budgets set
    used = budgets.used + new.used, cap = greatest(new.cap, budgets.used + new.used)
from unnest($2::bigint[], $3::int[], $4::bigint[], $5::bigint[]) as new (budget_id, period, used, cap)
where budgets.workspace_id = $1 and budgets.budget_id = any($2)
    and budgets.budget_id = new.budget_id and budgets.period = new.period
    and budgets.used + new.used >= 0
    and (new.used <= 0 or budgets.used + new.used <= new.cap)
"""

_INSERT_VOUCHERS = """
insert into vouchers (bucket, workspace_id, customer_id, voucher_id, operation_id, program_id, version,
    reward, code, value, currency, unit_id, points, state, issued_at, expires_at)
select $2, $1, new.*
from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::int[], $7::int[], $8::text[], $9::text[],
    $10::bigint[], $11::text[], $12::int[], $13::bigint[], $14::smallint[], $15::timestamptz[],
    $16::timestamptz[]) as new
"""

_INSERT_VOUCHER_CODES = """
insert into voucher_codes (workspace_id, bucket, code_hash, customer_id, voucher_id)
select $1, $2, new.* from unnest($3::uuid[], $4::uuid[], $5::uuid[]) as new
"""

_SET_TIMERS = """
insert into timers (bucket, workspace_id, customer_id, due_at)
select $2, $1, new.* from unnest($3::uuid[], $4::timestamptz[]) as new
on conflict (bucket, workspace_id, customer_id) do update set due_at = excluded.due_at
"""

_CLEAR_TIMERS = """
delete from timers where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
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
    events: Iterable[EventRow] = (),
) -> None:
    """Write what the decisions of one batch did, inside its transaction, with its new rows.

    The customers must be locked by this transaction. ``generation`` is the installation's: it keeps
    transaction numbers ascending across restores. ``dues`` maps customers to their next due instant
    (None: nothing is due). ``orders`` and ``events`` are inserted by the same statement. Raises
    :class:`GuardError` or ``asyncpg.CheckViolationError`` when a floor or cap would be broken, and
    ``asyncpg.UniqueViolationError`` when an order, event or voucher is there already.
    """
    net = Netting()
    for change in changes:
        net.add(change)
    writes = [
        *_inserts(ws, net, generation, orders, events),
        *_memberships(net),
        *_wallets(net),
        *_lots(net),
        *_counters(net),
        *_limits(net),
        *_timers({**net.dues, **dues}),
    ]
    # One statement writes a table once; a second write of the same table goes into the next one.
    while writes:
        together = list({write.table: write for write in reversed(writes)}.values())
        await write_together(conn, ws, bucket, together)
        writes = [write for write in writes if write not in together]
    await _write_shared(conn, ws, bucket, net)


def _columns(rows: Iterable[Iterable[Any]]) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True))


def _inserts(
    ws: int, net: Netting, generation: int, orders: Iterable[OrderRow], events: Iterable[EventRow]
) -> Iterator[Write]:
    if columns := order_columns(orders):
        yield Write("orders", INSERT_ORDERS, columns)
    if columns := event_columns(events):
        yield Write("events", INSERT_EVENTS, columns)
    if net.postings:
        yield Write("postings", _INSERT_POSTINGS, [generation, *_columns(net.postings)])
    if net.tier_moves:
        yield Write("tier_moves", _INSERT_TIER_MOVES, [generation, *_columns(net.tier_moves)])
    if net.vouchers:
        yield Write("vouchers", _INSERT_VOUCHERS, _columns(_voucher_rows(ws, net)))


def _only_grows(wallet: WalletSum) -> bool:
    return wallet.balance >= wallet.pending >= 0 and wallet.debt >= 0 and wallet.shortfall >= 0


def _wallets(net: Netting) -> Iterator[Write]:
    grown: list[tuple[Any, ...]] = []
    shrunk: list[tuple[Any, ...]] = []
    for key, change in sorted(net.wallets.items()):
        row = (
            *key,
            change.balance,
            change.pending,
            change.debt,
            change.shortfall,
            change.earned,
            change.spent,
            change.expired,
            change.activated_until,
            change.active_at,
        )
        (grown if _only_grows(change) else shrunk).append(row)
    if grown:
        yield Write("wallets", _ADD_TO_WALLETS, _columns(grown))
    if shrunk:
        yield Write("wallets", _TAKE_FROM_WALLETS, _columns(shrunk), len(shrunk))


def _lots(net: Netting) -> Iterator[Write]:
    grown: list[tuple[Any, ...]] = []
    shrunk: list[tuple[Any, ...]] = []
    for name, change in sorted(net.lots.items()):
        key = change.key
        if key is not None and change.remaining >= 0:
            dates = (key.available_at, key.expires_at, key.waits_for)
            grown.append((*name, change.granted, change.remaining, key.origin, *dates))
        else:
            shrunk.append((*name, change.granted, change.remaining))
    if grown:
        yield Write("lots", _ADD_TO_LOTS, _columns(grown))
    if shrunk:
        yield Write("lots", _TAKE_FROM_LOTS, _columns(shrunk), len(shrunk))


def _memberships(net: Netting) -> Iterator[Write]:
    joined: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for key, change in sorted(net.memberships.items()):
        tier = (change.tier, change.tier_since, change.tier_until, change.tier_floor)
        if change.joined_at is not None:
            joined.append((*key, change.joined_at, change.source, *tier, change.left_at))
        else:
            changed.append((*key, change.moved, *tier, change.left_at))
    if joined:
        yield Write("memberships", _JOIN_MEMBERSHIPS, _columns(joined))
    if changed:
        yield Write("memberships", _CHANGE_MEMBERSHIPS, _columns(changed), len(changed))


def _counters(net: Netting) -> Iterator[Write]:
    if net.counters:
        rows = [(*key, value) for key, value in sorted(net.counters.items())]
        yield Write("counters", _ADD_TO_COUNTERS, _columns(rows))


def _limits(net: Netting) -> Iterator[Write]:
    used: list[tuple[Any, ...]] = []
    given_back: list[tuple[Any, ...]] = []
    for limit, (amount, cap) in sorted(net.limits.items()):
        (used if amount >= 0 else given_back).append((*limit, amount, cap))
    if used:
        yield Write("limit_uses", _USE_LIMITS, _columns(used), len(used))
    if given_back:
        yield Write("limit_uses", _GIVE_BACK_LIMITS, _columns(given_back), len(given_back))
    if net.touches:
        touched = [(*key, at) for key, at in sorted(net.touches.items())]
        yield Write("limit_uses", _TOUCH_LIMITS, _columns(touched))


def _timers(dues: Mapping[UUID, Instant | None]) -> Iterator[Write]:
    due = sorted((customer_id, at) for customer_id, at in dues.items() if at is not None)
    idle = sorted(customer_id for customer_id, at in dues.items() if at is None)
    if due:
        yield Write("timers", _SET_TIMERS, _columns(due))
    if idle:
        yield Write("timers", _CLEAR_TIMERS, [idle])


def _voucher_rows(ws: int, net: Netting) -> list[tuple[Any, ...]]:
    rows = []
    for voucher_id, change, voucher in _numbered_vouchers(ws, net):
        rows.append(
            (
                change.customer_id,
                voucher_id,
                change.operation_id,
                change.program_id,
                change.version,
                voucher.reward,
                voucher.code,
                voucher.value,
                voucher.currency,
                voucher.unit,
                voucher.points,
                VoucherState.ISSUED,
                change.at,
                voucher.expires_at,
            )
        )
    return rows


def _numbered_vouchers(ws: int, net: Netting) -> Iterator[tuple[UUID, Change, IssueVoucher]]:
    """Give every voucher its id: the first one of a claim carries the claim's own."""
    ids: set[UUID] = set()
    for change, voucher in net.vouchers:
        own = change.source_id
        voucher_id = code_hash(ws, voucher.code) if own in ids else own
        ids.add(voucher_id)
        yield voucher_id, change, voucher


async def _write_shared(conn: Connection, ws: int, bucket: int, net: Netting) -> None:
    """Write the rows that have a key of their own and not the bucket's: codes, and last the budgets."""
    if net.vouchers:
        codes = sorted(
            (code_hash(ws, voucher.code), change.customer_id, voucher_id)
            for voucher_id, change, voucher in _numbered_vouchers(ws, net)
        )
        await conn.execute(_INSERT_VOUCHER_CODES, ws, bucket, *_columns(codes))
    if net.budgets:
        rows = [(*key, *use) for key, use in sorted(net.budgets.items())]
        status = await conn.execute(_USE_BUDGETS, ws, *_columns(rows))
        written = int(status.rpartition(" ")[2])
        if written != len(rows):
            raise GuardError("budgets", len(rows), written)
