"""Second factors of the staff: codes of an app, recovery codes, passkeys."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.units import Instant


class PasskeyRow(msgspec.Struct, frozen=True):
    """A passkey: the public half, and how often it says it was used."""

    credential_id: bytes
    staff_id: UUID
    public_key: bytes
    sign_count: int
    name: str
    created_at: Instant
    used_at: Instant | None


_KEEP_TOTP = """
update staff set totp_secret = $2, totp_confirmed_at = null, totp_step = 0
where staff_id = $1 and totp_confirmed_at is null
returning staff_id
"""

# A code is of one step of 30 seconds, and every step counts once: also for requests at the same moment.
_USE_TOTP_STEP = """
update staff set totp_step = $2 where staff_id = $1 and totp_step < $2 and totp_secret is not null
returning staff_id
"""

_CONFIRM_TOTP = """
update staff set totp_confirmed_at = $2 where staff_id = $1 and totp_confirmed_at is null
returning staff_id
"""

_DROP_TOTP = "update staff set totp_secret = null, totp_confirmed_at = null where staff_id = $1"

_DROP_RECOVERY_CODES = "delete from staff_recovery_codes where staff_id = $1"

_INSERT_RECOVERY_CODES = """
insert into staff_recovery_codes (staff_id, code_hash) select $1, unnest($2::bytea[])
"""

_USE_RECOVERY_CODE = """
update staff_recovery_codes set used_at = $3
where staff_id = $1 and code_hash = $2 and used_at is null
returning code_hash
"""

_COUNT_RECOVERY_CODES = "select count(*) from staff_recovery_codes where staff_id = $1 and used_at is null"

_PASSKEY = "credential_id, staff_id, public_key, sign_count, name, created_at, used_at"

_FIND_PASSKEY = f"select {_PASSKEY} from staff_passkeys where credential_id = $1"

_LIST_PASSKEYS = f"""
select {_PASSKEY} from staff_passkeys where staff_id = $1 order by created_at, credential_id
"""

_INSERT_PASSKEY = f"insert into staff_passkeys ({_PASSKEY}) values ($1, $2, $3, $4, $5, $6, $7)"

# A copy of a key counts on its own: a count that does not grow is one that was seen before.
_USE_PASSKEY = """
update staff_passkeys set sign_count = $2, used_at = $3
where credential_id = $1 and (sign_count < $2 or (sign_count = 0 and $2 = 0))
returning credential_id
"""

_DELETE_PASSKEY = """
delete from staff_passkeys where staff_id = $1 and credential_id = $2 returning credential_id
"""


async def keep_totp(conn: Connection, staff_id: UUID, sealed: bytes) -> bool:
    """Keep the secret of an app that is yet to be confirmed; False if one is confirmed already."""
    return await conn.fetchval(_KEEP_TOTP, staff_id, sealed) is not None


async def use_totp_step(conn: Connection, staff_id: UUID, step: int) -> bool:
    """Use the code of a step of time; False if it, or a later one, was used."""
    return await conn.fetchval(_USE_TOTP_STEP, staff_id, step) is not None


async def confirm_totp(conn: Connection, staff_id: UUID, at: Instant) -> bool:
    """Let the app count from now on; False if it did already."""
    return await conn.fetchval(_CONFIRM_TOTP, staff_id, at) is not None


async def drop_totp(conn: Connection, staff_id: UUID) -> None:
    """Forget the app and the recovery codes."""
    await conn.execute(_DROP_TOTP, staff_id)
    await conn.execute(_DROP_RECOVERY_CODES, staff_id)


async def replace_recovery_codes(conn: Connection, staff_id: UUID, hashes: list[bytes]) -> None:
    """Let these be the recovery codes, and none from before."""
    await conn.execute(_DROP_RECOVERY_CODES, staff_id)
    await conn.execute(_INSERT_RECOVERY_CODES, staff_id, hashes)


async def use_recovery_code(conn: Connection, staff_id: UUID, code_hash: bytes, at: Instant) -> bool:
    """Use a recovery code; False if there is none such or it was used."""
    return await conn.fetchval(_USE_RECOVERY_CODE, staff_id, code_hash, at) is not None


async def count_recovery_codes(conn: Connection, staff_id: UUID) -> int:
    """Return how many recovery codes are left."""
    left: int = await conn.fetchval(_COUNT_RECOVERY_CODES, staff_id)
    return left


async def find_passkey(conn: Connection, credential_id: bytes) -> PasskeyRow | None:
    """Return the passkey with this id, or None."""
    record = await conn.fetchrow(_FIND_PASSKEY, credential_id)
    return None if record is None else PasskeyRow(*record)


async def list_passkeys(conn: Connection, staff_id: UUID) -> list[PasskeyRow]:
    """Return the passkeys of a person, oldest first."""
    return [PasskeyRow(*row) for row in await conn.fetch(_LIST_PASSKEYS, staff_id)]


async def insert_passkey(conn: Connection, row: PasskeyRow) -> None:
    """Keep a passkey; raises ``asyncpg.UniqueViolationError`` if its id is known."""
    await conn.execute(
        _INSERT_PASSKEY,
        row.credential_id,
        row.staff_id,
        row.public_key,
        row.sign_count,
        row.name,
        row.created_at,
        row.used_at,
    )


async def use_passkey(conn: Connection, credential_id: bytes, sign_count: int, at: Instant) -> bool:
    """Note that a passkey was used; False if its count did not grow, as a copy's would not."""
    return await conn.fetchval(_USE_PASSKEY, credential_id, sign_count, at) is not None


async def delete_passkey(conn: Connection, staff_id: UUID, credential_id: bytes) -> bool:
    """Forget a passkey of this person; False if there is none such."""
    return await conn.fetchval(_DELETE_PASSKEY, staff_id, credential_id) is not None
