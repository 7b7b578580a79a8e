"""How far a member is: one round of a challenge, and everything that is known of a challenge."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import msgspec

from perennial.units import Instant, Points


class RoundState(IntEnum):
    """Where a round stands; the numbers are stored. ``REVERSED``: its completion was taken back."""

    ACTIVE = 1
    COMPLETED = 2
    MISSED = 3
    REVERSED = 4

    @property
    def word(self) -> str:
        """The state as a word."""
        return self.name.lower()


class Round(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One round of one challenge of one member.

    ``amounts`` is what was counted for each goal. A streak counts by period instead: ``marks`` are pairs
    of a period's number and what was counted in it, ascending. ``given`` is how often the round was
    completed and what it gives was given. At ``ends_at`` it is missed (``None``: it has no end); a streak
    breaks then. ``revision`` counts the changes of the round, so that none is ever lost. ``latest`` is for
    each goal when the latest of what it needed happened (empty, or ``None``: nobody knows); what counts for a
    goal that is reached moves it no more, but on a card, which goes on. ``earned`` is what rules gave for the
    completions of a round that may be taken back: pairs of a unit and its points.
    """

    number: int
    started_at: Instant
    ends_at: Instant | None
    state: RoundState
    amounts: tuple[int, ...]
    marks: tuple[tuple[int, int], ...] = ()
    given: int = 0
    completed_at: Instant | None = None
    revision: int = 0
    latest: tuple[Instant | None, ...] = ()
    earned: tuple[tuple[int, Points], ...] = ()


def added_up(
    earned: Iterable[tuple[int, Points]], more: Iterable[tuple[int, Points]]
) -> tuple[tuple[int, Points], ...]:
    """Return pairs of a unit and its points with ``more`` of them added, unit by unit."""
    sums = dict(earned)
    for unit, points in more:
        sums[unit] = sums.get(unit, 0) + points
    return tuple((unit, points) for unit, points in sums.items() if points)


class Standing(msgspec.Struct):
    """The rounds of one challenge by their number; ``before`` is how often older ones were completed."""

    rounds: dict[int, Round] = {}
    before: int = 0

    @property
    def completed_count(self) -> int:
        """How often the challenge was completed in all."""
        return self.before + sum(one.given for one in self.rounds.values())

    def latest(self) -> Round | None:
        """Return the round with the highest number."""
        return self.rounds[max(self.rounds)] if self.rounds else None


class Contribution(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An event counted for a goal: kept beside the event, so that a return takes back the very same.

    ``challenge`` is the challenge's number, ``round`` that of its round, ``goal`` the goal's place.
    """

    challenge: int
    round: int
    goal: int
    amount: int
