"""Who calls: bearer keys, looked up by the hash of their secret and remembered for less than a second.

A revoked key is refused everywhere within one second: what a process remembers is never older. Half
way through it is fetched anew in the background, so that a busy key never waits for the database.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256

import msgspec

from perennial.flows.problems import ProblemError
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope, allows
from perennial.http.door.problems import bad_request

FRESH_SECONDS = 0.4
STALE_SECONDS = 0.9
MAX_REMEMBERED = 10_000
MAX_QUESTIONS = 2
"""Questions to the database at once: who tries out keys must not take the connections from the others."""

_BEARER = re.compile(rb"[Bb]earer (sk_(?:live|test)_[A-Za-z0-9]{40,64})\Z")

Find = Callable[[bytes], Awaitable[Key | None]]


class _Remembered(msgspec.Struct):
    secret_hash: bytes
    key: Key | None
    at: float
    refreshing: bool = False


class Keyring:
    """Knows the keys that were used lately, by the hash of the header that showed them.

    ``find`` asks the database by the hash of a secret.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._remembered: dict[bytes, _Remembered] = {}
        self._asking = asyncio.Semaphore(MAX_QUESTIONS)
        self._tasks: set[asyncio.Task[_Remembered]] = set()

    async def admit(self, authorization: bytes | None, needed: Scope, *instead: Scope) -> Key:
        """Return the key of the caller, or raise 401 (no valid key) or 403 (not with this key).

        A key with one of the scopes ``instead`` is as good.
        """
        if authorization is None:
            raise unauthorized("Send an API key: Authorization: Bearer sk_…")
        shown = sha256(authorization).digest()
        now = time.monotonic()
        entry = self._remembered.get(shown)
        if entry is None:
            entry = await self._fetch(shown, _secret_hash(authorization))
        elif now - entry.at > STALE_SECONDS:
            entry = await self._fetch(shown, entry.secret_hash)
        elif now - entry.at > FRESH_SECONDS and not entry.refreshing:
            entry.refreshing = True
            self._refresh(shown, entry.secret_hash)
        key = entry.key
        if key is None or (key.expires_at is not None and key.expires_at <= time.time_ns() // 1_000):
            raise unauthorized("The API key is unknown, expired or revoked.")
        if not allows(key.scopes, needed) and not any(allows(key.scopes, scope) for scope in instead):
            raise bad_request(403, "scope_missing", f"The API key lacks the scope {needed.value!r}.")
        return key

    async def _fetch(self, shown: bytes, secret_hash: bytes) -> _Remembered:
        async with self._asking:
            asked_at = time.monotonic()
            key = await self._find(secret_hash)
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        entry = self._remembered[shown] = _Remembered(secret_hash, key, asked_at)
        return entry

    def _refresh(self, shown: bytes, secret_hash: bytes) -> None:
        task = asyncio.create_task(self._fetch(shown, secret_hash))
        self._tasks.add(task)
        task.add_done_callback(self._refreshed)

    def _refreshed(self, task: asyncio.Task[_Remembered]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a failed refresh is no news: the entry goes stale and the next call asks


def _secret_hash(authorization: bytes) -> bytes:
    """Return the hash of the secret that an ``Authorization`` header holds, or raise the 401."""
    found = _BEARER.match(authorization)
    if found is None:
        raise unauthorized("The Authorization header holds no API key of ours: Bearer sk_…")
    return sha256(found[1]).digest()


def unauthorized(detail: str) -> ProblemError:
    """Build the 401."""
    return bad_request(401, "unauthorized", detail)
