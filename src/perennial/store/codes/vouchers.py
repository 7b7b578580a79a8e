"""Vouchers: what a code is good for, whose it is, and how often it was used.

Decisions issue them through ``store/effects.py``, pools through ``store/codes/pools.py``. Who has a
code first finds here the bucket, the customer and the voucher by the code's hash, and then reads the row.
A voucher may move to another customer in between: who does not find the row any more asks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import IntEnum
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.store.one_statement import GuardError
from perennial.units import Instant, Minor, Points


class VoucherState(IntEnum):
    """The life of a voucher. The numbers are stored: never change or reuse one."""

    ISSUED = 1
    ENDED = 2
    """Its holder was erased: it is worth nothing any more, and its code is gone."""
    VOIDED = 3
    """Somebody took it back, with a reason."""


class VoucherRow(msgspec.Struct):
    """One row of ``vouchers``: worth ``value`` minor units of ``currency`` for ``points`` paid.

    A bearer's voucher is its own customer. A ``bound`` one is for its customer alone, one with a
    ``referrer_id``, who is that customer, for everybody else. ``uses`` is None where there is no end.
    ``tier`` is that of the claim, where the reward gives its members something else than others.
    """

    customer_id: UUID
    voucher_id: UUID
    operation_id: UUID
    program_id: int
    version: int
    reward: str
    sealed: bytes
    last4: str
    value: Minor
    currency: str
    unit_id: int
    points: Points
    state: VoucherState
    issued_at: Instant
    starts_at: Instant | None
    expires_at: Instant | None
    used: int = 0
    uses: int | None = 1
    bound: bool = False
    batch_id: UUID | None = None
    referrer_id: UUID | None = None
    tier: str | None = None

    @property
    def is_bearers(self) -> bool:
        """Whether it belongs to no customer."""
        return self.customer_id == self.voucher_id

    @property
    def holder(self) -> UUID | None:
        """The customer for whom alone it is; of a bound one that nobody has yet it is nobody's id."""
        return self.customer_id if self.bound else None

    @property
    def uses_left(self) -> int | None:
        """How often it may still be used; None: without end."""
        return None if self.uses is None else self.uses - self.used


Place: TypeAlias = tuple[int, UUID, UUID]
"""Where a voucher is: its bucket, its customer, its id."""

COLUMNS = """customer_id, voucher_id, operation_id, program_id, version, reward, sealed, last4, value,
    currency, unit_id, points, state, issued_at, starts_at, expires_at, used, uses, bound, batch_id,
    referrer_id, tier"""

INSERT_VOUCHERS = f"""
insert into vouchers (bucket, workspace_id, {COLUMNS})
select $2, $1, new.*
from unnest($3::voucher_row[]) as new
"""

INSERT_VOUCHER_CODES = """
insert into voucher_codes (workspace_id, bucket, code_hash, customer_id, voucher_id)
select $1, $2, new.* from unnest($3::uuid[], $4::uuid[], $5::uuid[]) as new
"""

_FIND_VOUCHERS = """
select found.*
from unnest($2::uuid[]) as wanted (code_hash)
cross join lateral (
    select code_hash, bucket, customer_id, voucher_id
    from voucher_codes
    where workspace_id = $1 and code_hash = wanted.code_hash
    offset 0
) as found
"""

_LOAD_VOUCHERS = f"""
select found.*
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, voucher_id)
cross join lateral (
    select {COLUMNS}
    from vouchers
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and voucher_id = wanted.voucher_id
    offset 0
) as found
"""

# The rows are looked up, and locked, one after the other in the order of the keys that are given.
_LOCK_VOUCHERS = f"""
select found.*
from unnest($3::uuid[], $4::uuid[]) as wanted (customer_id, voucher_id)
cross join lateral (
    select {COLUMNS}
    from vouchers
    where bucket = $2 and workspace_id = $1 and customer_id = wanted.customer_id
        and voucher_id = wanted.voucher_id
    offset 0
    for update
) as found
"""

# What nobody used of a reward that came without a claim, as what completing a challenge gives.
_LOCK_UNUSED = """
select voucher_id, issued_at, value
from vouchers
where bucket = $2 and workspace_id = $1 and customer_id = $3 and program_id = $4 and reward = $5
    and state = 1 and used = 0
order by voucher_id
for update
"""

# Likewise the codes of a pool that came with it: what was handed over names its code.
_LOCK_UNUSED_CODES = """
select vouchers.voucher_id, vouchers.issued_at, 0::bigint
from entitlements
join vouchers on vouchers.voucher_id = entitlements.voucher_id
where entitlements.bucket = $2 and entitlements.workspace_id = $1 and entitlements.customer_id = $3
    and entitlements.program_id = $4 and entitlements.reward = $5
    and vouchers.bucket = $2 and vouchers.workspace_id = $1 and vouchers.customer_id = $3
    and vouchers.state = 1 and vouchers.used = 0
order by vouchers.voucher_id
for update of vouchers
"""

_LOCK_VOUCHERS_OF = f"""
select {COLUMNS}
from vouchers
where bucket = $2 and workspace_id = $1 and customer_id = $3
order by voucher_id
for update
"""

