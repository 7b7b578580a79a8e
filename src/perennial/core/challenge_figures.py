"""Where a member stands with a challenge: which round is the present one, how far it is, when it ends."""

from __future__ import annotations

from collections.abc import Sequence

from perennial.core.challenge_round import Round, RoundState, Standing
from perennial.core.challenge_streak import Run, run_of
from perennial.core.dates.periods import Period, period_of, start_of
from perennial.core.document.challenge import Challenge, Complete, Streak
from perennial.core.member import Member
from perennial.core.version import CompiledChallenge, Version
from perennial.units import Instant

NOTHING = Standing({})


def figures_of(version: Version, member: Member, at: Instant) -> tuple[tuple[int, int], ...]:
    """Return for each challenge how often it was completed, and how far the present round is."""
    return tuple(
        [
            _figures(version, compiled, member.challenges.get(compiled.number, NOTHING), at)
            for compiled in version.challenges
        ]
    )


def _figures(
    version: Version, compiled: CompiledChallenge, standing: Standing, at: Instant
) -> tuple[int, int]:
    one = present_round(version, compiled, standing, at)
    return standing.completed_count, 0 if one is None else progress_of(compiled.challenge, one)


def present_round(
    version: Version, compiled: CompiledChallenge, standing: Standing, at: Instant
) -> Round | None:
    """Return the round that is shown at ``at``: that of the calendar period, or the latest one."""
    each = compiled.challenge.each
    if each is not None:
        return standing.rounds.get(period_at(version, at, each.period))
    return standing.latest()


def period_at(version: Version, at: Instant, period: Period) -> int:
    """Return the number of the local calendar period in which ``at`` lies."""
    return period_of(at, period, version.zone, version.program.week_starts)


def progress_of(challenge: Challenge, one: Round) -> int:
    """Return how far a round is: periods of its streak, goals reached of several, or what was counted.

    Of a card, what counts towards the next time.
    """
    if challenge.streak is not None:
        run = run_in(challenge.streak, challenge.goals[0].target, one.marks)
        return 0 if run is None or one.state is RoundState.MISSED else run.length
    if len(challenge.goals) > 1:
        return sum(reached(challenge, one.amounts))
    amount = max(one.amounts[0], 0)
    if challenge.is_card and one.state is not RoundState.COMPLETED:
        return max(amount - one.given * challenge.goals[0].target, 0)
    return min(amount, challenge.goals[0].target)


def target_of(challenge: Challenge) -> int:
    """Return what :func:`progress_of` has to reach."""
    if challenge.streak is not None:
        return challenge.streak.length
    if len(challenge.goals) > 1:
        return 1 if challenge.complete is Complete.ANY else len(challenge.goals)
    return challenge.goals[0].target


def reached(challenge: Challenge, amounts: Sequence[int]) -> list[bool]:
    """Return of each goal whether it is reached."""
    return [amount >= goal.target for amount, goal in zip(amounts, challenge.goals, strict=True)]


def completions(challenge: Challenge, one: Round) -> int:
    """Return how often a round is complete by what was counted, whatever was given for it."""
    if challenge.streak is not None:
        run = run_in(challenge.streak, challenge.goals[0].target, one.marks)
        return int(run is not None and run.completed_in is not None)
    if challenge.is_card:
        times = max(one.amounts[0], 0) // challenge.goals[0].target
        return times if challenge.most is None else min(times, challenge.most)
    goals = reached(challenge, one.amounts)
    return int(any(goals) if challenge.complete is Complete.ANY else all(goals))


def run_in(streak: Streak, target: int, marks: Sequence[tuple[int, int]]) -> Run | None:
    """Return the last run of the periods that reached the target of their goal."""
    return run_of(streak, [period for period, amount in marks if amount >= target])


def streak_end(
    version: Version, streak: Streak, target: int, marks: Sequence[tuple[int, int]]
) -> Instant | None:
    """Return when a streak breaks if nothing happens; None where none is under way."""
    run = run_in(streak, target, marks)
    if run is None:
        return None
    number = run.breaks_with(streak)
    return start_of(number, streak.every.period, version.zone, version.program.week_starts)


def life_end(version: Version, compiled: CompiledChallenge) -> Instant | None:
    """Return when the challenge is over for everybody: with its schedule, or with the program."""
    return min((end for end in (compiled.ends, version.ends) if end is not None), default=None)
