"""Households: members who pool their wallets.

A household has wallets of its own, in its founder's bucket; who enters may be of any other. Who enters brings
every lot along, with its dates and its number, so that returns and fulfilments still find it; who leaves goes
with empty hands: the balance belongs to the household, and what comes of an order from before goes to it as
well.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.effects import Effect
from perennial.core.events import WalletsChanged
from perennial.core.member import Member
from perennial.core.timers import next_due
from perennial.core.wallets.lot_moves import activation, arriving, leaving
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import PutCustomer, PutHousehold
from perennial.flows.configuration import LiveProgram
from perennial.flows.handle_events import Handler
from perennial.flows.handling.answering import decided, encode_answer
from perennial.flows.handling.decide_program import Outcome, decide_in_program, event_row
from perennial.flows.handling.handle_customer import handle_put_customer
from perennial.flows.handling.load_batch import load
from perennial.flows.handling.needed import Needed, with_what_is_needed
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.handling.write_batch import write
from perennial.flows.loading.households import household_of
from perennial.flows.problems import ProblemError, answer_problem, problem
from perennial.store.customers.customers import CustomerRow, insert_customers
from perennial.store.customers.households import keep_points
from perennial.store.events import EventKind
from perennial.store.external_ids import IdKind, claim_external_ids, find_external_ids
from perennial.units import Instant, bucket_of


async def put_household(handler: Handler, workspace_id: int, command: PutHousehold) -> Answer:
    """Enter or leave a household, in one transaction; doing it twice changes nothing."""
    try:
        return await with_what_is_needed(
            lambda needed: handler.retrying(lambda: _put(handler, workspace_id, command, needed))
        )
    except ProblemError as error:
        return answer_problem(error.problem)


async def _put(handler: Handler, workspace_id: int, command: PutHousehold, needed: Needed) -> Answer:
    async with handler.database.transaction(workspace_id) as conn:
        row = (await handler.configurations.recent(conn, workspace_id)).row
        bucket = bucket_of(command.customer, row.bucket_base, row.bucket_count)
        batch = await handler.batch(conn, workspace_id, bucket)
        household_id = None
        if command.household is not None:
            household_id = await _found(conn, batch, command.household)
        await load(conn, batch, handler.configurations, [command], with_lots=needed.lots, codes=needed.codes)
        member = batch.member_of(command.customer)
        if household_id in batch.erased:
            raise problem(410, "household_erased", "The household was erased with the last who lived in it.")
        if command.attributes or command.identifiers is not None or command.consents:
            change = PutCustomer(
                customer=command.customer,
                attributes=command.attributes,
                identifiers=command.identifiers,
                consents=command.consents,
                actor=command.actor,
            )
            handle_put_customer(batch, change)
        known = batch.customers[member.customer_id]
        if known.household_id != household_id:
            if known.household_id is not None and household_id is not None:
                raise problem(409, "has_household", "The customer must leave its household first.")
            run_timers_due(batch, member, batch.now)
            if household_id is not None:
                _pool(batch, member, batch.members[household_id])
            elif known.household_id is not None:
                _part(batch, member, batch.members[known.household_id])
                await keep_points(conn, workspace_id, bucket, member.customer_id, known.household_id)
            changed = msgspec.structs.replace(known, household_id=household_id)
            batch.customers[member.customer_id] = changed
            batch.changed_customers[member.customer_id] = changed
            batch.touched[member.customer_id] = None
        await write(conn, batch, handler.generation)
    return Answer(status=200, body=encode_answer(decided(batch, member, command.customer, [])))


async def _found(conn: Connection, batch: Batch, name: str) -> UUID:
    """Return the id of the household, founding it in the batch's bucket if it exists nowhere."""
    workspace_id = batch.workspace.workspace_id
    household_id = batch.name("household", name)
    found = await find_external_ids(conn, workspace_id, IdKind.HOUSEHOLD, [household_id])
    if household_id not in found:
        claim = (IdKind.HOUSEHOLD, household_id, household_id)
        await claim_external_ids(conn, [claim], workspace_id, batch.bucket)
        row = CustomerRow(customer_id=household_id, external_id=name, created_at=batch.now)
        await insert_customers(conn, workspace_id, batch.bucket, [row])
    return household_id


