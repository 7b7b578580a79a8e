"""A challenge as a member sees it: how far, what is missing, and what to do next, in words."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from perennial.core.challenge_figures import (
    NOTHING,
    life_end,
    present_round,
    progress_of,
    reached,
    run_in,
    target_of,
)
from perennial.core.challenge_round import Round, RoundState, Standing
from perennial.core.challenges.challenges import applies, time_goals
from perennial.core.challenges.rounds import next_round, rests_until, takes
from perennial.core.compiling.limits import span_words
from perennial.core.currency import format_money
from perennial.core.dates.periods import minute_words
from perennial.core.document.challenge import Challenge, ChallengeStart, Complete, Goal
from perennial.core.document.program import Program
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.terms.conditions import Measure
from perennial.core.version import CompiledChallenge, Version
from perennial.units import Instant, format_units

OPEN = "open"


class GoalView(msgspec.Struct, frozen=True):
    """One goal: what was counted of its target, and what it lacks.

    On a card that may be more than the target: what came back was given for, and is to be made up for.
    ``reached_at`` is when time alone reaches it.
    """

    goal: Goal
    counted: int
    reached: bool
    missing: int
    reached_at: Instant | None = None


class ChallengeView(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge at one moment.

    ``state`` is ``open`` before it began, else that of its round. ``missing`` is what ``progress`` lacks of
    ``target``, or more, on a card of which something came back. ``next_step`` says what to do;
    ``can_start`` whether the member may begin it on request.
    """

    compiled: CompiledChallenge
    state: str
    progress: int
    target: int
    missing: int
    completed_count: int
    can_start: bool
    goals: tuple[GoalView, ...]
    next_step: str
    started_at: Instant | None = None
    ends_at: Instant | None = None
    completed_at: Instant | None = None


def views_of(version: Version, member: Member, at: Instant) -> Iterator[ChallengeView]:
    """Yield every challenge of the version as ``member`` sees it at ``at``, but those that are over.

    What the member has a part in is shown though it is over, or no longer for them.
    """
    snapshot = snapshot_of(at, version, member)
    for compiled in version.challenges:
        standing = member.challenges.get(compiled.number, NOTHING)
        is_open = snapshot.joined_at is not None and applies(compiled, snapshot, at)
        if standing.rounds or standing.before or is_open:
            yield view_of(version, compiled, standing, snapshot.joined_at, at, is_open=is_open)


def view_of(
    version: Version,
    compiled: CompiledChallenge,
    standing: Standing,
    joined_at: Instant | None,
    at: Instant,
    *,
    is_open: bool = True,
) -> ChallengeView:
    """Return one challenge as the member sees it; ``is_open`` says that it is for them now."""
    challenge = compiled.challenge
    one = present_round(version, compiled, standing, at)
    on_request = challenge.start is ChallengeStart.ON_REQUEST
    startable = is_open and next_round(version, compiled, standing, at) is not None
    progress = 0 if one is None else progress_of(challenge, one)
    target = target_of(challenge)
    done = one is not None and one.state is RoundState.COMPLETED
    view = ChallengeView(
        compiled=compiled,
        state=OPEN if one is None else one.state.word,
        progress=progress,
        target=target,
        missing=0 if done else target - progress + _owed(challenge, one),
        completed_count=standing.completed_count,
        can_start=on_request and startable,
        goals=_goals(version, compiled, one, joined_at),
        next_step="",
        started_at=None if one is None else one.started_at,
        ends_at=None if one is None else one.ends_at,
        completed_at=None if one is None or not one.given else one.completed_at,
    )
    return msgspec.structs.replace(view, next_step=_next_step(version, view, one, at))


def _goals(
    version: Version, compiled: CompiledChallenge, one: Round | None, joined_at: Instant | None
) -> tuple[GoalView, ...]:
    challenge = compiled.challenge
    amounts = (0,) * len(challenge.goals) if one is None else one.amounts
    times = {} if joined_at is None else dict(time_goals(version, compiled, joined_at))
    done = reached(challenge, amounts)
    if challenge.is_card and one is not None:
        amounts, done = (progress_of(challenge, one),), [one.state is RoundState.COMPLETED]
    owed = _owed(challenge, one)
    return tuple(
        GoalView(goal, max(amount, 0), is_done, _lacks(goal, amount) + owed, times.get(place))
        for place, (goal, amount, is_done) in enumerate(zip(challenge.goals, amounts, done, strict=True))
    )


