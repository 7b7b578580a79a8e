"""Rotating codes for the till: short-lived texts that stand for a member or a voucher.

A code is shown as a QR code and changes every 30 seconds, so that a picture of it is soon worth nothing.
It is signed: a device that holds nothing but the workspace's public key can tell without a connection
that it is genuine and current. Here is its form and its life; signing and checking a signature is handed
in, and so is the time.

The text is ``PT1.`` and the base32 (RFC 4648, without padding) of 87 bytes: the version and the kind (one
byte, four bits each), the place (two bytes), the subject (16), the step (4, all big-endian), the signature
(64) of :func:`signed_bytes`. Every character is one of those that QR codes store most densely.
"""

from __future__ import annotations

from base64 import b32decode, b32encode
from collections.abc import Callable
from enum import IntEnum, StrEnum
from uuid import UUID

import msgspec

from perennial.units import MINUTE, SECOND, Instant

STEP: Instant = 30 * SECOND
"""How long one code is shown."""

TOLERANCE = 1
"""By so many steps the clocks of those who show a code and those who read it may differ, either way."""

SCANNED_STEPS = 15 * MINUTE // STEP
"""How long a voucher that was scanned may be used, in steps."""

PREFIX = "PT1."
VERSION = 1
BODY_BYTES = 23
SIGNATURE_BYTES = 64
_LETTERS = 140
_SIGNED = b"perennial till code\n"


class TillKind(IntEnum):
    """What a code stands for. The numbers are in codes: never change or reuse one."""

    MEMBER = 1
    VOUCHER = 2
    SCANNED = 3
    """A voucher that was scanned: from then on the till has 15 minutes to use it."""


class Fault(StrEnum):
    """Why a text is no code that may be used."""

    NO_CODE = "no_code"
    ALTERED = "altered"
    NOT_YET = "not_yet"
    EXPIRED = "expired"


class TillCode(msgspec.Struct, frozen=True):
    """What a code says.

    ``subject`` is the member's internal id, with its bucket counted from the workspace's first one as the
    ``place``; or the key under which a voucher's code is found (then the place is 0). ``step`` counts
    periods of 30 seconds since 1970-01-01T00:00:00Z.
    """

    kind: TillKind
    place: int
    subject: UUID
    step: int

    @property
    def expires_at(self) -> Instant:
        """When the code ends, without the tolerance."""
        steps = SCANNED_STEPS if self.kind is TillKind.SCANNED else 1
        return (self.step + steps) * STEP


def step_at(now: Instant) -> int:
    """Return the step that an instant lies in."""
    return now // STEP


def body_of(code: TillCode) -> bytes:
    """Return the 23 bytes of a code that are signed, behind the words of :func:`signed_bytes`."""
    head = VERSION << 4 | code.kind
    return bytes([head]) + code.place.to_bytes(2) + code.subject.bytes + code.step.to_bytes(4)


def signed_bytes(body: bytes) -> bytes:
    """Return what the signature of a code is of: nothing else that we sign begins like this."""
    return _SIGNED + body


def write(body: bytes, signature: bytes) -> str:
    """Return the text of a code."""
    return PREFIX + b32encode(body + signature).decode().rstrip("=")


def read(text: str) -> tuple[TillCode, bytes, bytes] | None:
    """Return what a text says, the bytes of it and their signature, unchecked; None if it is no code.

    Spaces around it and lower case do not matter. Of every code there is one text only.
    """
    given = text.strip().upper()
    if len(given) != len(PREFIX) + _LETTERS or not given.startswith(PREFIX) or not given.isascii():
        return None
    try:
        whole = b32decode(given.removeprefix(PREFIX) + "====")
    except ValueError:
        return None
    body, signature = whole[:BODY_BYTES], whole[BODY_BYTES:]
    kinds = TillKind.__members__.values()
    if body[0] >> 4 != VERSION or body[0] & 15 not in kinds or write(body, signature) != given:
        return None
    place, step = int.from_bytes(body[1:3]), int.from_bytes(body[19:23])
    return TillCode(TillKind(body[0] & 15), place, UUID(bytes=body[3:19]), step), body, signature


def verify(text: str, now: Instant | None, is_signed: Callable[[bytes, bytes], bool]) -> TillCode | Fault:
    """Return what a genuine, current code says, or why it is none.

    ``is_signed`` tells whether its second argument is the workspace's signature of its first. Without
    ``now`` the time of the code is not judged.
    """
    found = read(text)
    if found is None:
        return Fault.NO_CODE
    code, body, signature = found
    if not is_signed(signed_bytes(body), signature):
        return Fault.ALTERED
    if now is None:
        return code
    if now < (code.step - TOLERANCE) * STEP:
        return Fault.NOT_YET
    if now >= code.expires_at + TOLERANCE * STEP:
        return Fault.EXPIRED
    return code
