"""Several writes of one bucket sent as one statement, because each statement costs a round trip.

Every write is complete SQL of its own: ``$1`` is the workspace, ``$2`` the bucket, and its other
parameters are numbered from ``$3``. Joined, they become the parts of one ``WITH``; no two of them
may write the same row, and all of them name the bucket, so that the whole stays in one shard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from asyncpg import Connection

_PARAMETER = re.compile(r"\$(\d+)")
_SHARED = 2


class GuardError(Exception):
    """The database refused a part of a batch: some limit or floor no longer held at the write.

    ``table`` names the rows that were refused. Nothing of the transaction may be kept.
    """

    def __init__(self, table: str, wanted: int, written: int) -> None:
        super().__init__(f"{table}: {wanted - written} of {wanted} rows were refused")
        self.table = table


class Write(msgspec.Struct, frozen=True):
    """One statement that writes ``table`` (or a part of it, by a name of its own), with its ``parameters``.

    ``guarded`` is how many rows it must write, where it leaves out those that break a guard; ``returning``
    are the columns that later writes read of these rows, as ``write_`` and the name of the table.
    """

    table: str
    sql: str
    parameters: Sequence[Any]
    guarded: int | None = None
    returning: str = "1"

    @property
    def returned(self) -> str:
        """What is returned of each row that it writes; nothing of those that need not be counted."""
        return "" if self.guarded is None else self.returning


async def write_together(conn: Connection, ws: int, bucket: int, writes: Sequence[Write]) -> None:
    """Run all ``writes`` as one statement; raise :class:`GuardError` if a guard left rows out."""
    if not writes:
        return
    sql = _joined(tuple((write.table, write.sql, write.returned) for write in writes))
    values = [value for write in writes for value in write.parameters]
    row = await conn.fetchrow(sql, ws, bucket, *values)
    guards = [write for write in writes if write.guarded is not None]
    for write, written in zip(guards, row or (), strict=bool(guards)):
        if write.guarded is not None and written != write.guarded:
            raise GuardError(write.table, write.guarded, written)


@lru_cache(maxsize=512)
def _joined(parts: tuple[tuple[str, str, str], ...]) -> str:
    shift = 0
    clauses: list[str] = []
    counts: list[str] = []
    for table, sql, returned in parts:
        name = f"write_{table}"
        returning = f"\nreturning {returned}" if returned else ""
        clauses.append(f"{name} as ({_renumbered(sql, shift)}{returning})")
        shift += max(int(number) for number in _PARAMETER.findall(sql)) - _SHARED
        if returned:
            counts.append(f"(select count(*) from {name})")
    return f"with {', '.join(clauses)} select {', '.join(counts) or 'true'}"


def _renumbered(sql: str, shift: int) -> str:
    def number(match: re.Match[str]) -> str:
        given = int(match[1])
        return f"${given if given <= _SHARED else given + shift}"

    return _PARAMETER.sub(number, sql.strip())
