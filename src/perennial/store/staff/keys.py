"""API keys: only the SHA-256 of a secret is stored, so that a dump of the database opens nothing."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.units import Instant


class KeyRow(msgspec.Struct, frozen=True):
    """One row of ``api_keys`` without its hash; ``prefix`` begins the secret, to tell keys apart."""

    workspace_id: int
    key_id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None


_COLUMNS = "workspace_id, key_id, name, prefix, scopes, created_at, expires_at, revoked_at"

_FIND_KEY = f"select {_COLUMNS} from api_keys where secret_hash = $1"

_LIST_KEYS = f"select {_COLUMNS} from api_keys where workspace_id = $1 order by created_at, key_id"

_INSERT_KEY = """
insert into api_keys (workspace_id, key_id, secret_hash, name, prefix, scopes, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_REVOKE_KEY = f"""
update api_keys set revoked_at = $3
where workspace_id = $1 and key_id = $2 and revoked_at is null
returning {_COLUMNS}
"""


def _row(record: Record) -> KeyRow:
    values = list(record)
    values[1] = UUID(int=values[1].int)
    values[4] = tuple(values[4])
    return KeyRow(*values)


async def find_key(conn: Connection, secret_hash: bytes) -> KeyRow | None:
    """Return the key whose secret has this SHA-256, revoked and expired ones included."""
    record = await conn.fetchrow(_FIND_KEY, secret_hash)
    return _row(record) if record else None


async def list_keys(conn: Connection, workspace_id: int) -> list[KeyRow]:
    """Return all keys of a workspace, oldest first."""
    return [_row(record) for record in await conn.fetch(_LIST_KEYS, workspace_id)]


async def insert_key(conn: Connection, row: KeyRow, secret_hash: bytes) -> None:
    """Store a new key."""
    await conn.execute(
        _INSERT_KEY,
        row.workspace_id,
        row.key_id,
        secret_hash,
        row.name,
        row.prefix,
        list(row.scopes),
        row.created_at,
        row.expires_at,
    )


async def revoke_key(conn: Connection, workspace_id: int, key_id: UUID, at: Instant) -> KeyRow | None:
    """Revoke a key for good; return None if there is no such key or it is revoked already."""
    record = await conn.fetchrow(_REVOKE_KEY, workspace_id, key_id, at)
    return _row(record) if record else None
