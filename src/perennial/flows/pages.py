"""Cursors: where the next page of a list begins, as text that callers send back as it is.

A cursor belongs to the list that gave it out: to its kind, its workspace, and whom or what it is about. In
another one the same place would begin somewhere, and nobody would notice what was left out; a statement
even goes on from the balance in its cursor. So each carries a checksum of its list.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import TypeVar
from uuid import UUID

import msgspec

from perennial.flows.problems import ProblemError, field_problem

T = TypeVar("T")

_CHECKSUM = 6
"""Bytes. It finds mistakes; what somebody may read is not decided by a cursor."""


def write_cursor(place: msgspec.Struct | None, workspace_id: int, *of: str | int | UUID) -> str | None:
    """Write the cursor of a place in a list; there is none behind the last page.

    ``of`` is the kind of the list, and whom or what it is about.
    """
    if place is None:
        return None
    packed = msgspec.msgpack.encode(place)
    return urlsafe_b64encode(_checksum(packed, workspace_id, *of) + packed).decode().rstrip("=")


def read_cursor(text: str | None, kind: type[T], workspace_id: int, *of: str | int | UUID) -> T | None:
    """Read a cursor that this very list gave out; anything else is a problem of the field."""
    if text is None:
        return None
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        checksum, packed = found[:_CHECKSUM], found[_CHECKSUM:]
        place = msgspec.msgpack.decode(packed, type=kind)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise not_a_cursor() from error
    if checksum != _checksum(packed, workspace_id, *of):
        raise not_a_cursor()
    return place


def _checksum(packed: bytes, workspace_id: int, *of: str | int | UUID) -> bytes:
    return blake2b(msgspec.msgpack.encode((workspace_id, of, packed)), digest_size=_CHECKSUM).digest()


def not_a_cursor() -> ProblemError:
    """Return the problem of a cursor that the list never gave out."""
    return field_problem("$.cursor", "invalid_cursor", "is not a cursor of this list")
