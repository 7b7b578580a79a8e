"""Becoming a member: by the first event, or on request."""

from __future__ import annotations

from perennial.core.document.enrollment import source_at_event
from perennial.core.effects import Join
from perennial.core.events import MemberJoined
from perennial.core.version import Version
from perennial.flows.batch import Batch, Operation
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.decide_program import Outcome, decide_in_program
from perennial.flows.handling.past_orders import count_past_orders
from perennial.flows.handling.referred import note_in_referrals


def enroll_automatically(
    batch: Batch, operation: Operation, live: LiveProgram, source: str = "automatic"
) -> list[Outcome]:
    """Make the customer a member of an automatic program that it has never belonged to.

    ``source`` says how the customer came to it, for those whom no segment brings.
    """
    version = live.version_at(operation.at)
    if version is None or live.program_id in operation.member.memberships:
        return []
    came_by = source_at_event(version.program.enrollment, operation.member.segments, source)
    return [] if came_by is None else enroll(batch, operation, live, version, came_by)


def enroll(
    batch: Batch, operation: Operation, live: LiveProgram, version: Version, source: str
) -> list[Outcome]:
    """Join the program, count past orders where it says so, and decide ``member.joined``."""
    batch.apply(operation, version, (Join(at=operation.at, source=source),))
    past = count_past_orders(batch, operation, live)
    event = MemberJoined(id=operation.operation_id, at=operation.at, source=source)
    outcomes = decide_in_program(batch, operation, live, version, event)
    if batch.referrals:
        note_in_referrals(
            batch, operation.member, lambda other: event if other.program_id == live.program_id else None
        )
    return [*past, *outcomes]
