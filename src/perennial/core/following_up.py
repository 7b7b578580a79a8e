"""What a decision causes, in the order in which it is decided: breadth first, the same thing once.

The live path, rehearsals and the simulator follow up by these rules alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from perennial.core.events import (
    ChallengeCompleted,
    ChallengeMissed,
    CustomEvent,
    Event,
    RewardEarned,
    TierEntered,
)
from perennial.core.member import Member
from perennial.units import Instant

MAX_FOLLOW_UPS = 32


class TooManyFollowUps(Exception):
    """One event caused more than ``MAX_FOLLOW_UPS`` others.

    Rewards that rules give are none of them: they are part of what an event earned, and each rule gives one
    for it, so that a program has no more of them than rules.
    """


class FollowUps:
    """The events that wait to be decided after the one that caused them.

    ``add`` puts what a decision caused at the end; iterating hands out each event once, and raises
    :class:`TooManyFollowUps` where there is no end of it.
    """

    def __init__(self, caused: Iterable[Event]) -> None:
        self._waiting = deque(caused)
        self._done: set[tuple[object, ...]] = set()
        self._caused = 0

    def add(self, caused: Iterable[Event]) -> None:
        """Let ``caused`` be decided after everything that waits already."""
        self._waiting.extend(caused)

    def __iter__(self) -> Iterator[Event]:
        while self._waiting:
            event = self._waiting.popleft()
            key = (trigger_of(event), event.at, *_particulars(event))
            if key in self._done:
                continue
            self._done.add(key)
            self._caused += not isinstance(event, RewardEarned)
            if self._caused > MAX_FOLLOW_UPS:
                raise TooManyFollowUps
            yield event


def trigger_of(event: Event) -> str:
    """Return the name under which rules know the event."""
    return event.name if isinstance(event, CustomEvent) else str(event.__struct_config__.tag)


def instants_due(member: Member, until: Instant) -> Iterator[Instant]:
    """Hand out each instant at which something is due for ``member``, up to and including ``until``.

    What is due at an instant has to be decided and folded, and the member's timer armed anew, before the
    next one is asked for.
    """
    while (due_at := member.due_at) is not None and due_at <= until:
        yield due_at
        if member.due_at == due_at:
            raise AssertionError("a timer that ran is armed for later")


def _particulars(event: Event) -> tuple[object, ...]:
    """Return what tells follow-ups of one kind and moment apart: the same one is decided once."""
    match event:
        case TierEntered():
            return (event.after,)
        case ChallengeCompleted():
            return (event.challenge, event.round, event.time)
        case ChallengeMissed():
            return (event.challenge, event.round)
        case CustomEvent():
            return (event.attributes.get("segment"),)
        case RewardEarned():
            return (event.rule, event.id, *event.attributes.values())
        case _:
            return ()
