"""How often somebody may scan what is nothing, before it is guessing.

Only misses count, so that a busy till is never stopped by its customers: twenty a minute for one device of
a key, sixty for a key, and six hundred for a workspace. The counts are kept in the memory of each process:
with n workers it is n times as much, which against codes of 59 bits is nothing, and no guess costs a
write.
"""

from __future__ import annotations

import time
from typing import TypeAlias
from uuid import UUID

from perennial.flows.problems import ProblemError
from perennial.http.door.exchange import GUESS_SECONDS
from perennial.http.door.problems import bad_request

DEVICE_MISSES = 20
KEY_MISSES = 60
WORKSPACE_MISSES = 600

_Holder: TypeAlias = tuple[object, ...]


class Guesses:
    """Counts the misses of this minute. ``misses`` are of devices, keys and workspaces."""

    def __init__(self) -> None:
        self._minute = 0
        self._misses: dict[_Holder, int] = {}

    def check(self, workspace_id: int, key_id: UUID, device: str) -> None:
        """Raise the 429 if the device, the key or the workspace has missed too often in this minute."""
        self._turn()
        for holder, most in _holders(workspace_id, key_id, device):
            if self._misses.get(holder, 0) >= most:
                raise _too_many()

    def miss(self, workspace_id: int, key_id: UUID, device: str) -> None:
        """Count a text that was nothing."""
        self._turn()
        for holder, _ in _holders(workspace_id, key_id, device):
            self._misses[holder] = self._misses.get(holder, 0) + 1

    def _turn(self) -> None:
        minute = int(time.monotonic() // GUESS_SECONDS)
        if minute != self._minute:
            self._minute = minute
            self._misses.clear()


def _holders(workspace_id: int, key_id: UUID, device: str) -> tuple[tuple[_Holder, int], ...]:
    return (
        ((key_id, device), DEVICE_MISSES),
        ((key_id,), KEY_MISSES),
        ((workspace_id,), WORKSPACE_MISSES),
    )


def _too_many() -> ProblemError:
    return bad_request(429, "too_many_guesses", "Too many texts were scanned that are nothing of ours.")
