"""Time passes for one member: what is due is decided in memory, instant by instant.

Who follows into segments is said by the caller: whoever enters one may become a member, and then time passes
between the orders that count from before (see ``past_orders.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from perennial.core.events import TimersDue
from perennial.core.following_up import instants_due
from perennial.core.member import Member
from perennial.core.timers import next_due
from perennial.flows.batch import Batch, Operation
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.decide_program import Outcome, decide_in_program, event_row
from perennial.store.events import EventKind
from perennial.units import Instant

Follow: TypeAlias = Callable[[Batch, Operation, Instant], list[Outcome]]
"""Lets the member of an operation enter and leave segments at an instant."""


class LotsNeeded(Exception):
    """Something became due within the batch, and the lots of ``owner`` were not loaded."""

    def __init__(self, owner: UUID) -> None:
        super().__init__(f"the lots of {owner} are needed")
        self.owner = owner


def pass_time(batch: Batch, member: Member, at: Instant, follow: Follow | None = None) -> list[Outcome]:
    """Run what is due for the member up to ``at``, instant by instant, and re-arm its timer.

    Every instant is an operation of its own, judged by the version that was valid then.
    """
    outcomes: list[Outcome] = []
    if member.due_at is None or member.due_at > at:
        return outcomes
    for due_at in instants_due(member, at):
        if any(wallet.lots is None for wallet in member.wallets.values()):
            raise LotsNeeded(member.owner)
        outcomes += _run_instant(batch, member, due_at, follow)
    return outcomes


def _run_instant(batch: Batch, member: Member, at: Instant, follow: Follow | None) -> list[Outcome]:
    operation = Operation(batch.ids.next(), batch.ids.next(), member, at)
    batch.timer_operations.add(operation.operation_id)
    outcomes: list[Outcome] = []
    before = len(batch.changes)
    for live in batch.workspace.programs:
        version = live.version_at(at)
        if version is None or not _concerns(batch, live, member):
            continue
        event = TimersDue(id=operation.source_id, at=at)
        outcomes += decide_in_program(batch, operation, live, version, event)
    programs = [live.latest for live in batch.workspace.programs if _concerns(batch, live, member)]
    member.due_at = next_due(programs, member, at)
    if follow is not None and batch.workspace.segments is not None:
        outcomes += follow(batch, operation, at)
    if len(batch.changes) > before:
        batch.put_event(event_row(batch, operation, EventKind.TIMERS, outcomes))
    return outcomes


def _concerns(batch: Batch, live: LiveProgram, member: Member) -> bool:
    """Whether time may change something of the program: for members, and for what a household keeps."""
    return live.program_id in member.memberships or batch.is_household(member)
