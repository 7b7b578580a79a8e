"""Vouchers that members hold. They are issued by ``store/effects.py`` with the decision."""

from __future__ import annotations

from enum import IntEnum
from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.units import Instant, Minor, Points, named_id


class VoucherState(IntEnum):
    """The life of a voucher. The numbers are stored: never change or reuse one."""

    ISSUED = 1
    ENDED = 2
    """Its holder was erased: it is worth nothing any more, and its code is gone."""


class VoucherRow(msgspec.Struct):
    """One row of ``vouchers``: worth ``value`` minor units of ``currency`` for ``points`` paid.

    ``tier`` is that of the claim, where the reward gives its members something else than others.
    """

    customer_id: UUID
    voucher_id: UUID
    operation_id: UUID
    program_id: int
    version: int
    reward: str
    code: str
    value: Minor
    currency: str
    unit_id: int
    points: Points
    state: VoucherState
    issued_at: Instant
    expires_at: Instant | None
    tier: str | None = None


_LIST_VOUCHERS = """
select customer_id, voucher_id, operation_id, program_id, version, reward, code, value, currency,
    unit_id, points, state, issued_at, expires_at, tier
from vouchers
where bucket = $2 and workspace_id = $1 and customer_id = $3
order by issued_at desc, voucher_id
limit $4
"""

_FIND_VOUCHER = """
select bucket, customer_id, voucher_id
from voucher_codes
where workspace_id = $1 and code_hash = $2
"""


def _voucher(record: Record) -> VoucherRow:
    values = list(record)
    values[11] = VoucherState(values[11])
    return VoucherRow(*values)


def code_hash(ws: int, code: str) -> UUID:
    """Return the key under which a voucher code is found: equal in upper and lower case."""
    return named_id(ws, "voucher", code.upper())


async def list_vouchers(
    conn: Connection, ws: int, bucket: int, customer_id: UUID, limit: int = 100
) -> list[VoucherRow]:
    """Return the vouchers of a customer, the latest first."""
    rows = await conn.fetch(_LIST_VOUCHERS, ws, bucket, customer_id, limit)
    return [_voucher(row) for row in rows]


async def find_voucher(conn: Connection, ws: int, code: str) -> tuple[int, UUID, UUID] | None:
    """Return the bucket, the customer and the id of the voucher with this code, or None."""
    row = await conn.fetchrow(_FIND_VOUCHER, ws, code_hash(ws, code))
    return (row[0], row[1], row[2]) if row else None
