"""Invitations: a link that makes somebody one of the staff, once."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.units import Instant


class InvitationRow(msgspec.Struct, frozen=True):
    """One row of ``invitations`` without the hash of its token."""

    workspace_id: int
    invitation_id: UUID
    email: str
    role: str
    actor: str
    created_at: Instant
    expires_at: Instant
    used_at: Instant | None = None
    revoked_at: Instant | None = None


_COLUMNS = "workspace_id, invitation_id, email, role, actor, created_at, expires_at, used_at, revoked_at"

_INSERT_INVITATION = """
insert into invitations (workspace_id, invitation_id, token_hash, email, role, actor, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_FIND_INVITATION = f"""
select {_COLUMNS} from invitations
where token_hash = $1 and used_at is null and revoked_at is null and expires_at > $2
"""

_USE_INVITATION = f"""
update invitations set used_at = $3
where workspace_id = $1 and invitation_id = $2 and used_at is null and revoked_at is null and expires_at > $3
returning {_COLUMNS}
"""

_REVOKE_INVITATION = f"""
update invitations set revoked_at = $3
where workspace_id = $1 and invitation_id = $2 and used_at is null and revoked_at is null
returning {_COLUMNS}
"""

_LIST_INVITATIONS = f"""
select {_COLUMNS} from invitations
where workspace_id = $1 and used_at is null and revoked_at is null and expires_at > $2
order by created_at desc, invitation_id
"""


def _row(record: Record | None) -> InvitationRow | None:
    if record is None:
        return None
    workspace_id, invitation_id, *rest = record
    return InvitationRow(workspace_id, UUID(int=invitation_id.int), *rest)


async def insert_invitation(conn: Connection, row: InvitationRow, token_hash: bytes) -> None:
    """Keep an invitation."""
    await conn.execute(
        _INSERT_INVITATION,
        row.workspace_id,
        row.invitation_id,
        token_hash,
        row.email,
        row.role,
        row.actor,
        row.created_at,
        row.expires_at,
    )


async def find_invitation(conn: Connection, token_hash: bytes, now: Instant) -> InvitationRow | None:
    """Return the open invitation with this token, or None."""
    return _row(await conn.fetchrow(_FIND_INVITATION, token_hash, now))


async def use_invitation(
    conn: Connection, workspace_id: int, invitation_id: UUID, now: Instant
) -> InvitationRow | None:
    """Use an open invitation, for one caller only; None if it is not open any more."""
    return _row(await conn.fetchrow(_USE_INVITATION, workspace_id, invitation_id, now))


async def revoke_invitation(
    conn: Connection, workspace_id: int, invitation_id: UUID, now: Instant
) -> InvitationRow | None:
    """Take an invitation back; None if it is not open any more."""
    return _row(await conn.fetchrow(_REVOKE_INVITATION, workspace_id, invitation_id, now))


async def list_invitations(conn: Connection, workspace_id: int, now: Instant) -> list[InvitationRow]:
    """Return the open invitations of a workspace, the latest first."""
    found = [_row(record) for record in await conn.fetch(_LIST_INVITATIONS, workspace_id, now)]
    return [row for row in found if row is not None]
