"""The accounts between which points move.

Every posting has one leg in the accounts of an *owner* (a member or a household) or passes through
``IN_TRANSIT``; the other leg is an account of the program, kept per bucket. An account is named by
its kind, its unit, and its owner where the kind belongs to one.
"""

from __future__ import annotations

from enum import IntEnum


class Account(IntEnum):
    """The kinds of account. The numbers are stored: never change or reuse one."""

    WALLET = 1
    """An owner's points, pending ones included: what the program owes. Never below zero."""
    ISSUED = 2
    """Points that the program has given; a reversal gives them back here."""
    REDEEMED = 3
    """Points exchanged for rewards; a cancelled claim gives them back from here."""
    EXPIRED = 4
    """Points whose time has passed."""
    ADJUSTED = 5
    """Corrections by staff or by an import."""
    DEBT = 6
    """What an owner owes: points taken back that were no longer there. Later credits pay it off."""
    IN_TRANSIT = 7
    """Points on the way between two owners, or between two buckets. Sums to zero over all buckets."""
    CLOSED = 8
    """Balances closed when a program has ended or a member was erased."""
    HELD = 9
    """An owner's points that are reserved for an order: still theirs, but not to be spent again."""
    CONVERTED = 10
    """Points that became points of another unit, or came from one: each unit balances by itself."""
