"""Who people of the staff are to the provider by which they sign in."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

from perennial.units import Instant

_FIND_IDENTITY = "select staff_id from staff_identities where issuer = $1 and subject = $2"

# Whoever links first is the one: nobody is two people to one provider.
_INSERT_IDENTITY = """
insert into staff_identities (issuer, subject, staff_id, linked_at) values ($1, $2, $3, $4)
on conflict do nothing
returning staff_id
"""

_READ_GRANT = "select role, actor from staff_roles where workspace_id = $1 and staff_id = $2"


async def find_identity(conn: Connection, issuer: str, subject: str) -> UUID | None:
    """Return whom the provider means by a subject, or None."""
    found = await conn.fetchval(_FIND_IDENTITY, issuer, subject)
    return None if found is None else UUID(int=found.int)


async def insert_identity(conn: Connection, issuer: str, subject: str, staff_id: UUID, at: Instant) -> bool:
    """Note whom a subject means; False if the subject, or the person, is linked already."""
    return await conn.fetchval(_INSERT_IDENTITY, issuer, subject, staff_id, at) is not None


async def read_grant(conn: Connection, workspace_id: int, staff_id: UUID) -> tuple[str, str] | None:
    """Return the role of a person in a workspace and who gave it, or None."""
    record = await conn.fetchrow(_READ_GRANT, workspace_id, staff_id)
    return None if record is None else (record[0], record[1])
