"""One event decided by one program, with what it causes there; and how outcomes are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias
from uuid import UUID

import msgspec

from perennial.core.challenges.completion import needs_code
from perennial.core.codes.codes import Codes
from perennial.core.decide import decide
from perennial.core.decision import Decision, sent_by
from perennial.core.effects import Count, Effect
from perennial.core.events import ChallengeCompleted, Event, RewardEarned
from perennial.core.explaining.causes import apart, particulars_of
from perennial.core.following_up import MAX_FOLLOW_UPS, FollowUps, TooManyFollowUps, trigger_of
from perennial.core.orders.order import Scalar
from perennial.core.points_counted import points_counted
from perennial.core.refusals import Refusal, RefusalCode
from perennial.core.switches import Switches, sent_before
from perennial.core.version import Version
from perennial.flows.batch import Batch, Operation
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.counting import points_besides
from perennial.flows.handling.earned_rewards import kept_for, note_given
from perennial.flows.handling.gift_cards import fund_cards
from perennial.flows.handling.kept_points import apply_to_both, judged_by, without_claims
from perennial.flows.handling.won_vouchers import note_won
from perennial.flows.loading.drawn_codes import hand_over_all, pools_with_codes
from perennial.flows.problems import refused
from perennial.flows.stored import StoredDecision, encode_decisions
from perennial.store.events import EventKind, EventRow
from perennial.units import Instant

EventOf: TypeAlias = Callable[[LiveProgram], Event | None]


class Outcome(msgspec.Struct):
    """What one program decided at ``at``; ``trigger`` names the event, ``caused`` is a follow-up.

    What happened ``apart`` belongs to an earlier order, with which its own decision is stored.
    """

    live: LiveProgram
    version: Version
    trigger: str
    decision: Decision
    tier_before: str | None
    tier_after: str | None = None
    caused: Event | None = None
    at: Instant = 0
    apart: bool = False


def decide_in(
    batch: Batch,
    operation: Operation,
    live: LiveProgram,
    version: Version,
    event: Event,
    switches: Switches | None = None,
) -> tuple[Outcome, list[Count]]:
    """Decide the event and take its effects over, but for its counts, which are returned.

    What is off is what the workspace has off now, unless ``switches`` say otherwise. Raises the problem of
    a refusal before anything was taken over.
    """
    member = operation.member
    membership = member.memberships.get(live.program_id)
    before = membership.tier if membership else None
    off = batch.workspace.switches if switches is None else switches
    if member.household is not None and version.pooling is not None:
        batch.be_at_one(operation, version)
    judged = judged_by(operation, event)
    sent = operation.sent.setdefault(live.program_id, set()) if version.messages else ()
    decision = decide(event, version, judged, batch.spent, off, sent=sent)
    if decision.refusal is not None:
        raise refused(decision.refusal)
    now_counts = [effect for effect in decision.effects if type(effect) is Count]
    others: tuple[Effect, ...] = tuple(effect for effect in decision.effects if type(effect) is not Count)
    if type(event) is ChallengeCompleted:
        others = hand_over_all(batch, operation, live.program_id, others)
    if judged is member:
        batch.apply(operation, version, others)
    else:
        apply_to_both(batch, operation, version, others)
        decision = without_claims(batch, operation, decision)
    if version.challenges:
        note_won(batch, operation, version, event, others)
    if version.messages:
        operation.sent[live.program_id].update(sent_by(decision))
    membership = member.memberships.get(live.program_id)
    after = membership.tier if membership else None
    return Outcome(live, version, trigger_of(event), decision, before, after, at=event.at), now_counts


def decide_in_program(
    batch: Batch, operation: Operation, live: LiveProgram, version: Version, event: Event
) -> list[Outcome]:
    """Decide an event that concerns this program alone: the event, its counts, and what it caused."""
    outcome, now_counts = decide_in(batch, operation, live, version, event)
    batch.apply(operation, version, tuple(now_counts))
    count_points_besides(batch, operation, outcome, event)
    return [outcome, *decide_follow_ups(batch, operation, live, outcome.decision.follow_ups)]


def decide_follow_ups(
    batch: Batch,
    operation: Operation,
    live: LiveProgram,
    follow_ups: tuple[Event, ...],
    switches: Switches | None = None,
) -> list[Outcome]:
    """Decide what a decision caused, breadth first, in that program and by the same ``switches``."""
    outcomes: list[Outcome] = []
    waiting = FollowUps(follow_ups)
    try:
        for waited in waiting:
            version = live.version_at(waited.at)
            if version is None:
                continue
            event = waited
            if isinstance(event, RewardEarned):
                kept = kept_for(batch, operation, live, event)
                if isinstance(kept, StoredDecision):
                    outcomes.append(carried(operation, live, kept))
                    continue
                event = kept
            event = _with_code(batch, operation, version, event)
            outcome, now_counts = decide_in(batch, operation, live, version, event, switches)
            batch.apply(operation, version, tuple(now_counts))
            count_points_besides(batch, operation, outcome, event)
            if isinstance(event, RewardEarned):
                note_given(batch, operation, live, event, outcome.decision)
            elif isinstance(event, ChallengeCompleted):
                fund_cards(batch, operation, version, outcome.decision.effects)
            outcome.caused = event
            outcomes.append(outcome)
            waiting.add(outcome.decision.follow_ups)
    except TooManyFollowUps:
        words = f"One event caused more than {MAX_FOLLOW_UPS} others in program {live.code}."
        raise refused(Refusal(RefusalCode.CASCADE_TOO_LONG, words)) from None
    return outcomes


def count_points_besides(batch: Batch, operation: Operation, outcome: Outcome, event: Event) -> None:
    """Count the points of a decision for everybody who asks, beside the version that decided."""
    points = points_counted(event, outcome.decision)
    for asking, counts in points_besides(batch, outcome.live, outcome.version, event, points):
        batch.apply(operation, asking, tuple(counts))


def carried(operation: Operation, live: LiveProgram, stored: StoredDecision) -> Outcome:
    """Return the outcome of something that was decided earlier and stays as it is."""
    membership = operation.member.memberships.get(live.program_id)
    tier = membership.tier if membership else None
    decision = Decision(stored.program, stored.version, awards=stored.awards, given=stored.given)
    version = live.version(stored.version)
    return Outcome(live, version, stored.trigger, decision, tier, tier, at=operation.at)


def _with_code(batch: Batch, operation: Operation, version: Version, event: Event) -> Event:
    """Draw the code of what completing a challenge, or a rule, gives, if that comes with one."""
    if isinstance(event, ChallengeCompleted):
        compiled = version.rewards.get(event.challenge)
        if compiled is not None:
            drawn = pools_with_codes(batch, version.program_id, compiled)
            event = msgspec.structs.replace(event, drawn=drawn)
    elif isinstance(event, RewardEarned) and event.kept is None:
        compiled = version.rewards.get(event.reward)
    else:
        return event
    membership = operation.member.memberships.get(version.program_id)
    if compiled is None or not needs_code(compiled, membership.tier if membership else None):
        return event
    code = batch.codebook.draw(batch.workspace.workspace_id, compiled.reward.codes or Codes())
    return msgspec.structs.replace(event, code=code)


def event_row(
    batch: Batch,
    operation: Operation,
    kind: EventKind,
    outcomes: Sequence[Outcome] = (),
    *,
    external_id: str = "",
    source: UUID | None = None,
    body: bytes = b"",
    answer: bytes = b"",
) -> EventRow:
    """Return the row of something that happens: by which name, what was sent, decided and answered.

    ``source`` is what it belongs to, an order or another thing.
    """
    return EventRow(
        customer_id=operation.member.customer_id,
        event_id=operation.source_id,
        operation_id=operation.operation_id,
        kind=kind,
        external_id=external_id,
        source_id=source,
        occurred_at=operation.at,
        recorded_at=batch.now,
        body=body,
        decision=store_outcomes(outcomes),
        answer=answer,
    )


def store_outcomes(outcomes: Sequence[Outcome]) -> bytes:
    """Write what is kept of the outcomes beside the event."""
    return encode_decisions(
        [
            StoredDecision(
                program=outcome.live.program_id,
                version=outcome.version.number,
                trigger=outcome.trigger,
                snapshot=outcome.decision.facts,
                awards=outcome.decision.awards,
                taken_back=outcome.decision.taken_back,
                contributions=outcome.decision.contributions,
                given=outcome.decision.given,
                caused=_particulars(outcome),
                messages=_sent_so_far(outcome),
            )
            for outcome in outcomes
            if not (outcome.apart and isinstance(outcome.caused, RewardEarned | None))
        ]
    )


def sent_of(stored: Iterable[StoredDecision]) -> dict[int, set[str]]:
    """Return the messages that were sent for what these decisions are about, by the program."""
    sent: dict[int, set[str]] = {}
    for decision in stored:
        if decision.messages:
            sent.setdefault(decision.program, set()).update(decision.messages)
    return sent


def _sent_so_far(outcome: Outcome) -> tuple[str, ...]:
    if not outcome.version.messages or outcome.decision.facts is None:
        return ()
    return (*sent_before(outcome.decision.facts.off), *sent_by(outcome.decision))


def _particulars(outcome: Outcome) -> dict[str, Scalar]:
    if outcome.caused is None:
        return {}
    kept = particulars_of(outcome.caused, outcome.decision.effects)
    return apart(kept, outcome.at) if outcome.apart else kept
