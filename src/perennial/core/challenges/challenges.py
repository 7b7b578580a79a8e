"""What an event counts for in the member's challenges, and which of them it completes.

Counting comes after the tiers: an order that completes a challenge does not itself count by what
completing it gives. What was counted is kept as contributions, so that a return takes back the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from perennial.core.challenge_figures import (
    NOTHING,
    completions,
    life_end,
    period_at,
    reached,
    run_in,
    streak_end,
)
from perennial.core.challenge_round import Contribution, Round, RoundState
from perennial.core.challenge_streak import kept_marks
from perennial.core.challenges.rounds import next_round, rests_until, round_at, takes
from perennial.core.counts import measured
from perennial.core.dates.periods import add_span, minute_words, start_of
from perennial.core.decision import Decision
from perennial.core.document.challenge import Challenge, ChallengeStart, Complete
from perennial.core.earn import outside_life
from perennial.core.effects import Effect, Progress
from perennial.core.events import ChallengeCompleted, ChallengeStarted, Event
from perennial.core.member import Member
from perennial.core.needs import snapshot_of
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.settling import refuse
from perennial.core.snapshot import Snapshot
from perennial.core.switches import off_of
from perennial.core.version import CompiledChallenge, Version
from perennial.units import Instant, Points


def with_challenges(decision: Decision, event: Event, version: Version, member: Member) -> Decision:
    """Return the decision about ``event`` with what it counts for in challenges, and what it completes."""
    snapshot = decision.facts
    if snapshot is None or _why_not(version, snapshot, event.at) is not None:
        return decision
    points: dict[int, Points] = {}
    for award in decision.awards:
        points[award.unit] = points.get(award.unit, 0) + award.points
    effects: list[Effect] = []
    follow_ups: list[Event] = []
    contributions: list[Contribution] = []
    for compiled in version.challenges:
        amounts = _amounts(version, compiled, event, points)
        if not any(amounts) or not applies(compiled, snapshot, event.at):
            continue
        standing = member.challenges.get(compiled.number, NOTHING)
        one = round_at(version, compiled, standing, event.at)
        if one is None:
            continue
        amounts = _allowed(compiled.challenge, one, amounts)
        changed, completed = count(version, compiled, one, amounts, event)
        if changed is not None:
            effects.append(Progress(compiled.number, changed))
            follow_ups += completed
            contributions += [
                Contribution(compiled.number, one.number, place, amount)
                for place, amount in enumerate(amounts)
                if amount
            ]
    if not effects:
        return decision
    return msgspec.structs.replace(
        decision,
        effects=(*decision.effects, *effects),
        follow_ups=(*decision.follow_ups, *follow_ups),
        contributions=tuple(contributions),
    )


def applies(compiled: CompiledChallenge, snapshot: Snapshot, at: Instant) -> bool:
    """Whether the challenge is for the member now: its audience and its schedule."""
    return compiled.fits is None or compiled.fits(at, None, [], {}, snapshot)


def count(
    version: Version, compiled: CompiledChallenge, one: Round, amounts: Sequence[int], event: Event
) -> tuple[Round | None, list[Event]]:
    """Return the round after ``amounts`` were counted at the event, and the completions; None: no change."""
    if not any(amounts):
        return None, []
    challenge = compiled.challenge
    after = added(version, compiled, one, amounts, event.at)
    started = min(one.started_at, event.at)
    times = completions(challenge, after)
    new = range(one.given + 1, times + 1)
    given = max(one.given, times)
    state = _state(challenge, one, given)
    latest = _latest(challenge, one, amounts, event.at)
    done_at = _reached_at(version, compiled, after, latest, event.at)
    after = msgspec.structs.replace(
        after,
        started_at=started,
        given=given,
        state=state,
        completed_at=done_at if new else one.completed_at,
        ends_at=None if challenge.streak is not None and state is RoundState.COMPLETED else after.ends_at,
        revision=one.revision + 1,
        latest=latest,
    )
    completed: list[Event] = [
        ChallengeCompleted(id=event.id, at=done_at, challenge=challenge.id, round=one.number, time=time)
        for time in new
    ]
    return after, completed


def _latest(
    challenge: Challenge, one: Round, amounts: Sequence[int], at: Instant
) -> tuple[Instant | None, ...]:
    """Return for each goal when the latest of what it needed happened, once ``amounts`` counted at ``at``."""
    goes_on = challenge.is_card or challenge.streak is not None
    known = one.latest or (None,) * len(one.amounts)
    return tuple(
        before if not amount or (was_reached and not goes_on) else at if before is None else max(before, at)
        for before, amount, was_reached in zip(known, amounts, reached(challenge, one.amounts), strict=True)
    )


def _reached_at(
    version: Version,
    compiled: CompiledChallenge,
    after: Round,
    latest: Sequence[Instant | None],
    at: Instant,
) -> Instant:
    """Return when what the round has counted was there: with the latest of it, which may be heard of before.

    That is exact where each event counts the same; of amounts that differ it may be a little late.
    """
    challenge = compiled.challenge
    counting = (
        reached(challenge, after.amounts) if challenge.complete is Complete.ANY else [True] * len(latest)
    )
    moments = [each for each, counts in zip(latest, counting, strict=True) if counts and each is not None]
    done_at = max(moments, default=at)
    streak = challenge.streak
    if streak is None:
        return done_at
    run = run_in(streak, challenge.goals[0].target, after.marks)
    if run is None or run.completed_in is None:
        return at
    # What came after the period that completed it was not needed.
    ended = start_of(run.completed_in + 1, streak.every.period, version.zone, version.program.week_starts)
    return max(at, min(done_at, ended - 1))


def added(
    version: Version, compiled: CompiledChallenge, one: Round, amounts: Sequence[int], at: Instant
) -> Round:
    """Return the round with ``amounts`` added to what was counted at ``at`` (negative: taken away)."""
    streak = compiled.challenge.streak
    sums = tuple([known + more for known, more in zip(one.amounts, amounts, strict=True)])
    if streak is None:
        return msgspec.structs.replace(one, amounts=sums)
    marks = dict(one.marks)
    period = period_at(version, at, streak.every.period)
    marks[period] = marks.get(period, 0) + amounts[0]
    target = compiled.challenge.goals[0].target
    kept = kept_marks(streak, target, marks)
    breaks = streak_end(version, streak, target, kept)
    ends = min((end for end in (breaks, life_end(version, compiled)) if end is not None), default=None)
    return msgspec.structs.replace(one, amounts=sums, marks=kept, ends_at=ends)


def decide_start(event: ChallengeStarted, version: Version, member: Member) -> Decision:
    """Begin a challenge on request; one that is under way stays as it is."""
    compiled = next((each for each in version.challenges if each.challenge.id == event.challenge), None)
    if compiled is None:
        words = f"Program {version.program.program} has no challenge {event.challenge!r}."
        return refuse(version, Refusal(RefusalCode.CHALLENGE_UNKNOWN, words, {"challenge": event.challenge}))
    snapshot = snapshot_of(event.at, version, member)
    standing = member.challenges.get(compiled.number, NOTHING)
    found = round_at(version, compiled, standing, event.at)
    if found is not None and found.revision and takes(compiled, found, event.at):
        return Decision(program=version.program_id, version=version.number, facts=snapshot)
    refusal = _why_no_start(version, compiled, snapshot, event.at)
    begun = next_round(version, compiled, standing, event.at)
    if refusal is None and begun is None:
        refusal = _why_over(version, compiled, standing.latest())
    if refusal is not None or begun is None:
        assert refusal is not None, "where nothing begins there is a reason"
        return refuse(version, refusal)
    begun = msgspec.structs.replace(begun, revision=1)
    return Decision(
        program=version.program_id,
        version=version.number,
        effects=(Progress(compiled.number, begun),),
        facts=snapshot,
    )


def _why_no_start(
    version: Version, compiled: CompiledChallenge, snapshot: Snapshot, at: Instant
) -> Refusal | None:
    name = compiled.challenge.id
    outside = _why_not(version, snapshot, at)
    if outside is not None:
        words = f"Challenge {name} cannot be started: {outside}."
    elif compiled.challenge.start is not ChallengeStart.ON_REQUEST:
        words = f"Challenge {name} begins by itself, with the first event that counts."
    elif not applies(compiled, snapshot, at):
        words = f"Challenge {name} is not offered to this member now."
    else:
        return None
    return Refusal(RefusalCode.CHALLENGE_NOT_OPEN, words, {"challenge": name})


def _why_over(version: Version, compiled: CompiledChallenge, latest: Round | None) -> Refusal:
    name = compiled.challenge.id
    until = None if latest is None else rests_until(version, compiled, latest)
    words = f"Challenge {name} is over for this member: it is not repeated."
    if until is not None:
        words = f"Challenge {name} can be started again at {minute_words(until, version.zone)}."
    return Refusal(RefusalCode.CHALLENGE_NOT_OPEN, words, {"challenge": name})


def _why_not(version: Version, snapshot: Snapshot, at: Instant) -> str | None:
    """Return why nothing is counted at all: no member, out of the program's life, or switched off."""
    outside = outside_life(at, version, snapshot)
    if outside is None:
        return off_of(version, snapshot).stopped
    return outside


