"""The page of invariants shows what the audit asks, and nothing else."""

from __future__ import annotations

import re
from typing import Any

from asyncpg import Connection

from perennial.store.audits.audit import SEGMENTS, audit
from perennial.store.audits.invariants_page import invariants_text
from tests.store.book import Book

_PRINTED = re.compile(r"^### `([a-z_]+)`\n\n(?:(?!^#).)*?```sql\n(.*?)\n```", re.MULTILINE | re.DOTALL)


def _in_full(sql: str) -> str:
    return sql.replace("{owners}", "true").replace("{new}", "true")


class Heard:
    """A connection that keeps what is asked over it."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        there = getattr(self._conn, name)
        if name not in ("fetch", "cursor"):
            return there

        def ask(sql: str, *args: Any, **more: Any) -> Any:
            self.asked.append(sql)
            return there(sql, *args, **more)

        return ask


async def test_every_query_on_the_page_is_run(book: Book, superuser: Connection) -> None:
    """Each is sent by a full audit as it is printed; a check that no one query makes has words alone."""
    heard: Any = Heard(superuser)
    await audit(heard, book.ws)
    page = invariants_text()
    printed = re.findall(
        r"^### `([a-z_]+)`\n\n(?:(?!^#).)*?```sql\n(.*?)\n```", page, re.MULTILINE | re.DOTALL
    )
    asked = [sql.strip() for sql in heard.asked]
    silent = [
        name
        for name, sql in printed
        if not any(
            each.startswith(sql.replace("{owners}", "true").replace("{new}", "true")) for each in asked
        )
    ]
    assert (silent, len(printed) > 40) == ([], True)
    words = page.split(f"### `{SEGMENTS.name}`\n")[1].split("\n#")[0]
    assert words.strip() == SEGMENTS.words
