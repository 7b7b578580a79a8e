"""What an order or event did to challenges, or would do, as its answer says it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from perennial.core.challenge_figures import NOTHING
from perennial.core.challenges.view import view_of
from perennial.core.decide import decide
from perennial.core.decision import Decision
from perennial.core.effects import Progress
from perennial.core.events import ChallengeCompleted, OrderPaid
from perennial.core.fold import fold
from perennial.core.member import Member
from perennial.core.orders.order import Order
from perennial.core.scratch import copy_of
from perennial.core.version import Version
from perennial.flows.answers import ChallengeAnswer
from perennial.flows.batch import Batch
from perennial.flows.handling.decide_program import Outcome
from perennial.units import Instant, format_instant


def changed_challenges(outcomes: Sequence[Outcome], member: Member) -> tuple[ChallengeAnswer, ...]:
    """Return how far the challenges are that the outcomes of one program changed, as ``member`` is now."""
    last = outcomes[-1]
    return tuple(_changed(last.version, [each.decision for each in outcomes], member, last.at))


def challenges_after_order(
    batch: Batch, member: Member, order_id: UUID, at: Instant, order: Order
) -> tuple[ChallengeAnswer, ...]:
    """Return how far an order would bring the member's challenges; nothing changes.

    Each is called ``program/challenge``. Programs without challenges are not asked.
    """
    answers: list[ChallengeAnswer] = []
    for live in batch.workspace.programs:
        version = live.version_at(at)
        if version is None or not version.challenges:
            continue
        event = OrderPaid(id=order_id, at=at, order=order)
        decision = decide(event, version, member, batch.spent, batch.workspace.switches)
        after = copy_of(member, version)
        fold(after, version, [each for each in decision.effects if isinstance(each, Progress)], at)
        answers += [
            msgspec.structs.replace(found, challenge=f"{live.code}/{found.challenge}")
            for found in _changed(version, [decision], after, at)
        ]
    return tuple(answers)


def _changed(
    version: Version, decisions: Sequence[Decision], member: Member, at: Instant
) -> Iterable[ChallengeAnswer]:
    effects = [effect for decision in decisions for effect in decision.effects]
    changed = {effect.challenge for effect in effects if isinstance(effect, Progress)}
    if not changed:
        return
    caused = [event for decision in decisions for event in decision.follow_ups]
    completed = [event.challenge for event in caused if isinstance(event, ChallengeCompleted)]
    membership = member.memberships.get(version.program_id)
    joined_at = None if membership is None else membership.joined_at
    for compiled in version.challenges:
        if compiled.number not in changed:
            continue
        standing = member.challenges.get(compiled.number, NOTHING)
        view = view_of(version, compiled, standing, joined_at, at)
        yield ChallengeAnswer(
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
