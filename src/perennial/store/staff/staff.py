"""Staff: the people who sign in, their roles in workspaces, and what workspaces demand of them.

People are of the whole installation. What they may do is of a workspace: those rows are read before a
workspace is set, and written only inside it.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.units import Instant


class StaffRow(msgspec.Struct, frozen=True, kw_only=True):
    """One person. ``password_hash`` is argon2id's own text; ``totp_secret`` is sealed."""

    staff_id: UUID
    email: str
    name: str
    created_at: Instant
    disabled_at: Instant | None = None
    password_hash: str | None = None
    totp_secret: bytes | None = None
    totp_confirmed_at: Instant | None = None


class PlaceRow(msgspec.Struct, frozen=True):
    """A workspace in which a person has a role."""

    workspace_id: int
    code: str
    name: str
    sandbox: bool
    role: str


class ColleagueRow(msgspec.Struct, frozen=True):
    """A person as a workspace lists them."""

    staff_id: UUID
    email: str
    name: str
    role: str
    granted_at: Instant
    disabled_at: Instant | None
    has_totp: bool
    passkeys: int
    seen_at: Instant | None


_COLUMNS = "staff_id, email, name, created_at, disabled_at, password_hash, totp_secret, totp_confirmed_at"

_FIND_STAFF = f"select {_COLUMNS} from staff where email = $1"

_READ_STAFF = f"select {_COLUMNS} from staff where staff_id = $1"

_INSERT_STAFF = """
insert into staff (staff_id, email, name, created_at, password_hash)
values ($1, $2, $3, $4, $5)
"""

_FOUND_INSTALLATION = "insert into staff_founding (founded_at) values ($1)"

_IS_FOUNDED = "select exists (select from staff_founding)"

_SET_PASSWORD = "update staff set password_hash = $2 where staff_id = $1"  # noqa: S105  a statement

_SET_NAME = "update staff set name = $2 where staff_id = $1"

_GRANT_ROLE = """
insert into staff_roles (workspace_id, staff_id, role, granted_at, actor)
values ($1, $2, $3, $4, $5)
on conflict (workspace_id, staff_id) do update
set role = excluded.role, granted_at = excluded.granted_at, actor = excluded.actor
"""

_TAKE_ROLE = "delete from staff_roles where workspace_id = $1 and staff_id = $2"

# Locked, so that of two owners who take each other's role at one moment one stays.
_LOCK_ROLES = """
select staff_id, role from staff_roles where workspace_id = $1 order by staff_id for update
"""

_LIST_PLACES = """
select workspaces.workspace_id, code, name, sandbox, role
from staff_roles
join workspaces on workspaces.workspace_id = staff_roles.workspace_id
where staff_id = $1
order by sandbox, workspaces.workspace_id
"""

_LIST_COLLEAGUES = """
select staff.staff_id, email, name, role, granted_at, disabled_at, totp_confirmed_at is not null,
    (select count(*) from staff_passkeys where staff_passkeys.staff_id = staff.staff_id),
    (select max(seen_at) from staff_sessions where staff_sessions.staff_id = staff.staff_id)
from staff_roles
join staff on staff.staff_id = staff_roles.staff_id
where workspace_id = $1
order by email
"""


def _staff(record: Record | None) -> StaffRow | None:
    if record is None:
        return None
    return StaffRow(**{**dict(record), "staff_id": UUID(int=record["staff_id"].int)})


async def find_staff(conn: Connection, email: str) -> StaffRow | None:
    """Return the person with this address, which is in lower case, or None."""
    return _staff(await conn.fetchrow(_FIND_STAFF, email))


async def read_staff(conn: Connection, staff_id: UUID) -> StaffRow | None:
    """Return the person with this id, or None."""
    return _staff(await conn.fetchrow(_READ_STAFF, staff_id))


async def insert_staff(conn: Connection, row: StaffRow) -> None:
    """Add a person; raises ``asyncpg.UniqueViolationError`` if the address is taken."""
    await conn.execute(_INSERT_STAFF, row.staff_id, row.email, row.name, row.created_at, row.password_hash)


async def found_installation(conn: Connection, at: Instant) -> None:
    """Note that there is a first person; raises ``asyncpg.UniqueViolationError`` if there was one."""
    await conn.execute(_FOUND_INSTALLATION, at)


async def is_founded(conn: Connection) -> bool:
    """Tell whether there was ever anybody who could sign in."""
    founded: bool = await conn.fetchval(_IS_FOUNDED)
    return founded


async def set_password(conn: Connection, staff_id: UUID, password_hash: str) -> None:
    """Replace the hash of a password."""
    await conn.execute(_SET_PASSWORD, staff_id, password_hash)


async def set_name(conn: Connection, staff_id: UUID, name: str) -> None:
    """Give a person another name."""
    await conn.execute(_SET_NAME, staff_id, name)


async def grant_role(
    conn: Connection, workspace_id: int, staff_id: UUID, role: str, at: Instant, actor: str
) -> None:
    """Give a person a role in a workspace, in the place of the one before."""
    await conn.execute(_GRANT_ROLE, workspace_id, staff_id, role, at, actor)


async def take_role(conn: Connection, workspace_id: int, staff_id: UUID) -> None:
    """Take a person out of a workspace."""
    await conn.execute(_TAKE_ROLE, workspace_id, staff_id)


async def lock_roles(conn: Connection, workspace_id: int) -> dict[UUID, str]:
    """Lock who has which role in a workspace, until the end of the transaction."""
    return {UUID(int=row[0].int): row[1] for row in await conn.fetch(_LOCK_ROLES, workspace_id)}


async def list_places(conn: Connection, staff_id: UUID) -> list[PlaceRow]:
    """Return the workspaces in which a person has a role, live ones first."""
    return [PlaceRow(*row) for row in await conn.fetch(_LIST_PLACES, staff_id)]


async def list_colleagues(conn: Connection, workspace_id: int) -> list[ColleagueRow]:
    """Return everybody who has a role in a workspace, by address."""
    return [ColleagueRow(*row) for row in await conn.fetch(_LIST_COLLEAGUES, workspace_id)]
