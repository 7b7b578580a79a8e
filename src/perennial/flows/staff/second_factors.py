"""Second factors: the codes of an app (TOTP), each good once, and recovery codes for when it is lost."""

from __future__ import annotations

import hmac
import re
import secrets

import msgspec
import pyotp

from perennial.flows.problems import ProblemError, problem
from perennial.flows.staff.keys import Key
from perennial.flows.staff.sessions import SECOND, now_of
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database
from perennial.store.staff.factors import (
    confirm_totp,
    count_recovery_codes,
    drop_totp,
    keep_totp,
    list_passkeys,
    replace_recovery_codes,
    use_recovery_code,
    use_totp_step,
)
from perennial.store.staff.sessions import strengthen_session
from perennial.store.staff.staff import StaffRow

STEP_SECONDS = 30
RECOVERY_CODES = 10
ISSUER = "Perennial"

_OF_STAFF = 0
"""Where a workspace is asked for: staff are of none."""

_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_SIX_DIGITS = re.compile(r"[0-9]{6}\Z", re.ASCII)


class NewApp(msgspec.Struct, frozen=True):
    """The secret for an app, as text and as what its camera reads; shown this once."""

    secret: str
    uri: str


async def factors_of(database: Database, staff: StaffRow) -> tuple[str, ...]:
    """Return which second factors a person has: ``totp`` with ``recovery_code``, ``passkey``."""
    async with database.unbound() as conn:
        passkeys = await list_passkeys(conn, staff.staff_id)
    app = ("totp", "recovery_code") if staff.totp_confirmed_at is not None else ()
    return app + (("passkey",) if passkeys else ())


async def begin_totp(database: Database, codebook: Codebook, staff: StaffRow) -> NewApp:
    """Make a secret for an app. It counts once a code of it was shown; raises 409 if an app counts."""
    secret = pyotp.random_base32()
    async with database.unbound() as conn:
        kept = await keep_totp(conn, staff.staff_id, codebook.seal(_OF_STAFF, secret))
    if not kept:
        raise problem(409, "totp_is_on", "There is an app already; take it away first.")
    return NewApp(secret, pyotp.TOTP(secret).provisioning_uri(name=staff.email, issuer_name=ISSUER))


async def finish_totp(
    database: Database, codebook: Codebook, staff: StaffRow, code: str, caller: Key
) -> tuple[str, ...]:
    """Let the app count, for a right code of it; return the recovery codes, shown this once."""
    if not await _is_right_totp(database, codebook, staff, code):
        raise _wrong_code()
    codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
    hashes = [_recovery_hash(codebook, staff, each) for each in codes]
    async with database.unbound() as conn, conn.transaction():
        if not await confirm_totp(conn, staff.staff_id, now_of()):
            raise problem(409, "totp_is_on", "There is an app already; take it away first.")
        await replace_recovery_codes(conn, staff.staff_id, hashes)
        await strengthen_session(conn, caller.key_id)
    return codes


async def remove_totp(database: Database, staff: StaffRow) -> None:
    """Forget the app and the recovery codes; the caller has asked for the password."""
    async with database.unbound() as conn, conn.transaction():
        await drop_totp(conn, staff.staff_id)


async def recovery_codes_left(database: Database, staff: StaffRow) -> int:
    """Return how many recovery codes a person has left."""
    async with database.unbound() as conn:
        return await count_recovery_codes(conn, staff.staff_id)


async def is_right_code(database: Database, codebook: Codebook, staff: StaffRow, code: str) -> bool:
    """Use a code of the app or a recovery code, and tell whether it was one. Each is good once."""
    if staff.totp_confirmed_at is None:
        return False
    if _SIX_DIGITS.match(code.strip()):
        return await _is_right_totp(database, codebook, staff, code.strip())
    async with database.unbound() as conn:
        given = _recovery_hash(codebook, staff, code)
        return await use_recovery_code(conn, staff.staff_id, given, now_of())


async def _is_right_totp(database: Database, codebook: Codebook, staff: StaffRow, code: str) -> bool:
    """Use the code of this step of time, the one before or the one after, for clocks differ a little."""
    if staff.totp_secret is None or _SIX_DIGITS.match(code) is None:
        return False
    totp = pyotp.TOTP(codebook.open(_OF_STAFF, staff.totp_secret))
    now = now_of() // SECOND // STEP_SECONDS
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), code):
            async with database.unbound() as conn:
                return await use_totp_step(conn, staff.staff_id, step)
    return False


def _recovery_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def _recovery_hash(codebook: Codebook, staff: StaffRow, code: str) -> bytes:
    plain = re.sub(r"[\s-]", "", code.lower())
    return codebook.mac(_OF_STAFF, "recovery code", staff.staff_id.bytes + plain.encode())


def _wrong_code() -> ProblemError:
    return problem(401, "code_wrong", "The code is wrong, or was used before.")
