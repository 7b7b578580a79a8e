"""What the operator does for people: an owner is added, and somebody who is locked out gets in again.

It takes the machine, and no account: whoever can run commands here owns the database anyway. Everything is in
the audit log of every workspace that it concerns.
"""

from __future__ import annotations

import msgspec

from perennial.flows.problems import problem
from perennial.flows.staff.invitations import write_invitation
from perennial.flows.staff.passwords import Passwords, check_password
from perennial.flows.staff.records import note
from perennial.flows.staff.sessions import now_of
from perennial.flows.staff.sign_in import clean_email
from perennial.flows.staff.staff import roles_of
from perennial.flows.workspaces import all_workspaces, require_workspace
from perennial.store.database import Database
from perennial.store.staff.factors import delete_passkey, drop_totp, list_passkeys
from perennial.store.staff.sessions import revoke_sessions
from perennial.store.staff.staff import (
    ColleagueRow,
    PlaceRow,
    StaffRow,
    find_staff,
    is_founded,
    list_colleagues,
    list_places,
    set_password,
)


class Colleague(msgspec.Struct, frozen=True):
    """A person in a workspace, which is named by its code."""

    workspace: str
    row: ColleagueRow


async def everybody(database: Database) -> list[Colleague]:
    """Return who has a role, workspace by workspace."""
    found: list[Colleague] = []
    for place in await all_workspaces(database):
        async with database.transaction(place.workspace_id) as conn:
            rows = await list_colleagues(conn, place.workspace_id)
        found += [Colleague(place.code, row) for row in rows]
    return found


async def invite_here(database: Database, workspace: str, email: str, role: str, actor: str) -> str:
    """Invite an address to any role, an owner's too, and return the token of the link.

    Raises 404 for an unknown workspace, 422 for an unknown role or a text that is
    no address, 409 where nobody was ever made.
    """
    place = await require_workspace(database, workspace)
    async with database.unbound() as conn:
        if not await is_founded(conn):
            words = "Nobody can sign in yet: the link that perennial start prints makes the first owner."
            raise problem(409, "setup_needed", words)
    if role not in await roles_of(database, place.workspace_id):
        raise problem(422, "role_unknown", f"Workspace {workspace!r} has no role {role!r}.")
    return (await write_invitation(database, place.workspace_id, email, role, actor)).token


async def give_password(database: Database, email: str, password: str, actor: str) -> None:
    """Give somebody another password and end every session of theirs; raises the 404 or the 422."""
    staff = await _known(database, email)
    check_password(password, staff.email)
    hashed = await Passwords().hash(password)
    async with database.unbound() as conn, conn.transaction():
        await set_password(conn, staff.staff_id, hashed)
        await revoke_sessions(conn, staff.staff_id, now_of())
    await _note_everywhere(database, staff, "staff.password_reset", actor)


async def forget_factors(database: Database, email: str, actor: str) -> None:
    """Forget somebody's app, recovery codes and passkeys, and end every session; raises the 404.

    The password alone signs in then; a workspace that demands a second factor asks for a new one.
    """
    staff = await _known(database, email)
    async with database.unbound() as conn, conn.transaction():
        await drop_totp(conn, staff.staff_id)
        for passkey in await list_passkeys(conn, staff.staff_id):
            await delete_passkey(conn, staff.staff_id, passkey.credential_id)
        await revoke_sessions(conn, staff.staff_id, now_of())
    await _note_everywhere(database, staff, "staff.factors_reset", actor)


async def sign_out(database: Database, email: str, actor: str) -> None:
    """End every session of somebody, on every worker at once; raises the 404."""
    staff = await _known(database, email)
    async with database.unbound() as conn:
        await revoke_sessions(conn, staff.staff_id, now_of())
    await _note_everywhere(database, staff, "staff.signed_out", actor)


async def _known(database: Database, email: str) -> StaffRow:
    async with database.unbound() as conn:
        staff = await find_staff(conn, clean_email(email))
    if staff is None:
        raise problem(404, "staff_unknown", f"Nobody here has the address {email!r}.")
    return staff


async def _note_everywhere(database: Database, staff: StaffRow, action: str, actor: str) -> None:
    async with database.unbound() as conn:
        places: list[PlaceRow] = await list_places(conn, staff.staff_id)
    for place in places:
        async with database.transaction(place.workspace_id) as conn:
            after = {"email": staff.email}
            await note(conn, place.workspace_id, actor, action, f"staff/{staff.staff_id}", after=after)
