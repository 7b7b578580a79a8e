"""Codes as people enter them: upper or lower case, with spaces and dashes, with letters that look alike.

A code is found by its *form*: no spaces and dashes, upper case, and letters that look alike replaced by
one of them where the alphabet of its pool has no more than one of them. Whoever looks a code up does
not know its pool, and tries the few forms that what was entered may have.
"""

from __future__ import annotations

import itertools
import unicodedata
from functools import lru_cache

MAX_ENTERED = 200
"""What is longer is no code of ours."""

_ALIKE = ("0O", "1IL", "5S", "8B")
"""Letters that look alike; the first of each group stands for all."""

_OTHERS = tuple((group, frozenset(group[1:])) for group in _ALIKE)

_SEPARATORS = frozenset({"Zs", "Zl", "Zp", "Pd", "Pc", "Cf", "Cc"})


def plain_form(text: str) -> str:
    """Return ``text`` in upper case without spaces, dashes and underscores, with digits from 0 to 9."""
    if text.isascii():
        return text.upper().translate(_ASCII_SEPARATORS)
    wide = unicodedata.normalize("NFKC", text).upper()
    kept = (each for each in wide if unicodedata.category(each) not in _SEPARATORS)
    return "".join(_digit(each) for each in kept)


_ASCII_SEPARATORS = {
    number: None for number in range(128) if unicodedata.category(chr(number)) in _SEPARATORS
}


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def code_form(text: str, alphabet: str) -> str:
    """Return the form under which a code of a pool with this ``alphabet`` is found."""
    return plain_form(text).translate(_folds_of(alphabet))


@lru_cache(maxsize=1024)
def _folds_of(alphabet: str) -> dict[int, str]:
    letters = set(plain_form(alphabet))
    return _folds(tuple(group for group in _ALIKE if len(letters.intersection(group)) <= 1))


@lru_cache(maxsize=16)
def _folds(groups: tuple[str, ...]) -> dict[int, str]:
    return {ord(letter): group[0] for group in groups for letter in group[1:]}


def shared_form(text: str) -> str:
    """Return the form of a code that everybody enters: all letters that look alike are one."""
    return plain_form(text).translate(_folds(_ALIKE))


def entered_forms(text: str) -> tuple[str, ...]:
    """Return every form under which a code may be found that was entered as ``text``, the plainest first.

    Empty: it is no code.
    """
    plain = plain_form(text) if len(text) <= MAX_ENTERED else ""
    if not plain:
        return ()
    present = [group for group, others in _OTHERS if not others.isdisjoint(plain)]
    if not present:
        return (plain,)
    forms = [
        plain.translate(_folds(groups))
        for count in range(len(present) + 1)
        for groups in itertools.combinations(present, count)
    ]
    return tuple(dict.fromkeys(forms))
