"""Lots: points with an age.

A credit enters as a lot with the instant from which it may be spent and the instant at which it
expires. Credits of one origin with equal instants share a lot, so that a wallet holds a few dozen
lots and not thousands. A debit names the lots that it uses, in the order of :func:`spend_order`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache

import msgspec

from perennial.units import Instant, Points, stable_hash


class Origin(IntEnum):
    """Where the points of a lot came from. The numbers are stored: never change or reuse one."""

    EARNED = 1
    ADJUSTED = 2
    RECEIVED = 3
    """Received from another member, with the dates that the points had there."""
    RETURNED = 4
    """Points given back after their own lot had expired, with a grace date."""
    CONVERTED = 5
    """Carried over from another unit, with the dates that the points had there."""


class LotKey(msgspec.Struct, frozen=True, array_like=True):
    """What makes two credits the same lot.

    ``available_at`` is ``None`` while the points wait for an event (fulfilment) and not for a date;
    then ``waits_for`` names what they wait for and keeps the lot apart, also after the event gave it
    its dates, so that a return finds the points of its order. ``expires_at`` is ``None`` for points
    that never expire on their own, and while a lot waits.
    """

    origin: Origin
    available_at: Instant | None
    expires_at: Instant | None
    waits_for: str | None = None

    @property
    def lot_id(self) -> int:
        """The number of the lot within its wallet: the same key always gives the same number."""
        return _lot_id(int(self.origin), self.available_at, self.expires_at, self.waits_for)


@lru_cache(maxsize=65_536)
def _lot_id(*key: object) -> int:
    return stable_hash("lot", *key)


class Lot(msgspec.Struct, array_like=True):
    """One lot of a wallet; ``remaining`` is what has not been spent, expired or taken back."""

    lot_id: int
    key: LotKey
    granted: Points
    remaining: Points

    def is_available(self, at: Instant) -> bool:
        """Whether the lot may be spent at ``at``: active, and not yet expired (``<=`` expires)."""
        key = self.key
        return (
            key.available_at is not None
            and key.available_at <= at
            and (key.expires_at is None or at < key.expires_at)
        )


def available_in(lots: Iterable[Lot], at: Instant) -> Points:
    """Return how many points of these lots may be spent at ``at``."""
    return sum(lot.remaining for lot in lots if lot.remaining > 0 and lot.is_available(at))


def spend_order(lot: Lot) -> tuple[bool, Instant, Instant, int]:
    """Sort key of a debit: soonest expiry first, then oldest, never-expiring last."""
    key = lot.key
    return (
        key.expires_at is None,
        key.expires_at or 0,
        key.available_at or 0,
        lot.lot_id,
    )


def take(lots: list[Lot], amount: Points, at: Instant) -> list[tuple[int, Points]]:
    """Choose the lots that a debit of ``amount`` at ``at`` uses: pairs of lot id and points.

    Takes as much as is available and no more: the caller compares the sum with ``amount``. Changes
    nothing.
    """
    taken: list[tuple[int, Points]] = []
    for lot in sorted((lot for lot in lots if lot.remaining > 0 and lot.is_available(at)), key=spend_order):
        if amount <= 0:
            break
        part = min(amount, lot.remaining)
        taken.append((lot.lot_id, part))
        amount -= part
    return taken
