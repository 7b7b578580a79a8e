"""Sessions of the staff: opened by a sign-in, looked up on every request, over at once when revoked."""

from __future__ import annotations

import secrets
import time
from hashlib import sha256
from uuid import UUID

from perennial.flows.ids import Ids
from perennial.flows.problems import problem
from perennial.flows.staff.keys import Key, Person
from perennial.flows.staff.roles import BUILT_IN
from perennial.flows.staff.scopes import Scope
from perennial.store.database import Database
from perennial.store.staff.sessions import (
    PresentRow,
    SessionRow,
    find_present,
    insert_session,
    list_sessions,
    move_session,
    revoke_session,
    revoke_sessions,
    touch_session,
)
from perennial.store.staff.staff import PlaceRow, StaffRow, list_places
from perennial.units import Instant

SECOND = 1_000_000
LONGEST = 14 * 24 * 3600 * SECOND
"""A session ends after two weeks, however much it is used."""

IDLE = 12 * 3600 * SECOND
"""A session ends when it was not used for half a day."""

TOUCH_AFTER = 60 * SECOND
"""How old the note of its use may be before it is written anew."""

MAX_AGENT = 200


def now_of() -> Instant:
    """Return the wall time, by which sessions live."""
    return time.time_ns() // 1_000


def new_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what is kept of a token. It is random enough that a plain hash is safe and fast."""
    return sha256(token.encode()).digest()


async def open_session(database: Database, staff: StaffRow, *, method: str, strong: bool, agent: str) -> str:
    """Begin a session and return its token, which is kept nowhere. The person must have a role somewhere."""
    now = now_of()
    token = new_token()
    row = SessionRow(
        session_id=Ids().next(),
        method=method,
        strong=strong,
        agent=agent[:MAX_AGENT],
        created_at=now,
        seen_at=now,
        expires_at=now + LONGEST,
    )
    async with database.unbound() as conn:
        places = await list_places(conn, staff.staff_id)
        if not places:
            raise problem(403, "no_workspace", "You have no role in any workspace; ask who invited you.")
        await insert_session(conn, row, staff.staff_id, token_hash(token), places[0].workspace_id)
    return token


async def present(database: Database, token: str, workspace: str) -> Key | None:
    """Return who has this session, with what the person may do in a workspace; None if it is none.

    Without a ``workspace`` it is the one that the session was in last. In one where the person has no role
    there are no scopes. Every call reads the database, so that a session ends everywhere at once.
    """
    now = now_of()
    async with database.unbound() as conn:
        row = await find_present(conn, token_hash(token), workspace, now, now - IDLE)
        if row is None:
            return None
        if now - row.seen_at > TOUCH_AFTER:
            await touch_session(conn, row.session_id, now)
    return _key(row)


def _key(row: PresentRow) -> Key:
    scopes: frozenset[Scope] = frozenset()
    most, per_day = row.credit_most, row.credit_per_day
    if row.role in BUILT_IN:
        built_in = BUILT_IN[row.role]
        scopes, most, per_day = built_in.scopes, built_in.credit_most, built_in.credit_per_day
    elif row.scopes is not None:
        scopes = frozenset(Scope(each) for each in row.scopes if each in Scope.__members__.values())
    return Key(
        workspace_id=row.workspace_id or 0,
        key_id=row.session_id,
        name=row.name,
        scopes=scopes,
        person=Person(
            staff_id=row.staff_id,
            email=row.email,
            role=row.role or "",
            workspace=row.workspace or "",
            sandbox=bool(row.sandbox),
            strong=row.strong,
            held_back=bool(row.demands_strong) and not row.strong,
            credit_most=most,
            credit_per_day=per_day,
            since=row.created_at,
        ),
    )


async def places_of(database: Database, staff_id: UUID) -> list[PlaceRow]:
    """Return the workspaces in which a person has a role, live ones first."""
    async with database.unbound() as conn:
        return await list_places(conn, staff_id)


async def sessions_of(database: Database, staff_id: UUID) -> list[SessionRow]:
    """Return the sessions of a person that are not over, the latest first."""
    now = now_of()
    async with database.unbound() as conn:
        return await list_sessions(conn, staff_id, now, now - IDLE)


async def end_session(database: Database, staff_id: UUID, session_id: UUID) -> None:
    """End a session of this person at once; one that is over or another's is left alone with a 404."""
    async with database.unbound() as conn:
        ended = await revoke_session(conn, staff_id, session_id, now_of())
    if not ended:
        raise problem(404, "session_unknown", "You have no such session.")


async def end_sessions(database: Database, staff_id: UUID, but: UUID | None = None) -> None:
    """End all sessions of this person at once, except perhaps the one that asks."""
    async with database.unbound() as conn:
        await revoke_sessions(conn, staff_id, now_of(), but)


async def go_to_workspace(database: Database, caller: Key, workspace: str) -> None:
    """Let a session be in another workspace from now on; raise the 404 if the person has no role there."""
    person = caller.person
    assert person is not None, "a session has a person"
    async with database.unbound() as conn:
        found = [each for each in await list_places(conn, person.staff_id) if each.code == workspace]
        if not found:
            raise problem(404, "workspace_unknown", f"You have no role in a workspace {workspace!r}.")
        await move_session(conn, caller.key_id, found[0].workspace_id)
