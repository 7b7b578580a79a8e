"""Sessions of the staff: looked up on every request, so that what is revoked is over everywhere at once."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.units import Instant


class SessionRow(msgspec.Struct, frozen=True):
    """A session as it is listed. ``method`` says how it began, ``strong`` whether with two factors."""

    session_id: UUID
    method: str
    strong: bool
    agent: str
    created_at: Instant
    seen_at: Instant
    expires_at: Instant


class PresentRow(msgspec.Struct, frozen=True):
    """Who a token belongs to, and what the person may do in the workspace that was asked for.

    Without a role there (``role`` is None) nothing. ``scopes`` and the limits are those of a role that the
    workspace made; a built-in role has none stored. ``demands_strong``: the workspace wants two factors.
    """

    session_id: UUID
    staff_id: UUID
    email: str
    name: str
    strong: bool
    created_at: Instant
    seen_at: Instant
    workspace_id: int | None
    workspace: str | None
    sandbox: bool | None
    role: str | None
    scopes: list[str] | None
    credit_most: int | None
    credit_per_day: int | None
    demands_strong: bool | None


_FIND_PRESENT = """
select session_id, staff.staff_id, email, staff.name, strong, staff_sessions.created_at, seen_at,
    workspaces.workspace_id, code, sandbox, staff_roles.role, scopes, credit_most, credit_per_day,
    second_factor
from staff_sessions
join staff on staff.staff_id = staff_sessions.staff_id and disabled_at is null
left join workspaces on case when $2::text = '' then workspaces.workspace_id = current_workspace
    else code = $2::text end
left join staff_roles on staff_roles.workspace_id = workspaces.workspace_id
    and staff_roles.staff_id = staff.staff_id
left join roles on roles.workspace_id = workspaces.workspace_id and roles.role = staff_roles.role
left join staff_rules on staff_rules.workspace_id = workspaces.workspace_id
where token_hash = $1 and revoked_at is null and expires_at > $3 and seen_at > $4
"""

_INSERT_SESSION = """
insert into staff_sessions (session_id, token_hash, staff_id, method, strong, current_workspace, agent,
    created_at, seen_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
"""

_TOUCH_SESSION = "update staff_sessions set seen_at = $2 where session_id = $1 and seen_at < $2"

_STRENGTHEN_SESSION = "update staff_sessions set strong = true where session_id = $1"

_MOVE_SESSION = "update staff_sessions set current_workspace = $2 where session_id = $1"

_LIST_SESSIONS = """
select session_id, method, strong, agent, created_at, seen_at, expires_at
from staff_sessions
where staff_id = $1 and revoked_at is null and expires_at > $2 and seen_at > $3
order by created_at desc, session_id
"""

_REVOKE_SESSION = """
update staff_sessions set revoked_at = $3
where staff_id = $1 and session_id = $2 and revoked_at is null
returning session_id
"""

_REVOKE_SESSIONS = """
update staff_sessions set revoked_at = $2
where staff_id = $1 and revoked_at is null and session_id is distinct from $3
"""


async def find_present(
    conn: Connection, token_hash: bytes, workspace: str, now: Instant, idle_since: Instant
) -> PresentRow | None:
    """Return whose session this is, as of ``now``; without a ``workspace`` as in the one it was left in.

    None if it is unknown, over, revoked, or not used since ``idle_since``, or if its person is disabled.
    """
    record = await conn.fetchrow(_FIND_PRESENT, token_hash, workspace, now, idle_since)
    if record is None:
        return None
    session_id, staff_id, *rest = record
    return PresentRow(UUID(int=session_id.int), UUID(int=staff_id.int), *rest)


async def insert_session(
    conn: Connection,
    row: SessionRow,
    staff_id: UUID,
    token_hash: bytes,
    current_workspace: int,
) -> None:
    """Begin a session."""
    await conn.execute(
        _INSERT_SESSION,
        row.session_id,
        token_hash,
        staff_id,
        row.method,
        row.strong,
        current_workspace,
        row.agent,
        row.created_at,
        row.expires_at,
    )


async def touch_session(conn: Connection, session_id: UUID, at: Instant) -> None:
    """Note that a session is in use."""
    await conn.execute(_TOUCH_SESSION, session_id, at)


async def strengthen_session(conn: Connection, session_id: UUID) -> None:
    """Note that the person of a session has shown a second factor."""
    await conn.execute(_STRENGTHEN_SESSION, session_id)


async def move_session(conn: Connection, session_id: UUID, workspace_id: int) -> None:
    """Note in which workspace a session is."""
    await conn.execute(_MOVE_SESSION, session_id, workspace_id)


async def list_sessions(
    conn: Connection, staff_id: UUID, now: Instant, idle_since: Instant
) -> list[SessionRow]:
    """Return the sessions of a person that are not over, the latest first."""
    found = await conn.fetch(_LIST_SESSIONS, staff_id, now, idle_since)
    return [SessionRow(UUID(int=row[0].int), *list(row)[1:]) for row in found]


async def revoke_session(conn: Connection, staff_id: UUID, session_id: UUID, at: Instant) -> bool:
    """End a session of this person; tell whether there was one."""
    return await conn.fetchval(_REVOKE_SESSION, staff_id, session_id, at) is not None


async def revoke_sessions(conn: Connection, staff_id: UUID, at: Instant, but: UUID | None = None) -> None:
    """End every session of a person, except perhaps one."""
    await conn.execute(_REVOKE_SESSIONS, staff_id, at, but)
