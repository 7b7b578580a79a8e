"""Cursors: where the next page of a list begins, as text that callers send back as it is."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

import msgspec

from perennial.flows.problems import ProblemError, field_problem

T = TypeVar("T")


def write_cursor(cursor: msgspec.Struct | None) -> str | None:
    """Write a cursor; there is none behind the last page."""
    if cursor is None:
        return None
    return urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def read_cursor(text: str | None, kind: type[T]) -> T | None:
    """Read a cursor that we wrote; anything else is a problem of the field."""
    if text is None:
        return None
    try:
        return msgspec.msgpack.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise not_a_cursor() from error


def not_a_cursor() -> ProblemError:
    """Return the problem of a cursor that the list never gave out."""
    return field_problem("$.cursor", "invalid_cursor", "is not a cursor of this list")
