"""Instants as the API takes them: RFC 3339 with an offset, and nothing that merely looks like it."""

from __future__ import annotations

import re

from perennial.flows.answers import FieldProblem
from perennial.http.door.problems import bad_fields
from perennial.units import Instant, parse_instant

PATTERN = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""No leap second and no 24:00 (both name an instant twice); digits are the ASCII ones."""

_SHAPE = re.compile(PATTERN.replace("$", r"\Z"))


def read_instant(text: str, path: str) -> Instant:
    """Return the instant of ``text``; parts of a microsecond are dropped. Raise a 422 at ``path``."""
    if _SHAPE.match(text) is None:
        words = "is not an RFC 3339 instant with an offset, such as 2026-03-04T10:15:00Z"
        raise bad_fields(422, FieldProblem(path=path, code="invalid_instant", message=words))
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        words = "is not a moment between the years 1900 and 2199"
        raise bad_fields(422, FieldProblem(path=path, code="invalid_instant", message=words)) from None
