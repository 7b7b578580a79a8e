"""The codes by which members refer others: found by a keyed hash, and sealed."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.units import Instant


class ReferralCodeRow(msgspec.Struct, frozen=True):
    """Whose a code is, and in which program."""

    bucket: int
    customer_id: UUID
    program_id: int


_FIND_CODES = """
select code_hash, bucket, customer_id, program_id
from referral_codes
where workspace_id = $1 and code_hash = any($2::uuid[])
"""

_READ_CODE = """
select sealed
from referral_codes
where bucket = $2 and workspace_id = $1 and customer_id = $3 and program_id = $4
"""

# A code that is also that of a voucher or of somebody else would be found as either: another one is drawn.
_INSERT_CODE = """
insert into referral_codes (workspace_id, bucket, code_hash, customer_id, program_id, sealed, created_at)
select $1, $2, $3, $4, $5, $6, $7
where not exists (select from voucher_codes where workspace_id = $1 and code_hash = $3)
on conflict do nothing
returning 1
"""

_ERASE_CODES = """
delete from referral_codes
where bucket = $2 and workspace_id = $1 and customer_id = any($3::uuid[])
"""


async def find_codes(conn: Connection, ws: int, code_hashes: Collection[UUID]) -> dict[UUID, ReferralCodeRow]:
    """Return whose codes these are, by their hashes."""
    rows = await conn.fetch(_FIND_CODES, ws, list(code_hashes))
    return {code_hash: ReferralCodeRow(*row) for code_hash, *row in rows}


async def read_code(
    conn: Connection, ws: int, bucket: int, customer_id: UUID, program_id: int
) -> bytes | None:
    """Return the sealed code of a member in a program, if there is one."""
    sealed: bytes | None = await conn.fetchval(_READ_CODE, ws, bucket, customer_id, program_id)
    return sealed


async def insert_code(
    conn: Connection, ws: int, code_hash: UUID, row: ReferralCodeRow, sealed: bytes, at: Instant
) -> bool:
    """Give a member, who is locked, a code; return False if it is somebody's already."""
    return bool(
        await conn.fetchval(
            _INSERT_CODE, ws, row.bucket, code_hash, row.customer_id, row.program_id, sealed, at
        )
    )


async def erase_codes(conn: Connection, ws: int, bucket: int, customers: list[UUID]) -> None:
    """Forget the codes of customers who are locked: nobody is referred by them any more."""
    await conn.execute(_ERASE_CODES, ws, bucket, customers)
