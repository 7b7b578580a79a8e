"""The splitter of plain SQL: every statement whole, nothing between them."""

from __future__ import annotations

import pytest

from perennial.store.server.migrate import all_migrations
from perennial.store.server.statements import split_statements


@pytest.mark.parametrize(
    ("sql", "statements"),
    [
        ("", []),
        ("  \n-- nothing\n;;", []),
        ("select 1; select 2", ["select 1", "select 2"]),
        ("-- one; not two\nselect 1; -- end", ["select 1"]),
        ("select 'a;b''c;d'; select 2;", ["select 'a;b''c;d'", "select 2"]),
        ('select "a;""b"; select 2', ['select "a;""b"', "select 2"]),
        ("select 1 /* ; /* ; */ ; */ + 1; select 2", ["select 1 /* ; /* ; */ ; */ + 1", "select 2"]),
        ("/* before */ select 1;", ["select 1"]),
        (
            "do $$ begin perform ';'; end $$; select 1",
            ["do $$ begin perform ';'; end $$", "select 1"],
        ),
        ("do $body$ select $$;$$; $body$; select 1", ["do $body$ select $$;$$; $body$", "select 1"]),
        ("select $1 + price$2; select 2", ["select $1 + price$2", "select 2"]),
        ("select 5-- five\n; select 6", ["select 5-- five", "select 6"]),
        ("select E'plain'; select 1", ["select E'plain'", "select 1"]),
    ],
)
def test_statements_are_split_at_their_semicolons(sql: str, statements: list[str]) -> None:
    """A semicolon ends a statement, unless it stands in a text, a name, a body or a comment."""
    assert split_statements(sql) == statements


@pytest.mark.parametrize(
    "sql", ["select 'open", 'select "open', "do $$ open", "select 1 /* open", r"select E'\'; select 1'"]
)
def test_what_cannot_be_split_is_refused(sql: str) -> None:
    """A quote or a comment without an end, and backslash escapes, are errors and never guessed at."""
    with pytest.raises(ValueError, match=r"never closed|not supported"):
        split_statements(sql)


def test_the_migrations_lose_nothing() -> None:
    """Of our own migrations every word outside comments arrives in some statement."""
    for migration in all_migrations():
        lines = [line.partition("--")[0] for line in migration.sql.splitlines()]
        words = " ".join(" ".join(lines).replace(";", " ").split())
        assert " ".join(" ".join(split_statements(migration.sql)).replace(";", " ").split()) == words
