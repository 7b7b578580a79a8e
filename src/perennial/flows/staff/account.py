"""The own account of a person who is signed in: the name, the password, the proof that it is still them."""

from __future__ import annotations

from perennial.flows.problems import problem
from perennial.flows.staff.guessing import guessing
from perennial.flows.staff.keys import Key, Person
from perennial.flows.staff.passwords import check_password
from perennial.flows.staff.sessions import SECOND, now_of
from perennial.flows.staff.sign_in import Caller, SignInDesk
from perennial.store.database import Database
from perennial.store.staff.sessions import revoke_sessions
from perennial.store.staff.staff import StaffRow, read_staff, set_name, set_password

FRESH_SECONDS = 600
"""Who has no password proves who it is by having signed in so lately."""


async def account_of(database: Database, person: Person) -> StaffRow:
    """Return the account of a person."""
    async with database.unbound() as conn:
        row = await read_staff(conn, person.staff_id)
    assert row is not None, "a session is of somebody"
    return row


async def prove(desk: SignInDesk, person: Person, password: str | None, caller: Caller) -> StaffRow:
    """Return the account, if the password is right; raise the 401 otherwise.

    A session that was left open on a table must not be enough to take the account over. Who has no password
    has to have signed in lately.
    """
    account = await account_of(desk.database, person)
    if account.password_hash is None:
        if now_of() - person.since > FRESH_SECONDS * SECOND:
            raise problem(401, "sign_in_again", "Sign in again before you change this.")
        return account
    async with guessing(desk.database, account.email, caller.place) as tried:
        if not await desk.passwords.is_right(account.password_hash, password or ""):
            raise problem(401, "password_wrong", "The password is wrong.")
        tried.forgive()
    return account


async def rename(database: Database, person: Person, name: str) -> None:
    """Give the person another name."""
    async with database.unbound() as conn:
        await set_name(conn, person.staff_id, name)


async def change_password(desk: SignInDesk, key: Key, password: str, new: str, caller: Caller) -> None:
    """Set another password and end every other session of the person."""
    assert key.person is not None, "a session has a person"
    account = await prove(desk, key.person, password, caller)
    check_password(new, account.email, "$.new_password")
    hashed = await desk.passwords.hash(new)
    async with desk.database.unbound() as conn, conn.transaction():
        await set_password(conn, account.staff_id, hashed)
        await revoke_sessions(conn, account.staff_id, now_of(), key.key_id)
