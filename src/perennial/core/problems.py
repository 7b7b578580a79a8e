"""What is wrong with a document: where, a stable code, and words for a person."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One problem.

    ``path`` leads from the root of the document to the part (``earning_rules[0].when.all[1]``; empty
    for the root), ``code`` is stable, ``words`` says in one sentence what is wrong and what would be
    right.
    """

    path: str
    code: str
    words: str

    def under(self, prefix: str) -> Problem:
        """Return the same problem of a part that lies at ``prefix``."""
        return Problem(join_path(prefix, self.path), self.code, self.words)


def join_path(prefix: str, path: str) -> str:
    """Join two paths; either may be empty, and an index follows without a dot."""
    if not prefix or not path or path.startswith("["):
        return prefix + path
    return f"{prefix}.{path}"
