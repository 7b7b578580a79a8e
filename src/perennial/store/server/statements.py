"""A file of plain SQL, split into its statements."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*)
    | (?P<block>/\*)
    | (?P<text>[eE]?'(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*")
    | (?P<dollar>\$(?:[A-Za-z_][A-Za-z_0-9]*)?\$)
    | (?P<end>;)
    | (?P<word>[A-Za-z_0-9$]+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def split_statements(sql: str) -> list[str]:
    r"""Return the statements of ``sql`` without their semicolons and without comments before them.

    Knows quoted text and names, dollar quotes and comments (nested ones too). Text with backslash
    escapes (``E'\''``) is refused with ``ValueError``, as is a quote that never ends.
    """
    statements: list[str] = []
    start: int | None = None
    at = 0
    while at < len(sql):
        token = _TOKEN.match(sql, at)
        assert token is not None, "the last alternative matches anything"
        kind, end = token.lastgroup, token.end()
        if kind == "comment":
            at = end
            continue
        if kind == "block":
            at = _end_of_comment(sql, at)
            continue
        if kind == "dollar":
            end = sql.find(token[0], end)
            if end < 0:
                raise ValueError(f"{token[0]} is never closed")
            end += len(token[0])
        elif kind == "other" and token[0] in "'\"":
            raise ValueError(f"a quote is never closed: {sql[at : at + 40]!r}")
        elif kind == "text" and token[0][0] in "eE" and "\\" in token[0]:
            raise ValueError(f"backslash escapes are not supported: {token[0]}")
        if kind == "end":
            if start is not None:
                statements.append(sql[start:at].strip())
            start = None
        elif start is None and not token[0].isspace():
            start = at
        at = end
    if start is not None:
        statements.append(sql[start:].strip())
    return statements


def _end_of_comment(sql: str, at: int) -> int:
    depth = 0
    for mark in re.finditer(r"/\*|\*/", sql[at:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return at + mark.end()
    raise ValueError("a comment is never closed")
