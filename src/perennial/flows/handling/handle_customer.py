"""Customers and their memberships: attributes change, programs are joined and left, timers run."""

from __future__ import annotations

from uuid import UUID

import msgspec

from perennial.core.customers.consents import with_what_is_given
from perennial.core.customers.identifiers import CustomerIdentifier
from perennial.core.effects import Leave
from perennial.core.member import Member
from perennial.core.orders.order import Scalar
from perennial.core.timers import due_with_days
from perennial.flows.answers import Answer, FieldProblem
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import JoinProgram, LeaveProgram, PutCustomer, RunTimers
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.answering import decided, encode_answer
from perennial.flows.handling.consents import consents_heard, hear
from perennial.flows.handling.decide_program import Outcome, event_row
from perennial.flows.handling.enrolling import enroll
from perennial.flows.handling.event_types import check_facts, check_member_attributes, pushed
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.once import body_of
from perennial.flows.problems import field_problem, problem
from perennial.store.customers.identifiers import IdentifierRow, identifier_hash
from perennial.store.events import EventKind


def handle_put_customer(batch: Batch, command: PutCustomer) -> Answer:
    """Set attributes (``None`` removes one) and identifiers, and record what was said.

    The customer exists by now in any case.
    """
    member = batch.member_of(command.customer)
    said = consents_heard(batch.consents.get(member.customer_id, {}), command.consents, batch.now)
    check_member_attributes(batch.workspace, command.attributes)
    if command.identifiers is not None:
        _identify(batch, member, command.identifiers)
    known = member.attributes
    attributes = merged_attributes(known, command.attributes)
    if command.identifiers is not None or not command.facts:
        batch.renamed.add(member.customer_id)
    if command.facts:
        check_facts(batch.workspace, command.facts, of_location=False)
        attributes = pushed(attributes, command.facts, batch.now)
    if said:
        hear(batch, member.customer_id, said, command.actor)
        attributes = with_what_is_given(attributes, batch.consents[member.customer_id].values())
    if attributes != known:
        member.attributes = attributes
        row = batch.customers[member.customer_id]
        batch.customers[member.customer_id] = msgspec.structs.replace(row, attributes=attributes)
        batch.changed_customers[member.customer_id] = batch.customers[member.customer_id]
        _arm(batch, member)
    if attributes != known or member.customer_id in batch.created:
        batch.touched[member.customer_id] = None
    return Answer(status=200, body=encode_answer(decided(batch, member, command.customer, [])))


def _identify(batch: Batch, member: Member, identifiers: tuple[CustomerIdentifier, ...]) -> None:
    """Give a member exactly these identifiers, or raise if somebody else has one; twice counts once."""
    rows: dict[UUID, IdentifierRow] = {}
    for position, each in enumerate(identifiers):
        id_hash = identifier_hash(batch.workspace.workspace_id, each)
        if batch.identifier_owners.get(id_hash, member.customer_id) != member.customer_id:
            path = f"$.identifiers[{position}].value"
            raise problem(
                409,
                "identifier_taken",
                f"{path}: another customer has this {each.type.value}",
                FieldProblem(path=path, code="identifier_taken", message="another customer has it"),
            )
        row = IdentifierRow(member.customer_id, id_hash, each.type.value, each.value)
        rows.setdefault(id_hash, row)
    batch.identify(member.customer_id, rows)


def merged_attributes(known: dict[str, Scalar], changed: dict[str, Scalar]) -> dict[str, Scalar]:
    """Return the attributes after a change, in which ``None`` removes."""
    merged = {**known, **changed}
    return {name: value for name, value in merged.items() if value is not None}


def _arm(batch: Batch, member: Member) -> None:
    """Count a birthday that is known now among what is due."""
    programs = [live.latest for live in batch.workspace.programs if live.program_id in member.memberships]
    member.due_at = due_with_days(programs, member, batch.now)


def handle_join(batch: Batch, command: JoinProgram) -> Answer:
    """Become a member; a member stays one."""
    live = _program(batch, command.program)
    member = batch.member_of(command.customer)
    at = command.at if command.at is not None else batch.now
    version = live.version_at(at)
    if version is None:
        raise problem(409, "program_not_started", f"Program {live.code!r} has not started.")
    membership = member.memberships.get(live.program_id)
    if membership is not None and membership.left_at is None:
        return Answer(status=200, body=encode_answer(decided(batch, member, command.customer, [])))
    run_timers_due(batch, member, at)
    enrollment = version.program.enrollment
    if enrollment.closed and enrollment.segment not in member.segments:
        words = f"Program {live.code} is only for customers in segment {enrollment.segment}."
        raise problem(409, "not_in_segment", words)
    operation = batch.operation(member, batch.ids.next(), at)
    outcomes = enroll(batch, operation, live, version, command.source)
    return _answer_membership(batch, operation, EventKind.JOIN, command, outcomes)


def handle_leave(batch: Batch, command: LeaveProgram) -> Answer:
    """Stop being a member; leaving twice changes nothing."""
    live = _program(batch, command.program)
    member = batch.member_of(command.customer)
    at = command.at if command.at is not None else batch.now
    membership = member.memberships.get(live.program_id)
    version = live.version_at(at)
    if membership is None or membership.left_at is not None or version is None:
        return Answer(status=200, body=encode_answer(decided(batch, member, command.customer, [])))
    run_timers_due(batch, member, at)
    operation = batch.operation(member, batch.ids.next(), at)
    batch.apply(operation, version, (Leave(at=at),))
    return _answer_membership(batch, operation, EventKind.LEAVE, command, [])


def _program(batch: Batch, code: str) -> LiveProgram:
    live = batch.workspace.program(code)
    if live is None:
        raise field_problem("$.program", "program_unknown", f"there is no program {code!r}")
    return live


def _answer_membership(
    batch: Batch,
    operation: Operation,
    kind: EventKind,
    command: JoinProgram | LeaveProgram,
    outcomes: list[Outcome],
) -> Answer:
    name = batch.external_name(operation.member)
    answer = encode_answer(decided(batch, operation.member, name, outcomes))
    row = event_row(batch, operation, kind, outcomes, body=body_of(command), answer=answer)
    batch.put_event(row)
    return Answer(status=201 if kind is EventKind.JOIN else 200, body=answer)


def handle_timers(batch: Batch, command: RunTimers) -> Answer:
    """Run what is due for one customer and re-arm its timer."""
    member = batch.members.get(UUID(hex=command.customer_id))
    if member is None:
        raise problem(404, "customer_unknown", "The customer of the timer is not there.")
    run_timers_due(batch, member, command.at)
    if command.judges:
        batch.touched[member.customer_id] = None
    return Answer(status=200, body=b"{}")
