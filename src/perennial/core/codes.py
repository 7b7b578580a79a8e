"""How the codes of a reward look, and how often and how long each may be used."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from perennial.core.limits import Cap
from perennial.core.schedule import Span

SharedCode = Annotated[str, Meta(min_length=1, max_length=100, description="a code that everybody enters")]
Pattern = Annotated[
    str, Meta(min_length=1, max_length=100, description='a pattern such as "SUMMER-########"')
]


class Codes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One ``shared`` code for everybody, or codes made (or imported) by the ``pattern``.

    Each ``#`` of a pattern becomes a random character of ``alphabet``; with ``check`` a character is
    added by which a typing error is told from a guess. Each code may be used ``uses`` times (null:
    without end), for ``valid_for`` a span after it was issued. A ``bound`` code is only for the member
    whom it was given to.
    """

    shared: SharedCode | None = None
    pattern: Pattern | None = None
    alphabet: Annotated[str, Meta(min_length=2, max_length=64)] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    check: bool = True
    uses: Cap | None = 1
    valid_for: Span | None = None
    bound: bool = False
