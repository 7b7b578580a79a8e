"""The one row about the installation as a whole."""

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
