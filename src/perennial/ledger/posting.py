"""Postings: the only way in which points move.

A posting is one row that moves a positive amount from its debit account to its credit account, so
it balances by construction, and so does every operation, which is a set of postings.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.ledger.account import Account
from perennial.units import Points


class Posting(msgspec.Struct, frozen=True, array_like=True):
    """One movement of ``amount`` (always positive) points of a unit.

    ``owner`` is the member or household whose account is one of the legs; ``lot_id`` is the lot of
    the wallet leg (0 where no wallet takes part, as when a debt is recorded).
    """

    unit: int
    owner: UUID
    debit: Account
    credit: Account
    amount: Points
    lot_id: int = 0

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError("a posting moves a positive amount")
