"""Regular expressions from users, only through RE2: linear time, bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import re2  # type: ignore[import-untyped]

_MAX_MEMORY = 1 << 20


class PatternError(ValueError):
    """The expression is not one that RE2 accepts; the message says why."""


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Return a test whether ``pattern`` is found anywhere in a text; raise :class:`PatternError`."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MAX_MEMORY
    try:
        search = re2.compile(pattern, options).search
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else "not a regular expression"
        raise PatternError(reason.decode() if isinstance(reason, bytes) else str(reason)) from error

    def found(text: str) -> bool:
        try:
            return search(text) is not None
        except UnicodeError:  # a lone surrogate is no text
            return False

    return found
