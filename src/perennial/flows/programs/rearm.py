"""Timers after a publication: a new version may make something due that nobody had armed.

A birthday rule, another end of the program or other tiers give every member new due instants. Each
member's timer is set to now; when it runs, it does what is due, if anything, and is armed anew by the
version in force. Households whose members share a tier from now on have one then.
"""

from __future__ import annotations

from perennial.core.explaining.program_diff import Change

_MOVES_TIMERS = (
    "earning_rules",
    "messages",
    "campaigns",
    "starts",
    "ends",
    "grace",
    "tiers",
    "wallets",
    "time_zone",
    "week_starts",
    "challenges",
    "pool",
)


def moves_timers(changes: tuple[Change, ...]) -> bool:
    """Whether changes between two versions can change when something is due."""
    return any(change.path.lstrip("$.").startswith(_MOVES_TIMERS) for change in changes)
