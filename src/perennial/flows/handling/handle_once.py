"""What happens to a member once, by its own id: custom events, claims, adjustments, tier floors."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from perennial.core.claims.part_payment import rest_of
from perennial.core.codes.codes import Codes
from perennial.core.events import ClaimRequested, CustomEvent, Event, PointsAdjusted, TierAssigned
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import AssignTier, PostAdjustment, PostClaim, PostEvent
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.answering import decided, encode_answer
from perennial.flows.handling.credits import check_credit, note_credit
from perennial.flows.handling.decide_event import decide_event
from perennial.flows.handling.decide_program import EventOf, Outcome, event_row
from perennial.flows.handling.event_types import check_event
from perennial.flows.handling.gift_cards import fund_cards
from perennial.flows.handling.gifts import drawn_pools, with_gifts
from perennial.flows.handling.voucher_answers import shown_answer, stored_answer
from perennial.flows.once import body_of, replayed
from perennial.flows.problems import field_problem
from perennial.flows.references import bare_name, one_program, own_wallet
from perennial.store.events import EventKind
from perennial.store.external_ids import IdKind
from perennial.units import Minor

_Once = PostEvent | PostClaim | PostAdjustment | AssignTier


def handle_event(batch: Batch, command: PostEvent) -> Answer:
    """Judge a custom event in every program."""
    check_event(batch.workspace, command)

    def event_of(operation: Operation) -> EventOf:
        event = CustomEvent(
            id=operation.source_id, at=operation.at, name=command.name, attributes=command.attributes
        )
        return lambda _: event

    return _once(batch, command, "event", IdKind.EVENT, EventKind.EVENT, event_of, enrolls=True)


def handle_claim(batch: Batch, command: PostClaim, *, served: bool = False) -> Answer:
    """Exchange points for a reward of one program; who is ``served`` waited for it and is the first."""
    live, reward = one_program(batch.workspace, command.reward, "reward", "$.reward")
    wallet = own_wallet(live, command.wallet, "$.wallet")

    def event_of(operation: Operation) -> EventOf:
        event = ClaimRequested(
            id=operation.source_id,
            at=operation.at,
            reward=reward,
            code=batch.codebook.draw(batch.workspace.workspace_id, _codes_of(live, reward, operation)),
            drawn=drawn_pools(batch, live),
            points=command.points,
            wallet=wallet,
            ahead=0 if served else batch.lines.get((live.program_id, reward), 0),
        )
        return _only(live, event)

    return _once(batch, command, "claim", IdKind.CLAIM, EventKind.CLAIM, event_of)


def _codes_of(live: LiveProgram, reward: str, operation: Operation) -> Codes:
    """Return how the code of a claim looks, by the version that decides it."""
    version = live.version_at(operation.at)
    compiled = None if version is None else version.rewards.get(reward)
    return Codes() if compiled is None or compiled.reward.codes is None else compiled.reward.codes


def handle_adjustment(batch: Batch, command: PostAdjustment) -> Answer:
    """Correct the balance of one wallet."""
    live, wallet = one_program(batch.workspace, command.wallet, "wallet", "$.wallet")
    decimals = live.wallet(wallet).decimals

    def event_of(operation: Operation) -> EventOf:
        check_credit(batch, command, decimals)
        event = PointsAdjusted(
            id=operation.source_id,
            at=operation.at,
            wallet=wallet,
            amount=command.points,
            reason=command.reason,
            actor=command.actor,
            available_at=command.available_at,
            expires_at=command.expires_at,
            pending=command.pending,
        )
        return _only(live, event)

    answer = _once(batch, command, "adjustment", IdKind.ADJUSTMENT, EventKind.ADJUSTMENT, event_of)
    if not answer.replayed:
        note_credit(batch, command, decimals)
    return answer


def handle_assignment(batch: Batch, command: AssignTier) -> Answer:
    """Set or lift the manual tier floor of a member in one program."""
    live = batch.workspace.program(command.program)
    if live is None:
        raise field_problem("$.program", "program_unknown", f"there is no program {command.program!r}")

    def event_of(operation: Operation) -> EventOf:
        event = TierAssigned(
            id=operation.source_id,
            at=operation.at,
            tier=command.tier,
            reason=command.reason,
            actor=command.actor,
        )
        return _only(live, event)

    return _once(batch, command, "assignment", IdKind.ASSIGNMENT, EventKind.ASSIGNMENT, event_of)


def _only(live: LiveProgram, event: Event) -> EventOf:
    return lambda other: event if other.program_id == live.program_id else None


def _once(
    batch: Batch,
    command: _Once,
    name: str,
    id_kind: IdKind,
    kind: EventKind,
    event_of: Callable[[Operation], EventOf],
    *,
    enrolls: bool = False,
) -> Answer:
    member = batch.member_of(command.customer)
    event_id = batch.name(name, command.id)
    body = body_of(command)
    earlier = replayed(batch, id_kind, event_id, member.customer_id, command.id, body)
    if earlier is not None:
        return shown_answer(batch.codebook, batch.workspace.workspace_id, earlier)
    at = command.at if command.at is not None else batch.now
    operation = batch.operation(member, event_id, at)
    outcomes = decide_event(batch, operation, event_of(operation), enrolls=enrolls)
    for outcome in outcomes:
        if outcome.caused is None:
            fund_cards(batch, operation, outcome.version, outcome.decision.effects)
    batch.claim(id_kind, event_id, member.customer_id)
    answer = with_gifts(batch, operation, decided(batch, member, command.id, outcomes), outcomes)
    if isinstance(command, PostClaim) and command.points is not None:
        answer = msgspec.structs.replace(answer, to_pay=_rest(command, operation, outcomes))
    stored = stored_answer(batch.codebook, batch.workspace.workspace_id, answer)
    row = event_row(batch, operation, kind, outcomes, external_id=command.id, body=body, answer=stored)
    batch.put_event(row)
    return Answer(status=201, body=stored if answer.voucher is None else encode_answer(answer))


def _rest(command: PostClaim, operation: Operation, outcomes: list[Outcome]) -> Minor:
    """Return what is left to pay in money for what was claimed."""
    return sum(
        rest_of(
            outcome.version,
            outcome.version.rewards[bare_name(command.reward)],
            outcome.decision.facts,
            operation.at,
            command.points,
            None if command.wallet is None else bare_name(command.wallet),
        )
        for outcome in outcomes
        if outcome.trigger == "claim.requested" and outcome.decision.facts is not None
    )
