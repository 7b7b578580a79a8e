"""Words by which people find a customer: what is kept of names, addresses and numbers, and what is asked.

Both sides are folded alike: upper and lower case, accents and signs do not count. A word is found by how it
begins; numbers also by how they end, for which they are kept a second time, backwards.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.core.orders.order import Scalar

NAME_ATTRIBUTES = frozenset(
    {"name", "first_name", "last_name", "full_name", "given_name", "family_name", "nickname", "company"}
)
"""Attributes that are names: their words find the customer."""

MAX_WORDS = 64
MAX_LENGTH = 100
MAX_TOKENS = 5
BACKWARDS = "~"
"""Begins a number that is kept from its end."""

_SIGNS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\+?[\d\s()./-]+\Z", re.ASCII)
_MIN_DIGITS = 4


def words_of(
    external_id: str, attributes: Mapping[str, Scalar], identifiers: Iterable[CustomerIdentifier]
) -> frozenset[str]:
    """Return the words by which a customer is found: of the id, the names, and the identifiers."""
    words = {_whole(external_id), *_parts(external_id)}
    for name in sorted(NAME_ATTRIBUTES & attributes.keys()):
        value = attributes[name]
        if isinstance(value, str):
            words.update(_parts(value))
    for identifier in identifiers:
        words.update(_of_identifier(identifier))
    kept = sorted(word[:MAX_LENGTH] for word in words if word)
    return frozenset(kept[:MAX_WORDS])


def _of_identifier(identifier: CustomerIdentifier) -> set[str]:
    value = identifier.value
    match identifier.type:
        case IdentifierType.EMAIL:
            return {_whole(value), *_parts(value.partition("@")[0])}
        case IdentifierType.PHONE | IdentifierType.CARD:
            number = _SIGNS.sub("", _whole(value))
            return {number, BACKWARDS + number[::-1]}
        case IdentifierType.ALIAS:
            return {_whole(value), *_parts(value)}


def asked_words(text: str) -> tuple[tuple[str, ...], ...]:
    """Return how each word of a query may begin: all of them have to be found, each in one of its ways.

    An address is one word; so is a number, however it is written.
    """
    folded = _whole(text)
    if "@" in folded:
        return ((folded[:MAX_LENGTH],),)
    digits = re.sub(r"\D", "", folded)
    if _NUMBER.match(folded) and len(digits) >= _MIN_DIGITS:
        return ((digits[:MAX_LENGTH], BACKWARDS + digits.lstrip("0")[::-1][:MAX_LENGTH]),)
    parts = [part for part in _SIGNS.split(folded) if part][:MAX_TOKENS]
    return tuple((part[:MAX_LENGTH],) for part in sorted(set(parts), key=lambda part: (-len(part), part)))


def _whole(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.strip()).casefold()
    without = "".join(each for each in plain if not unicodedata.combining(each))
    return unicodedata.normalize("NFC", without)


def _parts(text: str) -> set[str]:
    """Return the words of a text; of one that is written without spaces, what begins at any of its signs."""
    parts = {part for part in _SIGNS.split(_whole(text)) if part}
    return parts | {
        part[start:]
        for part in parts
        if any(_without_spaces(each) for each in part)
        for start in range(1, min(len(part), 10))
    }


def _without_spaces(letter: str) -> bool:
    return "\u3040" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3"
