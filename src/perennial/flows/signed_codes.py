"""Rotating codes signed and understood, wherever a code is entered.

They live by wall time, in a sandbox too: whoever shows one and whoever reads it have clocks of their own.
"""

from __future__ import annotations

import time
from uuid import UUID

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
from perennial.store.codes.codebook import Codebook
from perennial.units import Instant


def scanned_code(codebook: Codebook, workspace_id: int, code: TillCode, now: Instant) -> str:
    """Return what the till gives to quotes and redemptions for a voucher whose rotating code it scanned."""
    scanned = TillCode(TillKind.SCANNED, 0, code.subject, step_at(now))
    return signed_text(codebook, workspace_id, scanned)


def signed_text(codebook: Codebook, workspace_id: int, code: TillCode) -> str:
    """Return the text of a code, signed by the workspace."""
    body = body_of(code)
    return write(body, codebook.till.sign(workspace_id, signed_bytes(body)))


def verified(codebook: Codebook, workspace_id: int, text: str, now: Instant | None) -> TillCode | Fault:
    """Return what a rotating code of the workspace says, or why the text is none at ``now``."""
    return verify(
        text, now, lambda message, signature: codebook.till.is_signed(workspace_id, message, signature)
    )


def hashes_entered(
    codebook: Codebook, workspace_id: int, entered: str, now: Instant | None
) -> tuple[UUID, ...]:
    """Return the keys under which a voucher may be found by what was entered: a code, or a rotating one."""
    if not is_rotating(entered):
        return codebook.hashes_of(workspace_id, entered)
    code = verified(codebook, workspace_id, entered, now)
    return () if isinstance(code, Fault) or code.kind is TillKind.MEMBER else (code.subject,)


def is_rotating(entered: str) -> bool:
    """Whether what was entered is a rotating code, genuine or not, and no code of a voucher."""
    return read(entered) is not None


def wall_now() -> Instant:
    """Return the time by which rotating codes live."""
    return time.time_ns() // 1_000
