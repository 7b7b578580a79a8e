"""Inviting: whoever has the link becomes one of the staff, once. There is no mail yet: the link is shown."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import msgspec

from perennial.flows.ids import Ids
from perennial.flows.problems import ProblemError, field_problem, problem
from perennial.flows.staff.guessing import guessing
from perennial.flows.staff.keys import Key
from perennial.flows.staff.passwords import check_password
from perennial.flows.staff.records import note
from perennial.flows.staff.sessions import SECOND, new_token, now_of, open_session, token_hash
from perennial.flows.staff.sign_in import (
    Caller,
    Halfway,
    Opened,
    SignInDesk,
    check_email,
    go_on,
    known_by_password,
)
from perennial.flows.staff.staff import roles_of, within
from perennial.store.database import Database
from perennial.store.staff.invitations import (
    InvitationRow,
    find_invitation,
    insert_invitation,
    list_invitations,
    revoke_invitation,
    use_invitation,
)
from perennial.store.staff.staff import StaffRow, find_staff, grant_role, insert_staff
from perennial.store.workspaces import read_workspace

DAYS = 7


class Invitation(msgspec.Struct, frozen=True):
    """A new invitation, and the token of its link, which is kept nowhere."""

    row: InvitationRow
    token: str


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """What an invitation says to whoever holds it. ``known``: there is an account with the address."""

    email: str
    workspace: str
    role: str
    known: bool


async def invite(database: Database, caller: Key, email: str, code: str) -> Invitation:
    """Invite an address to a role of the caller's workspace; nobody invites to more than the own role."""
    role = (await roles_of(database, caller.workspace_id)).get(code)
    if role is None:
        raise field_problem("$.role", "role_unknown", f"there is no role {code!r}")
    within(caller, role)
    return await write_invitation(database, caller.workspace_id, email, code, caller.actor)


async def write_invitation(
    database: Database, workspace_id: int, email: str, role: str, actor: str
) -> Invitation:
    """Invite an address to a role, whoever may; raise the 422 for a text that is no address."""
    now, token = now_of(), new_token()
    row = InvitationRow(
        workspace_id=workspace_id,
        invitation_id=Ids().next(),
        email=check_email(email),
        role=role,
        actor=actor,
        created_at=now,
        expires_at=now + DAYS * 24 * 3600 * SECOND,
    )
    async with database.transaction(workspace_id) as conn:
        await insert_invitation(conn, row, token_hash(token))
        await note(
            conn,
            workspace_id,
            actor,
            "staff.invited",
            f"invitation/{row.invitation_id}",
            after={"email": row.email, "role": role},
        )
    return Invitation(row, token)


async def open_invitations(database: Database, workspace_id: int) -> list[InvitationRow]:
    """Return the invitations that nobody has used, the latest first."""
    async with database.transaction(workspace_id) as conn:
        return await list_invitations(conn, workspace_id, now_of())


async def take_back(database: Database, caller: Key, invitation_id: UUID) -> None:
    """Take an invitation back; raise the 404 if it is not open."""
    async with database.transaction(caller.workspace_id) as conn:
        row = await revoke_invitation(conn, caller.workspace_id, invitation_id, now_of())
        if row is None:
            raise problem(404, "invitation_unknown", "There is no such open invitation.")
        await note(
            conn,
            caller.workspace_id,
            caller.actor,
            "staff.invitation_revoked",
            f"invitation/{invitation_id}",
            before={"email": row.email, "role": row.role},
        )


async def look_at(database: Database, token: str) -> Invited:
    """Return what the link with this token invites to, and leave it."""
    async with database.unbound() as conn:
        row = await find_invitation(conn, token_hash(token), now_of())
        if row is None:
            raise _over()
        staff = await find_staff(conn, row.email)
        workspace = await read_workspace(conn, row.workspace_id)
    return Invited(email=row.email, workspace=workspace.name, role=row.role, known=staff is not None)


async def accept(desk: SignInDesk, token: str, name: str, password: str, caller: Caller) -> Opened | Halfway:
    """Become one of the staff and sign in. Who has an account proves it with its password.

    Raises the 404 for a link that was used, taken back or is over: of many at one moment one gets in.
    """
    now = now_of()
    async with desk.database.unbound() as conn:
        row = await find_invitation(conn, token_hash(token), now)
        if row is None:
            raise _over()
        known = await find_staff(conn, row.email)
    if known is not None:
        await known_by_password(desk, row.email, password, caller)
        await _join(desk.database, row, known, is_new=False)
        return await go_on(desk, known, caller)
    check_password(password, row.email)
    async with guessing(desk.database, f"invitation {row.email}", caller.place) as tried:
        hashed = await desk.passwords.hash(password)
        tried.forgive()
    staff = StaffRow(staff_id=Ids().next(), email=row.email, name=name, created_at=now, password_hash=hashed)
    await _join(desk.database, row, staff, is_new=True)
    token = await open_session(desk.database, staff, method="invitation", strong=False, agent=caller.agent)
    return Opened(token)


async def _join(database: Database, row: InvitationRow, staff: StaffRow, *, is_new: bool) -> None:
    try:
        async with database.transaction(row.workspace_id) as conn:
            now = now_of()
            if await use_invitation(conn, row.workspace_id, row.invitation_id, now) is None:
                raise _over()
            if is_new:
                await insert_staff(conn, staff)
            await grant_role(conn, row.workspace_id, staff.staff_id, row.role, now, row.actor)
            await note(
                conn,
                row.workspace_id,
                f"staff {staff.email}",
                "staff.joined",
                f"staff/{staff.staff_id}",
                after={"email": staff.email, "role": row.role, "invited_by": row.actor},
            )
    except asyncpg.UniqueViolationError:
        raise problem(409, "staff_exists", "There is an account with this address now; sign in.") from None


def _over() -> ProblemError:
    return problem(404, "invitation_unknown", "The link was used, taken back, or is over; ask for another.")