_LIST_VOUCHERS = f"""
select {COLUMNS}
from vouchers
where bucket = $2 and workspace_id = $1 and customer_id = $3
    and ($5::timestamptz is null or (issued_at, voucher_id) < ($5, $6::uuid))
order by issued_at desc, voucher_id desc
limit $4
"""

# What was given back may be used again, whatever became of the voucher; a new use needs one that is issued.
USE_VOUCHER = """
update vouchers
set used = used + $5
where bucket = $2 and workspace_id = $1 and customer_id = $3 and voucher_id = $4
    and used + $5 >= 0 and (uses is null or used + $5 <= uses) and ($5 <= 0 or state = 1)
returning 1
"""

# What somebody used stays theirs; of what is held for an order a use is taken as well.
VOID_VOUCHER = """
update vouchers
set state = 3
where bucket = $2 and workspace_id = $1 and customer_id = $3 and voucher_id = $4 and state = 1 and used = 0
returning 1
"""

_SET_STATE = """
update vouchers
set state = $6
where bucket = $2 and workspace_id = $1 and customer_id = $3 and voucher_id = $4 and state = $5
returning 1
"""


def voucher_of(record: Iterable[Any]) -> VoucherRow:
    """Return the row of a record with the columns of a voucher."""
    row = VoucherRow(*record)
    row.state = VoucherState(row.state)
    return row


async def find_vouchers(conn: Connection, ws: int, code_hashes: Collection[UUID]) -> dict[UUID, Place]:
    """Return the place of each voucher that has one of these codes, by the hash of the code."""
    if not code_hashes:
        return {}
    rows = await conn.fetch(_FIND_VOUCHERS, ws, list(code_hashes))
    return {code_hash: (bucket, customer, voucher) for code_hash, bucket, customer, voucher in rows}


async def load_vouchers(
    conn: Connection, ws: int, bucket: int, keys: Collection[tuple[UUID, UUID]], *, lock: bool = True
) -> dict[UUID, VoucherRow]:
    """Return the vouchers of a bucket among ``(customer_id, voucher_id)`` by their ids.

    With ``lock`` they are locked, in sorted order, until the transaction ends.
    """
    ordered = sorted(set(keys), key=lambda key: (key[0].bytes, key[1].bytes))
    if not ordered:
        return {}
    sql = _LOCK_VOUCHERS if lock else _LOAD_VOUCHERS
    rows = await conn.fetch(sql, ws, bucket, *zip(*ordered, strict=True))
    found = [voucher_of(row) for row in rows]
    return {voucher.voucher_id: voucher for voucher in found}


async def lock_unused(
    conn: Connection, ws: int, bucket: int, customer_id: UUID, program_id: int, reward: str, *, drawn: bool
) -> dict[UUID, Minor]:
    """Lock the vouchers of a customer that a reward gave and nobody used; return what each is worth.

    The latest comes first. Where codes of a pool are ``drawn``, these are they: worth 0 here.
    """
    sql = _LOCK_UNUSED_CODES if drawn else _LOCK_UNUSED
    rows = await conn.fetch(sql, ws, bucket, customer_id, program_id, reward)
    latest = sorted(rows, key=lambda row: (row[1], row[0].bytes), reverse=True)
    return {voucher: value for voucher, _, value in latest}


async def list_vouchers(
    conn: Connection,
    ws: int,
    bucket: int,
    customer_id: UUID,
    limit: int = 100,
    before: tuple[Instant, UUID] | None = None,
) -> list[VoucherRow]:
    """Return the vouchers of a customer, the latest first; ``before`` is the last one of a page before."""
    begin = before if before is not None else (None, None)
    rows = await conn.fetch(_LIST_VOUCHERS, ws, bucket, customer_id, limit, *begin)
    return [voucher_of(row) for row in rows]


async def use_vouchers(
    conn: Connection, ws: int, bucket: int, deltas: Iterable[tuple[UUID, UUID, int]]
) -> None:
    """Use vouchers of a bucket, or give uses back: ``(customer_id, voucher_id, times)``.

    Raises :class:`GuardError` if one of them is used up, voided or gone, or was not used so often.
    """
    rows = [(ws, bucket, *delta) for delta in sorted(deltas, key=lambda each: (each[0].bytes, each[1].bytes))]
    written = len(await conn.fetchmany(USE_VOUCHER, rows)) if rows else 0
    if written != len(rows):
        raise GuardError("vouchers", len(rows), written)


async def set_voucher_state(
    conn: Connection, ws: int, place: Place, before: VoucherState, after: VoucherState
) -> bool:
    """Move a voucher from one state to another; return False if it was in neither, or is gone."""
    bucket, customer_id, voucher_id = place
    return bool(await conn.fetchval(_SET_STATE, ws, bucket, customer_id, voucher_id, before, after))


async def lock_vouchers_of(conn: Connection, ws: int, bucket: int, customer_id: UUID) -> list[VoucherRow]:
    """Lock and return every voucher of a customer."""
    return [voucher_of(row) for row in await conn.fetch(_LOCK_VOUCHERS_OF, ws, bucket, customer_id)]
