"""One named thing that must hold, as a query for what breaks it."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

LISTED = 100
"""How many findings of one check are told."""

_TOUCHED = """(bucket, customer_id) in (
        select touched.bucket, touched.customer_id from postings as touched
        where touched.workspace_id = $1 and touched.xact >= $2
    )"""


class Finding(msgspec.Struct, frozen=True):
    """Something that breaks an invariant, and the operations that had to do with it, where known."""

    words: str
    bucket: int | None = None
    customer_id: UUID | None = None
    operations: tuple[UUID, ...] = ()


class Check(msgspec.Struct, frozen=True):
    """An invariant in ``words``, and the ``sql`` that returns a row for everything that breaks it.

    The columns are ``bucket, customer_id, operations, words``. ``$1`` is the workspace. There is no ``sql``
    where what is asked follows from what the workspace itself has defined.
    """

    name: str
    words: str
    sql: str = ""

    def text(self, *, since: bool) -> str:
        """Return the query: of everything, or of what was touched since transaction ``$2``."""
        owners, new = (_TOUCHED, "xact >= $2") if since else ("true", "true")
        text = self.sql.replace("{owners}", owners).replace("{new}", new)
        return f"{text.rstrip()}\nlimit {LISTED}"


async def find(conn: Connection, check: Check, workspace_id: int, since: int | None) -> list[Finding]:
    """Run one check inside a workspace and return what breaks it, at most :data:`LISTED` findings."""
    text = check.text(since=since is not None)
    values = (workspace_id, since) if "$2" in text else (workspace_id,)
    return [
        Finding(words, bucket, customer_id, tuple(operations or ()))
        for bucket, customer_id, operations, words in await conn.fetch(text, *values)
    ]
