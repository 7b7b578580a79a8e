"""By which words a customer is found."""

from __future__ import annotations

import pytest

from perennial.core.customers.customer_words import asked_words, words_of
from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType


def _finds(text: str, words: frozenset[str]) -> bool:
    asked = asked_words(text)
    return bool(asked) and all(any(word.startswith(way) for way in ways for word in words) for ways in asked)


_ANNA = words_of(
    "customer-4711",
    {"first_name": "Änna Sophie", "last_name": "Müller-Weiß", "city": "Bonn", "full_name": 7},
    [
        CustomerIdentifier(type=IdentifierType.EMAIL, value="anna.mueller@example.com"),
        CustomerIdentifier(type=IdentifierType.PHONE, value="+491701234567"),
        CustomerIdentifier(type=IdentifierType.CARD, value="00421234"),
    ],
)


@pytest.mark.parametrize(
    "text",
    [
        "anna",
        "ANNA",
        "mull",
        "weiss anna",
        "muller-weiss",
        "customer-4711",
        "4711",
        "anna.mueller@exa",
        "+49 170 1234567",
        "0170/123 45 67",
        "1234567",
        "0042 1234",
        "1234",
        "mueller",
    ],
)
def test_what_finds_a_customer(text: str) -> None:
    """Beginnings of names, the id, the address; numbers from both ends, however they are written."""
    assert _finds(text, _ANNA)


@pytest.mark.parametrize("text", ["nna", "bonn", "anna bonn", "anna@", "0170 999", "", "  ", "!?", "7654321"])
def test_what_does_not(text: str) -> None:
    """The middle of a word, what is no name, a word too many, another number, nothing."""
    assert not _finds(text, _ANNA)


@pytest.mark.parametrize("text", ["王小明", "小明", "明"])
def test_a_name_without_spaces_is_found_from_any_sign(text: str) -> None:
    """Chinese, Japanese and Korean names are written in one."""
    assert _finds(text, words_of("c", {"name": "王小明"}, []))


def test_words_are_bounded() -> None:
    """However much a name holds."""
    words = words_of("c", {"name": " ".join(f"{n}{'x' * 300}" for n in range(500))}, [])
    assert len(words) <= 64
    assert max(map(len, words)) <= 100
    assert len(asked_words("a b c d e f g h i j k")) == 5
