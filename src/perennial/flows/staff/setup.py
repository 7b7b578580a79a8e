"""The first person of an installation, who owns it: possible once, with a token that the server prints.

The token is derived from the installation's secret. Nothing of it is stored, every worker knows it, and it
opens nothing once there is anybody who can sign in.
"""

from __future__ import annotations

import base64
import hmac

import asyncpg

from perennial.flows.ids import Ids
from perennial.flows.problems import problem
from perennial.flows.staff.passwords import check_password
from perennial.flows.staff.roles import OWNER
from perennial.flows.staff.sessions import now_of, open_session
from perennial.flows.staff.sign_in import Caller, Opened, SignInDesk, clean_email
from perennial.flows.workspaces import all_workspaces, create_workspace
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry
from perennial.store.staff.staff import StaffRow, found_installation, grant_role, insert_staff, is_founded

_OF_INSTALLATION = 0


def setup_token(codebook: Codebook) -> str:
    """Return the token with which the first person is made."""
    return base64.urlsafe_b64encode(codebook.mac(_OF_INSTALLATION, "first person", b"")).decode().rstrip("=")


async def needs_setup(database: Database) -> bool:
    """Tell whether nobody could ever sign in to this installation."""
    async with database.unbound() as conn:
        return not await is_founded(conn)


async def set_up(
    desk: SignInDesk, token: str, first: StaffRow, password: str, workspace: str | None, caller: Caller
) -> Opened:
    """Make the first person, the owner of every workspace, and open a session.

    ``first`` has the address and the name. Raises 401 for a wrong token, 409 where there is somebody.
    """
    if not hmac.compare_digest(token.encode(), setup_token(desk.codebook).encode()):
        raise problem(401, "setup_token_wrong", "That is not the token that this server has printed.")
    if not await needs_setup(desk.database):
        raise _too_late()
    email = clean_email(first.email)
    check_password(password, email)
    if workspace is not None:
        await create_workspace(desk.database, workspace, workspace, sandbox=False)
        await create_workspace(desk.database, f"{workspace}-sandbox"[:63], workspace, sandbox=True)
    places = await all_workspaces(desk.database)
    if not places:
        raise problem(422, "workspace_needed", "Name a workspace: there is none yet.")
    staff = StaffRow(
        staff_id=Ids().next(),
        email=email,
        name=first.name,
        created_at=now_of(),
        password_hash=await desk.passwords.hash(password),
    )
    await _found(desk.database, staff, [place.workspace_id for place in places])
    return Opened(await open_session(desk.database, staff, method="setup", strong=False, agent=caller.agent))


async def _found(database: Database, staff: StaffRow, workspaces: list[int]) -> None:
    ids = Ids()
    try:
        # One transaction for the person, so that of two at the same moment one founds and owns everything.
        async with database.transaction(workspaces[0]) as conn:
            await found_installation(conn, staff.created_at)
            await insert_staff(conn, staff)
            await grant_role(
                conn, workspaces[0], staff.staff_id, OWNER, staff.created_at, f"staff {staff.email}"
            )
    except asyncpg.UniqueViolationError:
        raise _too_late() from None
    for workspace_id in workspaces:
        async with database.transaction(workspace_id) as conn:
            await grant_role(
                conn, workspace_id, staff.staff_id, OWNER, staff.created_at, f"staff {staff.email}"
            )
            entry = AuditEntry(
                entry_id=ids.next(),
                at=staff.created_at,
                actor=f"staff {staff.email}",
                action="staff.founded",
                object=f"staff/{staff.staff_id}",
                after={"email": staff.email, "role": OWNER},
            )
            await insert_audit_entry(conn, workspace_id, entry)


def _too_late() -> Exception:
    return problem(409, "set_up_already", "The installation has an owner already; ask for an invitation.")
