"""Codes of vouchers: random, easy to read aloud, and too many to guess."""

from __future__ import annotations

import secrets

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and digits without those that look alike (0 and O, 1 and I)."""

LENGTH = 16


def voucher_code() -> str:
    """Return a new code in groups of four: 80 random bits."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, LENGTH, 4))
