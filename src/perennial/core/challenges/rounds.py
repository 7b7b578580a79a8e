"""Which round of a challenge something at a given instant counts for, and when a new one begins.

Rounds of calendar periods are numbered by the period, others from 1. What happened earlier than it is
heard of counts for the round of its own time, as long as that round is known; between two of them it counts
for the second one from the end of the first one's rest on.
"""

from __future__ import annotations

from perennial.core.challenge_figures import life_end, period_at
from perennial.core.challenge_round import Round, RoundState, Standing
from perennial.core.dates.periods import add_span, end_of_period
from perennial.core.document.challenge import ChallengeReturns, ChallengeStart, Streak
from perennial.core.version import CompiledChallenge, Version
from perennial.core.wallets.dates import end_of_day_after
from perennial.units import Instant

_OPEN = (RoundState.ACTIVE, RoundState.REVERSED)


def round_at(version: Version, compiled: CompiledChallenge, standing: Standing, at: Instant) -> Round | None:
    """Return the round that something at ``at`` counts for: one under way, or one that it begins.

    One that is completed counts on where a return may undo that and no other one follows. None: it counts for
    nothing, because the challenge is completed for good, rests, or is not started.
    """
    known = _known_at(version, compiled, standing, at)
    if known is not None and takes(compiled, known, at):
        return known
    begun = None
    if compiled.challenge.start is not ChallengeStart.ON_REQUEST:
        begun = next_round(version, compiled, standing, at)
    if begun is None and known is not None and _counts_on(version, compiled, standing, known, at):
        return known
    return begun


def next_round(
    version: Version, compiled: CompiledChallenge, standing: Standing, at: Instant
) -> Round | None:
    """Return the round that begins at ``at``, or None if none can begin now."""
    challenge = compiled.challenge
    if challenge.each is not None:
        number = period_at(version, at, challenge.each.period)
        if number in standing.rounds:
            return None
        ends = end_of_period(at, challenge.each.period, version.zone, version.program.week_starts)
        return _new(version, compiled, number, at, ends)
    latest = standing.latest()
    if latest is None:
        return _new(version, compiled, 1, at, _end(version, compiled, at))
    if at < latest.started_at or _is_open(compiled, latest, at) or not _may_repeat(compiled, standing):
        return None
    if latest.state is RoundState.COMPLETED and not _has_rested(version, compiled, latest, at):
        return None
    return _new(version, compiled, latest.number + 1, at, _end(version, compiled, at))


def rests_until(version: Version, compiled: CompiledChallenge, one: Round) -> Instant | None:
    """Return until when a completed challenge rests before it can be begun again."""
    repeat = compiled.challenge.repeat
    if repeat is None or repeat.cooldown is None or one.completed_at is None:
        return None
    return add_span(one.completed_at, repeat.cooldown, version.zone)


def _known_at(version: Version, compiled: CompiledChallenge, standing: Standing, at: Instant) -> Round | None:
    challenge = compiled.challenge
    if challenge.each is not None:
        return standing.rounds.get(period_at(version, at, challenge.each.period))
    if not standing.rounds:
        return None
    before = [number for number, one in standing.rounds.items() if one.started_at <= at]
    known = standing.rounds[max(before)] if before else None
    # Heard of in time, the round after it had begun with it, unless time ran from its start.
    begins_early = challenge.within is None and challenge.start is ChallengeStart.AUTOMATIC
    if begins_early and (known is None or _is_over(version, compiled, known, at)):
        after = [number for number, one in standing.rounds.items() if one.started_at > at]
        return standing.rounds[min(after)] if after else known
    return known


def _is_over(version: Version, compiled: CompiledChallenge, one: Round, at: Instant) -> bool:
    """Whether a round was completed at ``at``, and its rest had ended."""
    if one.state is not RoundState.COMPLETED or one.completed_at is None:
        return False
    return one.completed_at <= at and _has_rested(version, compiled, one, at)


def takes(compiled: CompiledChallenge, one: Round, at: Instant) -> bool:
    """Whether a round still counts what happened at ``at``."""
    if one.state in _OPEN:
        return _is_open(compiled, one, at)
    # A streak that broke begins anew, and a round that was missed takes what is heard of late.
    streak = compiled.challenge.streak is not None
    return one.state is RoundState.MISSED and (streak or one.ends_at is None or at < one.ends_at)


def _counts_on(
    version: Version, compiled: CompiledChallenge, standing: Standing, one: Round, at: Instant
) -> bool:
    """Whether a completed round counts what may keep it completed when an order comes back."""
    challenge = compiled.challenge
    if challenge.returns is not ChallengeReturns.TAKE_BACK or challenge.streak is not None:
        return False
    # No other round has begun: none can begin at all, or not before a rest is over or the member asks for it.
    waits = challenge.start is ChallengeStart.ON_REQUEST or not _has_rested(version, compiled, one, at)
    is_last = challenge.each is not None or waits or not _may_repeat(compiled, standing)
    return is_last and one.state is RoundState.COMPLETED and (one.ends_at is None or at < one.ends_at)


def _is_open(compiled: CompiledChallenge, one: Round, at: Instant) -> bool:
    if one.state not in _OPEN:
        return compiled.challenge.streak is not None and one.state is RoundState.MISSED
    return compiled.challenge.streak is not None or one.ends_at is None or at < one.ends_at


def _may_repeat(compiled: CompiledChallenge, standing: Standing) -> bool:
    repeat = compiled.challenge.repeat
    if repeat is None:
        return False
    return repeat.times is None or standing.completed_count < repeat.times


def _has_rested(version: Version, compiled: CompiledChallenge, one: Round, at: Instant) -> bool:
    streak = compiled.challenge.streak
    if streak is not None and one.marks and _period(version, streak, at) <= one.marks[-1][0]:
        return False
    until = rests_until(version, compiled, one)
    return until is None or at >= until


def _period(version: Version, streak: Streak, at: Instant) -> int:
    return period_at(version, at, streak.every.period)


def _end(version: Version, compiled: CompiledChallenge, at: Instant) -> Instant | None:
    within = compiled.challenge.within
    return None if within is None else end_of_day_after(version, at, within)


def _new(
    version: Version, compiled: CompiledChallenge, number: int, at: Instant, ends: Instant | None
) -> Round:
    over = life_end(version, compiled)
    return Round(
        number=number,
        started_at=at,
        ends_at=min((end for end in (ends, over) if end is not None), default=None),
        state=RoundState.ACTIVE,
        amounts=(0,) * len(compiled.goals),
    )
