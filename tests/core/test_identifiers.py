"""Identifiers: written in many ways, kept in one, found without the difference of case."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType, comparable, normalized


def kept(type_: str, value: str) -> str:
    """Return the value as it is kept."""
    return normalized(CustomerIdentifier(type=IdentifierType(type_), value=value)).value


def compared(type_: str, value: str) -> str:
    """Return the text by which a value is found."""
    return comparable(normalized(CustomerIdentifier(type=IdentifierType(type_), value=value)))


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("email", "  Anna.Berg+Shop@Example.COM ", "anna.berg+shop@example.com"),
        ("email", "ZOE\u0308@example.com", "zo\u00eb@example.com"),
        ("email", "anna@localhost", "anna@localhost"),
        ("phone", "+49 (0)170 / 123-45.67", "+491701234567"),
        ("phone", "0049 170 1234567", "+491701234567"),
        ("phone", "+4917012345", "+4917012345"),
        ("card", " 0042 1234 ", "00421234"),
        ("card", "Gold-7a", "Gold-7a"),
        ("alias", "  CRM 4711 ", "CRM 4711"),
    ],
)
def test_a_value_is_kept_in_one_way(type_: str, value: str, expected: str) -> None:
    """Spaces around it go; an e-mail is in lower case, a phone number digits, a card without spaces."""
    assert kept(type_, value) == expected


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("email", "anna"),
        ("email", "@example.com"),
        ("email", "anna@"),
        ("email", "anna@berg@example.com"),
        ("email", "anna berg@example.com"),
        ("phone", "0170 1234567"),
        ("phone", "4917012345"),
        ("phone", "+49 170 CALL"),
        ("phone", "+123456"),
        ("phone", "+1234567890123456"),
        ("phone", "+0 170 1234567"),
        ("phone", "+\u0664\u0669170123456"),
        ("card", " \u00a0 "),
        ("alias", "\t "),
    ],
)
def test_what_identifies_nobody_is_refused(type_: str, value: str) -> None:
    """No e-mail address, no number without its country, nothing but spaces."""
    with pytest.raises(ValueError, match=r"^(is no|has not|holds)"):
        kept(type_, value)


def test_folding_never_makes_a_value_too_long() -> None:
    """An address whose lower case is longer than an address may be is refused, and not cut."""
    with pytest.raises(ValueError, match="more than 254"):
        kept("email", "\ufb03" * 200 + "@example.com")


def test_case_makes_no_difference_and_type_does() -> None:
    """A card in capitals is the same card; the same text as an alias is another thing."""
    assert compared("card", "Gold 7A") == compared("card", "gold7a") == "card:gold7a"
    assert compared("alias", "GOLD7A") != compared("card", "GOLD7A")
    assert compared("alias", "\u039f\u0394\u039f\u03a3") == compared("alias", "\u03bf\u03b4\u03bf\u03c2")


def test_twice_is_once() -> None:
    """What is kept is kept as it is when it is given again, whatever letter it holds."""
    for point in range(sys.maxunicode + 1):
        letter = chr(point)
        if unicodedata.category(letter)[0] not in "LMNS":
            continue
        for type_ in ("alias", "email"):
            value = f"a{letter}@x" if type_ == "email" else f"a{letter}"
            once = kept(type_, value)
            assert kept(type_, once) == once, hex(point)
            assert compared(type_, once) == compared(type_, value), hex(point)