def _pool(batch: Batch, member: Member, household: Member) -> None:
    """Move every lot of the member to the household."""
    if any(wallet.debt or wallet.shortfall for wallet in member.wallets.values()):
        raise problem(409, "has_debt", "A member with a debt cannot enter a household.")
    event_id = batch.ids.next()
    giving = batch.operation(member, event_id, batch.now)
    taking = Operation(giving.operation_id, event_id, household, batch.now)
    for live in batch.workspace.programs:
        batch.apply(taking, live.latest, _activation(live, household, batch.now))
        out, into = _moves(live, member, household)
        batch.apply(giving, live.latest, out)
        batch.apply(taking, live.latest, into)
    member.owner, member.wallets = household.customer_id, household.wallets
    if batch.workspace.pools:
        _move_in(batch, member, household)
    _settle(batch, giving, EventKind.POOLED, household.customer_id)


def _part(batch: Batch, member: Member, household: Member) -> None:
    """Let the member go with empty hands: everything that was brought or earned stays.

    What time does to it is looked after by the household itself: the member's own timers do so no more.
    """
    household.due_at = next_due([live.latest for live in batch.workspace.programs], household, batch.now)
    member.owner, member.wallets = member.customer_id, {}
    stay = member.others
    if member.household is not None:
        member.household.people.remove(member)
        member.household = None
    operation = batch.operation(member, batch.ids.next(), batch.now)
    _settle(batch, operation, EventKind.PARTED, household.customer_id, stay)


def _move_in(batch: Batch, member: Member, household: Member) -> None:
    """Let the member be one of those whose figures and limits are counted together from now on."""
    living = (each.household for each in batch.members.values() if each.owner == household.customer_id)
    lives_in = next((each for each in living if each is not None), None)
    if lives_in is None:
        lives_in = household_of(batch.members, batch.customers, household.customer_id)
    lives_in.people.append(member)
    lives_in.people.sort(key=lambda each: each.customer_id)
    member.household = lives_in


def _settle(
    batch: Batch, operation: Operation, kind: EventKind, household_id: UUID, stay: tuple[Member, ...] = ()
) -> None:
    """Let tiers follow what the member has and counts with others by now, and note what happened.

    Those who ``stay`` in a household have one tier in a program that pools all: it follows as well.
    """
    member, parted = operation.member, kind is EventKind.PARTED
    outcomes = _judge(batch, operation, (member, *member.others), parted=parted)
    _judge(batch, operation, stay, parted=parted)
    programs = [live for live in batch.workspace.programs if live.program_id in member.memberships]
    member.due_at = next_due([live.latest for live in programs], member, batch.now)
    batch.put_event(event_row(batch, operation, kind, outcomes, source=household_id))


def _judge(batch: Batch, operation: Operation, people: tuple[Member, ...], *, parted: bool) -> list[Outcome]:
    """Judge the member of the operation in every program; where it pools all, the first who is in it.

    What becomes of the tier of one of these is what becomes of it for all of them.
    """
    outcomes: list[Outcome] = []
    for live in batch.workspace.programs:
        version = live.version_at(batch.now)
        if version is None:
            continue
        asked = (
            people if version.pooling is not None else [each for each in people if each is operation.member]
        )
        one = next((each for each in asked if live.program_id in each.memberships), None)
        if one is not None:
            event = WalletsChanged(id=operation.source_id, at=batch.now, parted=parted)
            judged = msgspec.structs.replace(operation, member=one)
            outcomes += decide_in_program(batch, judged, live, version, event)
    return outcomes


def _activation(live: LiveProgram, household: Member, now: Instant) -> tuple[Effect, ...]:
    """Count what has become available by date up to ``now``, as the entering member's timers have."""
    return tuple(
        activation(compiled.unit, household.wallets[compiled.unit], now) for compiled in live.latest.wallets
    )


def _moves(
    live: LiveProgram, member: Member, household: Member
) -> tuple[tuple[Effect, ...], tuple[Effect, ...]]:
    out: list[Effect] = []
    into: list[Effect] = []
    for compiled in live.latest.wallets:
        wallet = member.wallets.get(compiled.unit)
        out += leaving(compiled.unit, wallet)
        into += arriving(compiled.unit, wallet, household.wallets[compiled.unit])
    return tuple(out), tuple(into)
