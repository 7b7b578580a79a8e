"""Cursors: where the next page begins, opaque to the caller and checked when it comes back."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

from perennial.http.exchange import bad_query

T = TypeVar("T")


def write_cursor(place: msgspec.Struct | None) -> str | None:
    """Return a place as the text that the caller sends back; None after the last page."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).decode().rstrip("=")


def read_cursor(text: str, type_: type[T]) -> T | None:
    """Return the place that a cursor of ours names, None for an empty one; raise the 422 for any other."""
    if not text:
        return None
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        return msgspec.msgpack.decode(packed, type=type_)
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise bad_query("cursor", "invalid_cursor", "is not a cursor of this list") from None