def _amounts(
    version: Version,
    compiled: CompiledChallenge,
    event: Event,
    points: Mapping[int, Points],
) -> list[int]:
    """Return what the event adds to each goal; a goal of time adds nothing here."""
    wanted = [(goal.metric, goal.choose) for goal in compiled.goals if goal.metric is not None]
    counted = iter(measured(version, event, wanted, points))
    return [0 if goal.metric is None else next(counted) for goal in compiled.goals]


def _allowed(challenge: Challenge, one: Round, amounts: Sequence[int]) -> list[int]:
    """Leave out what does not count yet: goals in order count once those before them are reached."""
    if challenge.complete is not Complete.IN_ORDER:
        return list(amounts)
    done = reached(challenge, one.amounts)
    return [amount if all(done[:place]) else 0 for place, amount in enumerate(amounts)]


def _state(challenge: Challenge, one: Round, given: int) -> RoundState:
    """Return the state of a round that counted something."""
    most = challenge.most if challenge.is_card else 1
    if most is not None and given >= most:
        return RoundState.COMPLETED
    if one.state is RoundState.MISSED and challenge.streak is None:
        return RoundState.COMPLETED if given else RoundState.MISSED
    return RoundState.ACTIVE


def time_goals(
    version: Version, compiled: CompiledChallenge, joined_at: Instant
) -> list[tuple[int, Instant]]:
    """Return the goals that time alone reaches for one who joined then: their place, and when."""
    return [
        (place, add_span(joined_at, goal.goal.member_for, version.zone))
        for place, goal in enumerate(compiled.goals)
        if goal.goal.member_for is not None
    ]
