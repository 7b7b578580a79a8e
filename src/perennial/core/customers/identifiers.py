"""By what a customer is known besides the id: an e-mail address, a phone number, a card, another name.

An identifier is written in many ways and is one thing: ``normalized`` gives the way in which it is
kept and shown, ``comparable`` the text by which two are equal.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

MAX_VALUE = 254
"""As long as an e-mail address can be."""

MAX_IDENTIFIERS = 20
"""So many may one customer have."""


class IdentifierType(StrEnum):
    """What kind of thing identifies; the same text of two types is two identifiers."""

    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    ALIAS = "alias"


class CustomerIdentifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """By what else a customer is known. Upper and lower case are the same, and spaces around it do not count.

    An `email` is kept in lower case. A `phone` has its country code, as in `+49 170 1234567`, and is kept
    as a plus sign and digits. A `card` is kept without spaces. An `alias` is any other name, such as the id
    in another system.
    """

    type: IdentifierType
    value: Annotated[str, Meta(min_length=1, max_length=MAX_VALUE, examples=["anna@example.com"])]


_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_PHONE = re.compile(r"(?:\+|00)[0-9\s()./-]+")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


def normalized(identifier: CustomerIdentifier) -> CustomerIdentifier:
    """Return the identifier as it is kept; raise ``ValueError`` with what is wrong with its value."""
    given = unicodedata.normalize("NFC", identifier.value.strip())
    match identifier.type:
        case IdentifierType.EMAIL:
            value = _email(given)
        case IdentifierType.PHONE:
            value = _phone(given)
        case IdentifierType.CARD:
            value = "".join(given.split())
        case IdentifierType.ALIAS:
            value = given
    if not value:
        raise ValueError("holds nothing but spaces")
    if len(value) > MAX_VALUE:
        raise ValueError(f"has more than {MAX_VALUE} characters")
    return CustomerIdentifier(type=identifier.type, value=value)


def comparable(identifier: CustomerIdentifier) -> str:
    """Return the text by which a normalized identifier is found: equal for equal identifiers only."""
    return f"{identifier.type}:{_folded(identifier.value)}"


def _email(given: str) -> str:
    if _EMAIL.fullmatch(given) is None:
        raise ValueError("is no e-mail address")
    return _folded(given)


def _phone(given: str) -> str:
    """Return the plus sign and the digits; without its country code nobody knows whose number it is."""
    if _PHONE.fullmatch(given) is None:
        raise ValueError("is no phone number with a country code, such as +49 170 1234567")
    digits = re.sub("[^0-9]", "", given.replace("(0)", ""))
    number = "+" + (digits if given.startswith("+") else digits[2:])
    if _NUMBER.fullmatch(number) is None:
        raise ValueError("has not the 7 to 15 digits of a phone number with its country code")
    return number


def _folded(text: str) -> str:
    """Return the text without the difference of upper and lower case, in one way of writing it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
