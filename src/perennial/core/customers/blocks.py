"""Blocks: a customer who, for a reason of the staff's, earns nothing, spends nothing, or neither.

A block concerns one customer as a switch concerns everybody. A decision keeps it among the keys of what
was off, so that it is explained in the same way when the customer has long been free again. What was given
before stays; returns, releases and expiry go on, and so do points by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag

KIND = "blocked"
"""How keys of blocks begin; they stand among those of switches, which have other kinds."""


class Block(IntFlag):
    """What a customer may not do. The numbers are stored: never change one."""

    EARNING = 1
    SPENDING = 2


_KEYS = {Block.EARNING: f"{KIND}/earning", Block.SPENDING: f"{KIND}/spending"}

WHY_NOTHING_EARNED = "the customer is blocked and earns nothing"
WHY_NOTHING_SPENT = "the customer is blocked and can use nothing"


def with_blocks(off: tuple[str, ...], blocked: int) -> tuple[str, ...]:
    """Return the keys of what is off to a customer who is blocked so."""
    return tuple(sorted([*off, *(key for block, key in _KEYS.items() if blocked & block)]))


def is_block(key: str) -> bool:
    """Whether a key is that of a block, and of no switch."""
    return key.startswith(KIND + "/")


def blocked_by(keys: Iterable[str]) -> int:
    """Return the blocks that a snapshot's keys tell of."""
    kept = set(keys)
    return sum(block for block, key in _KEYS.items() if key in kept)
