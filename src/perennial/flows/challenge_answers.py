"""What an order or event did to challenges, as its answer says it."""

from __future__ import annotations

from collections.abc import Sequence

from perennial.core.challenge_figures import NOTHING
from perennial.core.challenge_view import view_of
from perennial.core.effects import Progress
from perennial.core.events import ChallengeCompleted
from perennial.core.member import Member
from perennial.flows.answers import ChallengeAnswer
from perennial.flows.decide_program import Outcome
from perennial.units import format_instant


def changed_challenges(outcomes: Sequence[Outcome], member: Member) -> tuple[ChallengeAnswer, ...]:
    """Return how far the challenges are that the outcomes of one program changed, as ``member`` is now."""
    version = outcomes[-1].version
    changed = {
        effect.challenge
        for outcome in outcomes
        for effect in outcome.decision.effects
        if isinstance(effect, Progress)
    }
    if not changed:
        return ()
    completed = [
        event.challenge
        for outcome in outcomes
        for event in outcome.decision.follow_ups
        if isinstance(event, ChallengeCompleted)
    ]
    membership = member.memberships.get(version.program_id)
    answers = []
    for compiled in version.challenges:
        if compiled.number in changed:
            standing = member.challenges.get(compiled.number, NOTHING)
            joined_at = None if membership is None else membership.joined_at
            view = view_of(version, compiled, standing, joined_at, outcomes[-1].at)
            answers.append(
                ChallengeAnswer(
                    challenge=compiled.challenge.id,
                    state=view.state,
                    progress=view.progress,
                    target=view.target,
                    missing=view.missing,
                    completed_count=view.completed_count,
                    next_step=view.next_step,
                    completed=completed.count(compiled.challenge.id),
                    ends_at=None if view.ends_at is None else format_instant(view.ends_at),
                )
            )
    return tuple(answers)
