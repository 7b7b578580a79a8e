"""Passwords: hashed with argon2id, compared at the same cost whether or not there is such a person."""

from __future__ import annotations

import asyncio
import functools
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from perennial.flows.problems import ProblemError, field_problem

MIN_LENGTH = 12
MAX_LENGTH = 200

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)
_AT_ONCE = 2
"""So many passwords are hashed at once in a process: each takes 19 MiB and much of a core."""


class Passwords:
    """Hashes and checks passwords beside the event loop; one per process."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._nobody = _hash_of_nobody()

    async def hash(self, password: str) -> str:
        """Return argon2id's text for a password, with its salt and its cost in it."""
        async with self._free:
            return await asyncio.to_thread(_HASHER.hash, _plain(password))

    async def is_right(self, password_hash: str | None, password: str) -> bool:
        """Tell whether this is the password. Without a hash the answer is no, after as long a time."""
        async with self._free:
            right = await asyncio.to_thread(_verify, password_hash or self._nobody, _plain(password))
        return right and password_hash is not None


@functools.cache
def _hash_of_nobody() -> str:
    """Return the hash of a password that nobody has, made once in a process."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _plain(password: str) -> str:
    """Return one way of writing for what keyboards write in several."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, email: str, path: str = "$.password") -> None:
    """Raise the 422 for a password that is too short, too long, or the person's own address.

    No other rule is made: long ones are good ones, and rules make people write them down.
    """
    if len(password) < MIN_LENGTH:
        raise _refused(path, "too_short", f"has at least {MIN_LENGTH} characters")
    if len(password) > MAX_LENGTH:
        raise _refused(path, "too_long", f"has at most {MAX_LENGTH} characters")
    lowered = password.lower()
    if lowered == email or len(set(lowered)) < 4:
        raise _refused(path, "password_weak", "is too easy to guess")


def _refused(path: str, code: str, words: str) -> ProblemError:
    return field_problem(path, code, words)
