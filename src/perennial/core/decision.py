"""The result of deciding one event under one program version."""

from __future__ import annotations

import msgspec

from perennial.core.award import Award
from perennial.core.challenge_round import Contribution
from perennial.core.effects import Effect, SendMessage
from perennial.core.events import Event
from perennial.core.given_reward import GivenReward
from perennial.core.refusals import Refusal
from perennial.core.snapshot import Snapshot
from perennial.units import Points


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What one program decided about one event.

    ``awards`` is what the event earned, ``effects`` everything to be written, ``follow_ups`` the
    events that it caused (decided next, in the same transaction). ``facts`` is the snapshot that was
    read, stored beside the event so that the explanation can be recomputed. ``taken_back`` maps a
    unit to the points that a return reversed. ``contributions`` are what it counts for in challenges,
    ``given`` is the reward that a rule gave. A ``refusal`` comes with no effects at all.
    """

    program: int
    version: int
    awards: tuple[Award, ...] = ()
    effects: tuple[Effect, ...] = ()
    follow_ups: tuple[Event, ...] = ()
    facts: Snapshot | None = None
    taken_back: dict[int, Points] = {}
    refusal: Refusal | None = None
    contributions: tuple[Contribution, ...] = ()
    given: GivenReward | None = None


def sent_by(decision: Decision) -> list[str]:
    """Return the messages that a decision sends."""
    return [effect.message for effect in decision.effects if type(effect) is SendMessage]
