"""What was handed out is paid, sent, used or canceled: one step further in its life, once."""

from __future__ import annotations

import time
from uuid import UUID

import msgspec

from perennial.core.entitlements import MOVES, EntitlementState
from perennial.core.events import EntitlementCanceled
from perennial.core.member import Member
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import ChangeEntitlement
from perennial.flows.configuration import LiveProgram
from perennial.flows.entitlement_views import is_expired, view_entitlement
from perennial.flows.handed_out import LoadedEntitlement
from perennial.flows.handling.decide_event import decide_event
from perennial.flows.handling.decide_program import EventOf, Outcome, event_row
from perennial.flows.handling.kept_points import keeper_with
from perennial.flows.once import body_of
from perennial.flows.problems import field_problem, problem
from perennial.store.codes.entitlements import EntitlementRow
from perennial.store.events import EventKind
from perennial.store.staff.audit_entries import AuditEntry


def handle_entitlement(batch: Batch, command: ChangeEntitlement) -> Answer:
    """Move an entitlement to another state, or raise why not; asking for what it is changes nothing."""
    loaded = batch.entitlements.get(UUID(hex=command.entitlement_id))
    if loaded is None:
        raise problem(404, "entitlement_unknown", "There is no such entitlement.")
    if loaded.row.customer_id in batch.erased:
        raise batch.gone(loaded.row.customer_id)
    member = batch.members[loaded.row.customer_id]
    wanted = EntitlementState(command.state)
    reference = command.reference if command.reference is not None else loaded.row.reference
    if (loaded.row.state, loaded.row.reference) == (wanted, reference):
        return _answer(batch, member, loaded.row)
    _check_move(batch, command, loaded.row, wanted)
    operation = batch.operation(member, batch.ids.next(), batch.now)
    outcomes = _cancel(batch, operation, loaded) if wanted is EntitlementState.CANCELED else []
    before = loaded.row.state
    loaded.row = msgspec.structs.replace(loaded.row, state=wanted, changed_at=batch.now, reference=reference)
    batch.changed_entitlements[loaded.row.entitlement_id] = loaded.row
    source = UUID(hex=command.entitlement_id)
    row = event_row(batch, operation, EventKind.ENTITLEMENT, outcomes, source=source, body=body_of(command))
    batch.put_event(row)
    batch.audit_entries.append(_entry(batch, command, before, wanted))
    return _answer(batch, member, loaded.row)


def _check_move(
    batch: Batch, command: ChangeEntitlement, row: EntitlementRow, wanted: EntitlementState
) -> None:
    """Raise the problem of a move that cannot be made from where the entitlement is."""
    if wanted not in MOVES.get(row.state, ()):
        words = f"What is {row.state.word} cannot become {wanted.word}."
        raise problem(409, "illegal_move", words, details={"state": row.state.word, "wanted": wanted.word})
    if wanted is EntitlementState.CANCELED and command.reason is None:
        raise field_problem("$.reason", "required", "say why it is canceled")
    if wanted is not EntitlementState.CANCELED and is_expired(row, batch.now):
        words = f"Its time was over before it was {wanted.word}; it can only be canceled."
        raise problem(409, "entitlement_expired", words, details={"state": row.state.word})


def _cancel(batch: Batch, operation: Operation, loaded: LoadedEntitlement) -> list[Outcome]:
    """Give back what the claim took, unless something else that it handed out stays with the member."""
    row = loaded.row
    if not loaded.alone:
        return []
    operation.keeper = keeper_with(batch, operation.member, loaded.kept_by)
    live = batch.workspace.program_by_id(row.program_id)
    reward = live.version(row.version).rewards[row.reward].reward
    event = EntitlementCanceled(
        id=operation.source_id,
        at=operation.at,
        reward=row.reward,
        claimed_at=row.issued_at,
        unit=row.unit_id,
        paid=loaded.paid if reward.refundable else (),
    )
    return decide_event(batch, operation, _only(live, event))


def _only(live: LiveProgram, event: EntitlementCanceled) -> EventOf:
    return lambda other: event if other.program_id == live.program_id else None


def _answer(batch: Batch, member: Member, row: EntitlementRow) -> Answer:
    name = batch.external_name(member)
    view = view_entitlement(batch.workspace, row, name, batch.now)
    return Answer(status=200, body=msgspec.json.encode(view))


def _entry(
    batch: Batch, command: ChangeEntitlement, before: EntitlementState, after: EntitlementState
) -> AuditEntry:
    return AuditEntry(
        entry_id=batch.ids.next(),
        at=time.time_ns() // 1_000,
        actor=command.actor,
        action=f"entitlement.{after.word}",
        object=f"entitlement/{UUID(hex=command.entitlement_id)}",
        reason=command.reason,
        before={"state": before.word},
        after={"state": after.word},
    )
