"""Signing in with a password, and with a second factor where the person has one."""

from __future__ import annotations

import re
from uuid import UUID

import msgspec

from perennial.flows.problems import ProblemError, problem
from perennial.flows.staff.guessing import guessing
from perennial.flows.staff.passwords import Passwords
from perennial.flows.staff.second_factors import factors_of, is_right_code
from perennial.flows.staff.sessions import SECOND, new_token, now_of, open_session, token_hash
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database
from perennial.store.staff.sign_in import StepRow, insert_step, read_step, take_step
from perennial.store.staff.staff import StaffRow, find_staff, read_staff

STEP_SECONDS = 300
EMAIL = r"^[^\s@]+@[^\s@]+$"
LONGEST_EMAIL = 254
"""What an address is, wherever one is taken: what signing in does not take would let nobody in."""

_SECOND_STEP = "second step"


class SignInDesk(msgspec.Struct, frozen=True):
    """What signing in needs: the database, the passwords' hasher, the installation's secret."""

    database: Database
    passwords: Passwords
    codebook: Codebook


class Caller(msgspec.Struct, frozen=True):
    """From where somebody signs in: the network address, and what the browser says of itself."""

    place: str
    agent: str


class Opened(msgspec.Struct, frozen=True):
    """A session was begun; ``token`` goes into the cookie and nowhere else."""

    token: str


class Halfway(msgspec.Struct, frozen=True):
    """The password was right and a second factor is wanted: one of ``factors``, with the ``ticket``."""

    ticket: str
    factors: tuple[str, ...]


def clean_email(given: str) -> str:
    """Return an address as it is compared."""
    return given.strip().lower()


def check_email(given: str) -> str:
    """Return an address as it is compared; raise the 422 for a text that is none."""
    email = clean_email(given)
    if len(email) > LONGEST_EMAIL or not re.match(EMAIL, email):
        raise problem(422, "email_invalid", f"{given!r} is no e-mail address, such as anna@example.com.")
    return email


async def sign_in_with_password(
    desk: SignInDesk, email: str, password: str, caller: Caller
) -> Opened | Halfway:
    """Open a session, or ask for the second factor. Wrong in any way is one 401, after the same time."""
    return await go_on(desk, await known_by_password(desk, email, password, caller), caller)


async def known_by_password(desk: SignInDesk, email: str, password: str, caller: Caller) -> StaffRow:
    """Return the person whose password this is, or raise the one 401."""
    address = clean_email(email)
    async with guessing(desk.database, address, caller.place) as tried:
        async with desk.database.unbound() as conn:
            staff = await find_staff(conn, address)
        right = await desk.passwords.is_right(None if staff is None else staff.password_hash, password)
        if staff is None or not right or staff.disabled_at is not None:
            raise wrong()
        tried.forgive()
    return staff


async def go_on(desk: SignInDesk, staff: StaffRow, caller: Caller) -> Opened | Halfway:
    """Open a session for somebody whose password was right, or ask for the second factor."""
    factors = await factors_of(desk.database, staff)
    if factors:
        return Halfway(await begin_step(desk.database, _SECOND_STEP, staff.staff_id, b""), factors)
    token = await open_session(desk.database, staff, method="password", strong=False, agent=caller.agent)
    return Opened(token)


async def sign_in_with_code(desk: SignInDesk, ticket: str, code: str, caller: Caller) -> Opened:
    """End what a right password began, with a code of the app or a recovery code. A code counts once."""
    now = now_of()
    async with desk.database.unbound() as conn:
        step = await read_step(conn, token_hash(ticket), _SECOND_STEP, now)
        staff = None if step is None or step.staff_id is None else await read_staff(conn, step.staff_id)
    if staff is None or staff.disabled_at is not None:
        raise problem(401, "ticket_unknown", "The sign-in took too long, or is over; begin again.")
    async with guessing(desk.database, f"code {staff.email}", caller.place) as tried:
        if not await is_right_code(desk.database, desk.codebook, staff, code):
            raise problem(401, "code_wrong", "The code is wrong, or was used before.")
        tried.forgive()
    await end_step(desk.database, _SECOND_STEP, ticket)
    token = await open_session(
        desk.database, staff, method="password and code", strong=True, agent=caller.agent
    )
    return Opened(token)


def wrong() -> ProblemError:
    """Build the one 401 for every way in which a sign-in is wrong."""
    return problem(401, "sign_in_wrong", "The address or the password is wrong.")


async def begin_step(
    database: Database, kind: str, staff_id: UUID | None, body: bytes, seconds: int = STEP_SECONDS
) -> str:
    """Keep what a second request will need, and return the token by which that gets it."""
    token = new_token()
    async with database.unbound() as conn:
        await insert_step(conn, token_hash(token), StepRow(kind, staff_id, body), now_of() + seconds * SECOND)
    return token


async def end_step(database: Database, kind: str, token: str) -> StepRow:
    """Return what :func:`begin_step` kept, once; raise the 401 if it is over or was taken."""
    async with database.unbound() as conn:
        step = await take_step(conn, token_hash(token), kind, now_of())
    if step is None:
        raise problem(401, "ticket_unknown", "The sign-in took too long, or is over; begin again.")
    return step
