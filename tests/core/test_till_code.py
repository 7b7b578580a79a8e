"""Rotating codes: who may use one, and when."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from perennial.core.codes.till_code import (
    Fault,
    TillCode,
    TillKind,
    body_of,
    read,
    signed_bytes,
    step_at,
    verify,
    write,
)
from perennial.store.codes.signing import TillSigner, is_public_key, is_signed_by
from perennial.units import MINUTE, SECOND, Instant, parse_instant
from tests.codebook import SECRET

SIGNER = TillSigner(SECRET)
WORKSPACE = 7
NOW = parse_instant("2026-03-02T12:00:00Z")
CODE = TillCode(TillKind.MEMBER, 513, UUID("01234567-89ab-8def-8123-456789abcdef"), step_at(NOW))


def written(code: TillCode = CODE) -> str:
    """Return the text of a code that the workspace signed."""
    body = body_of(code)
    return write(body, SIGNER.sign(WORKSPACE, signed_bytes(body)))


def verified(text: str, now: Instant | None = NOW, workspace: int = WORKSPACE) -> TillCode | Fault:
    """Verify as a device does that has nothing but the public key."""
    key = SIGNER.public_key(workspace)
    return verify(text, now, lambda message, signature: is_signed_by(key, message, signature))


def test_a_code_says_what_was_signed() -> None:
    """With the public key alone a device reads what the workspace wrote, in the letters of dense QR codes."""
    text = written()
    assert verified(text) == CODE
    assert verified(f" {text.lower()} ") == CODE
    assert len(text) == 144
    assert re.fullmatch("[0-9A-Z $%*+./:-]+", text)
    assert TillCode(TillKind.VOUCHER, 0, CODE.subject, 5) == verified(
        written(TillCode(TillKind.VOUCHER, 0, CODE.subject, 5)), None
    )


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-31, Fault.NOT_YET), (-30, CODE), (0, CODE), (29, CODE), (59, CODE), (60, Fault.EXPIRED)],
)
def test_thirty_seconds_and_a_step_for_clocks(seconds: int, expected: TillCode | Fault) -> None:
    """Exact to the second: thirty seconds, and thirty more before and after for clocks that differ."""
    assert verified(written(), NOW + seconds * SECOND) == expected


def test_what_was_scanned_may_be_used_for_a_quarter_of_an_hour() -> None:
    """The till has time to ring up; then the customer shows another code."""
    text = written(TillCode(TillKind.SCANNED, 0, CODE.subject, step_at(NOW)))
    assert isinstance(verified(text, NOW + 15 * MINUTE + 29 * SECOND), TillCode)
    assert verified(text, NOW + 15 * MINUTE + 30 * SECOND) is Fault.EXPIRED


def test_no_byte_can_be_altered() -> None:
    """Each character of the text, replaced by another one, makes it worthless."""
    text = written()
    for place in range(len(text)):
        letter = "B" if text[place] != "B" else "C"
        found = verified(text[:place] + letter + text[place + 1 :])
        assert found in (Fault.NO_CODE, Fault.ALTERED), place
    assert verified(text) == CODE  # the control: unaltered it is good


def test_every_bit_is_signed() -> None:
    """Another kind, place, subject or step under the same signature is not genuine."""
    body = body_of(CODE)
    signature = SIGNER.sign(WORKSPACE, signed_bytes(body))
    for place in range(1, len(body)):
        for bit in range(8):
            altered = bytearray(body)
            altered[place] ^= 1 << bit
            assert verified(write(bytes(altered), signature)) is Fault.ALTERED
    assert verified(write(body, signature)) == CODE


def test_another_workspace_has_another_key() -> None:
    """A code of one workspace is worth nothing in another, nor under another secret."""
    assert verified(written(), workspace=8) is Fault.ALTERED
    assert SIGNER.public_key(7) != SIGNER.public_key(8)
    assert TillSigner(bytes(32)).public_key(7) != SIGNER.public_key(7)
    assert TillSigner(SECRET).public_key(7) == SIGNER.public_key(7)


@pytest.mark.parametrize("text", ["", "PT1.", "WELCOME10", "PT1." + "A" * 140, "PT1." + "1" * 140, "é" * 144])
def test_what_is_no_code(text: str) -> None:
    """Whatever else is scanned is told apart, without an error."""
    assert read(text) is None
    assert verified(text) is Fault.NO_CODE


def test_public_keys_are_recognized() -> None:
    """Thirty-two bytes, and nothing else, are a key."""
    assert is_public_key(SIGNER.public_key(1))
    assert not is_public_key(b"short")
    assert not is_signed_by(b"short", b"", bytes(64))
