"""What time alone does to challenges: a round is over, a streak breaks, a time of membership is reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from perennial.core.challenge_figures import NOTHING, progress_of
from perennial.core.challenge_round import Round, RoundState
from perennial.core.challenges.challenges import applies, count, time_goals
from perennial.core.challenges.rounds import round_at
from perennial.core.effects import Effect, Progress
from perennial.core.events import ChallengeMissed, Event, TimersDue
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.version import CompiledChallenge, Version
from perennial.units import Instant

Change: TypeAlias = tuple[Effect, list[Event]]
"""What time does to one round, and what that causes."""


def next_end(version: Version, member: Member) -> Instant | None:
    """Return when the next round that is under way is over, or a streak breaks."""
    ends = [
        one.ends_at
        for compiled in version.challenges
        for one in _under_way(member, compiled)
        if one.ends_at is not None
    ]
    return min(ends, default=None)


def next_time_goal(version: Version, member: Member, after: Instant) -> Instant | None:
    """Return when the member reaches the next goal by time alone, later than ``after``."""
    membership = member.memberships.get(version.program_id)
    if membership is None or membership.left_at is not None:
        return None
    return min(
        (
            at
            for compiled in version.challenges
            for _, at in time_goals(version, compiled, membership.joined_at)
            if at > after
        ),
        default=None,
    )


def ends_due(event: TimersDue, version: Version, member: Member, at: Instant) -> Iterator[Change]:
    """Yield every round that is over at ``at``: missed, unless it was completed as often as it could be."""
    for compiled in version.challenges:
        for one in _under_way(member, compiled):
            if one.ends_at is None or one.ends_at > at:
                continue
            done = one.given > 0 and compiled.challenge.streak is None
            state = RoundState.COMPLETED if done else RoundState.MISSED
            changed = msgspec.structs.replace(one, state=state, revision=one.revision + 1)
            name = compiled.challenge.id
            missed: list[Event] = [ChallengeMissed(id=event.id, at=at, challenge=name, round=one.number)]
            worth_telling = not done and progress_of(compiled.challenge, one) > 0
            yield Progress(compiled.number, changed), missed if worth_telling else []


def time_reached(event: TimersDue, version: Version, member: Member, at: Instant) -> Iterator[Change]:
    """Yield what members reach by time alone, up to ``at``; what is reached already is left alone."""
    membership = member.memberships.get(version.program_id)
    if membership is None or membership.left_at is not None:
        return
    for compiled in version.challenges:
        due = [place for place, when in time_goals(version, compiled, membership.joined_at) if when <= at]
        if not due or not applies(compiled, snapshot_of(at, version, member), at):
            continue
        one = round_at(version, compiled, member.challenges.get(compiled.number, NOTHING), at)
        if one is None:
            continue
        amounts = [
            max(goal.goal.target - known, 0) if place in due else 0
            for place, (goal, known) in enumerate(zip(compiled.goals, one.amounts, strict=True))
        ]
        happened = TimersDue(id=event.id, at=at)
        changed, completed = count(version, compiled, one, amounts, happened)
        if changed is not None:
            yield Progress(compiled.number, changed), completed


def _under_way(member: Member, compiled: CompiledChallenge) -> list[Round]:
    known = member.challenges.get(compiled.number, NOTHING)
    return [one for _, one in sorted(known.rounds.items()) if one.state is RoundState.ACTIVE]
