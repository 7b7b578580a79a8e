"""The one row about the installation as a whole: how often it was restored, and under which secret."""

from __future__ import annotations

from asyncpg import Connection


async def read_generation(conn: Connection) -> int:
    """Return how often this database was restored from a backup; postings carry it."""
    generation: int = await conn.fetchval("select generation from installation")
    return generation


async def raise_generation(conn: Connection) -> int:
    """Count a restore and return the new generation; to be called as the owner."""
    generation: int = await conn.fetchval(
        "update installation set generation = generation + 1 returning generation"
    )
    return generation


_KEEP_FINGERPRINT = """
update installation set secret_fingerprint = $1 where secret_fingerprint is null
"""

_READ_FINGERPRINT = "select secret_fingerprint from installation"


async def read_fingerprint(conn: Connection) -> bytes | None:
    """Return the fingerprint of the secret under which codes are stored; None before the first start."""
    found: bytes | None = await conn.fetchval(_READ_FINGERPRINT)
    return found


async def keep_fingerprint(conn: Connection, fingerprint: bytes) -> bool:
    """Note the fingerprint of the secret, once; return whether it is that one. To be called as the owner."""
    await conn.execute(_KEEP_FINGERPRINT, fingerprint)
    return await read_fingerprint(conn) == fingerprint