def _lacks(goal: Goal, amount: int) -> int:
    return max(goal.target - max(amount, 0), 1)


def _owed(challenge: Challenge, one: Round | None) -> int:
    """Return what a card has to count before it is as far as what was given for it."""
    if one is None or not challenge.is_card or one.state is RoundState.COMPLETED:
        return 0
    return max(one.given * challenge.goals[0].target - max(one.amounts[0], 0), 0)


def _next_step(version: Version, view: ChallengeView, one: Round | None, at: Instant) -> str:
    compiled = view.compiled
    challenge = compiled.challenge
    if one is not None and one.state is RoundState.COMPLETED:
        return _after_completion(version, view, one, at)
    is_under_way = one is not None and takes(compiled, one, at)
    if challenge.start is ChallengeStart.ON_REQUEST and not is_under_way:
        return "Start it to take part." if view.can_start else "It is over."
    if challenge.streak is not None:
        return _streak_step(challenge, view, one)
    goals = view.goals
    if challenge.complete is Complete.IN_ORDER:
        goals = tuple(goal for goal in goals if not goal.reached)[:1]
    steps = [_goal_step(version, goal) for goal in goals if not goal.reached]
    joined = " or " if challenge.complete is Complete.ANY else " and "
    return _sentence(joined.join(steps)) if steps else "Nothing is missing."


def _after_completion(version: Version, view: ChallengeView, one: Round, at: Instant) -> str:
    """Say whether what is completed can be completed once more, and from when on."""
    challenge, over = view.compiled.challenge, life_end(version, view.compiled)
    again = one.ends_at if challenge.each is not None else rests_until(version, view.compiled, one)
    times = None if challenge.repeat is None else challenge.repeat.times
    is_used_up = challenge.repeat is None or (times is not None and view.completed_count >= times)
    if (challenge.each is None and is_used_up) or (again is not None and over is not None and again >= over):
        return "Completed."
    if again is not None and again > at:
        return f"Completed. It begins again at {minute_words(again, version.zone)}."
    return "Completed. It can be done again."


def _streak_step(challenge: Challenge, view: ChallengeView, one: Round | None) -> str:
    streak, goal = challenge.streak, challenge.goals[0]
    assert streak is not None, "asked of streaks only"
    run = None if one is None else run_in(streak, goal.target, one.marks)
    more = f"{view.missing} more {streak.every.value}{'s' if view.missing > 1 else ''} in a row"
    if run is not None and streak.freezes and view.progress:
        more += f", {run.freezes} of {streak.freezes} freezes left"
    return _sentence(more)


def _sentence(words: str) -> str:
    """Begin with a capital; names stay as they were typed."""
    return f"{words[0].upper()}{words[1:]}."


_NOUNS = {
    Measure.ORDERS_COUNT: ("order", "orders"),
    Measure.LINES_QUANTITY: ("item", "items"),
    Measure.POINTS_EARNED: ("point", "points"),
}


def _goal_step(version: Version, view: GoalView) -> str:
    goal, program = view.goal, version.program
    if goal.member_for is not None:
        when = "" if view.reached_at is None else f" (on {minute_words(view.reached_at, version.zone)})"
        return f"be a member for {span_words(goal.member_for)}{when}"
    missing = view.missing
    label = "" if goal.name is None else f" ({goal.name})"
    if goal.measure in (Measure.ORDERS_NET, Measure.LINES_NET):
        return f"{format_money(missing, program.currency)} {program.currency} more{label}"
    if goal.measure is Measure.EVENTS_SUM:
        return f"{missing} more {goal.name or goal.attribute}"
    if goal.measure is Measure.EVENTS_COUNT:
        return f"{missing} more {goal.name or goal.event}"
    one, many = _NOUNS[goal.measure or Measure.ORDERS_COUNT]
    counted = format_units(missing, _decimals(program, goal))
    return f"{counted} more {one if counted == '1' else many}{label}"


def _decimals(program: Program, goal: Goal) -> int:
    """Return the decimals in which a person reads what the goal counts: those of the wallet for points."""
    if goal.measure is not Measure.POINTS_EARNED:
        return 0
    wanted = goal.wallet or program.wallets[0].id
    return next(wallet.decimals for wallet in program.wallets if wallet.id == wanted)
