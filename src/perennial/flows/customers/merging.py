"""``POST /v1/customers/{id}/merge``: two customers are one person, and become one, for good.

One transaction over both buckets, which is there as a whole or not at all. Everybody whom it concerns is
locked first, buckets ascending. Then the points move by postings, lot by lot; then the rows follow; then the
absorbed customer is erased, with a pointer to the survivor; and at last the survivor is judged as the sum of
both: tiers and segments. A preview is the same, and undone at its end.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection, SerializationError

from perennial.core.counting import counted
from perennial.core.customers.identifiers import CustomerIdentifier, IdentifierType
from perennial.core.events import MembersMerged
from perennial.core.member import Member, Membership
from perennial.core.timers import next_due
from perennial.flows.answers import Answer, FieldProblem
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import Command, ExpireHold, MergeCustomers, RunTimers
from perennial.flows.configuration import LiveProgram, business_now
from perennial.flows.customers.merge_answers import (
    MergeAnswer,
    MergedTier,
    MovedWallet,
    balances_after,
    moved_wallets,
)
from perennial.flows.customers.merge_points import move_cards, move_wallets
from perennial.flows.customers.merge_rows import Moved, Sides, move_rows
from perennial.flows.handle_events import Handler
from perennial.flows.handling.credits import check_moved, exceeds
from perennial.flows.handling.decide_program import Outcome, decide_in_program, store_outcomes
from perennial.flows.handling.giving_back import handle_expired_hold
from perennial.flows.handling.load_batch import load, load_beside
from perennial.flows.handling.needed import Needed, with_what_is_needed
from perennial.flows.handling.segmenting import follow_segments
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.handling.write_batch import write
from perennial.flows.merged import customer_gone
from perennial.flows.once import body_of, differing_fields
from perennial.flows.problems import ProblemError, answer_problem, field_problem, problem
from perennial.flows.staff.records import note
from perennial.store.codes.redemptions import list_held
from perennial.store.codes.vouchers import lock_vouchers_of
from perennial.store.customers.customers import CustomerRow, lock_customers
from perennial.store.customers.merges import MergeRow, Place
from perennial.store.customers.merging import read_memberships
from perennial.store.customers.referrals import list_advocacies, load_referrals
from perennial.store.events import EventKind, EventRow, load_events
from perennial.store.external_ids import IdKind, claim_external_ids, find_claimed
from perennial.store.staff.roles import read_rules
from perennial.units import Instant, bucket_of, format_instant, named_id

_encoder = msgspec.json.Encoder()


class _PreviewedError(Exception):
    """The end of a preview: what it found; the transaction is undone."""

    def __init__(self, answer: MergeAnswer) -> None:
        super().__init__("a preview changes nothing")
        self.answer = answer


class _Merge(msgspec.Struct):
    """One merge under way: ``event_id`` is its id, ``old`` what the absorbed customer was in each program."""

    command: MergeCustomers
    sides: Sides
    event_id: UUID
    old: dict[int, Membership]
    mine: dict[int, Membership]
    wallets: tuple[MovedWallet, ...] = ()
    holds: int = 0
    needs_approval: bool = False


async def merge_customers(handler: Handler, workspace_id: int, command: MergeCustomers) -> Answer:
    """Merge one customer into another, once per id, in one transaction."""
    try:
        return await with_what_is_needed(
            lambda needed: handler.retrying(lambda: _merge(handler, workspace_id, command, needed))
        )
    except ProblemError as error:
        return answer_problem(error.problem)


async def preview_merge(handler: Handler, workspace_id: int, customer: str, into: str) -> MergeAnswer:
    """Return what a merge would do, by doing it and undoing it; raises what it would be refused for."""
    command = MergeCustomers(
        id=handler.ids.next().hex, customer=customer, into=into, reason="preview", actor="preview"
    )
    try:
        await with_what_is_needed(
            lambda needed: handler.retrying(
                lambda: _merge(handler, workspace_id, command, needed, preview=True)
            )
        )
    except _PreviewedError as found:
        return found.answer
    raise AssertionError("a preview ends by being undone")


async def _merge(
    handler: Handler, workspace_id: int, command: MergeCustomers, needed: Needed, *, preview: bool = False
) -> Answer:
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        event_id = named_id(workspace_id, "merge", command.id)
        earlier = await _replayed(conn, workspace_id, event_id, command)
        if earlier is not None:
            return earlier
        places = [
            (bucket_of(name, workspace.row.bucket_base, workspace.row.bucket_count), named)
            for name in (command.customer, command.into)
            for named in [named_id(workspace_id, "customer", name)]
        ]
        try:
            sides, advocacies = await _lock(conn, workspace_id, command, places[0], places[1])
        except ProblemError:
            # The same merge may have been under way: it has ended, now that its locks are ours.
            earlier = await _replayed(conn, workspace_id, event_id, command)
            if earlier is None:
                raise
            return earlier
        sides.now = business_now(await handler.configurations.current(conn, workspace_id))
        merge = _Merge(
            command,
            sides,
            event_id,
            await read_memberships(conn, workspace_id, sides.absorbed),
            await read_memberships(conn, workspace_id, sides.into),
        )
        moved = await _move(conn, handler, merge, advocacies, needed, preview=preview)
        answer = await _judge(conn, handler, merge, moved, needed, preview=preview)
    return Answer(status=201, body=answer)


async def _replayed(
    conn: Connection, workspace_id: int, event_id: UUID, command: MergeCustomers
) -> Answer | None:
    """Return the stored answer if this was done before; raise the 422 if it was another merge."""
    found = (await find_claimed(conn, workspace_id, [(IdKind.MERGE, event_id)])).get((IdKind.MERGE, event_id))
    if found is None:
        return None
    row = (await load_events(conn, workspace_id, found[0], [(found[1], event_id)]))[event_id]
    body = body_of(command)
    if row.body == body:
        return Answer(status=200, body=row.answer, replayed=True)
    raise problem(
        422,
        "id_conflict",
        f"The id {command.id!r} was used before with another body.",
        *(
            FieldProblem(path=f"$.{name}", code="id_conflict", message="differs from the first use")
            for name in differing_fields(row.body, body)
        ),
    )


async def _lock(
    conn: Connection, workspace_id: int, command: MergeCustomers, absorbed: Place, into: Place
) -> tuple[Sides, list[tuple[UUID, int, UUID]]]:
    """Lock both, and whoever has a referral with the absorbed one: buckets ascending, then ids.

    Raises the problem if there is nothing to merge. With the sides come the referrals by the absorbed one.
    """
    if absorbed == into:
        raise field_problem("$.into", "same_customer", "is the customer who is to be merged")
    wanted = {absorbed, into} | await _others(conn, workspace_id, absorbed)
    locked: dict[Place, CustomerRow] = {}
    for bucket in sorted({place[0] for place in wanted}):
        ids = [customer_id for at, customer_id in wanted if at == bucket]
        for customer_id, row in (await lock_customers(conn, workspace_id, bucket, ids)).items():
            locked[bucket, customer_id] = row
    if not await _others(conn, workspace_id, absorbed) <= wanted:
        raise SerializationError("somebody was referred meanwhile")
    gone, stays = locked.get(absorbed), locked.get(into)
    if gone is None:
        raise problem(404, "customer_unknown", f"There is no customer {command.customer!r}.")
    if gone.erased_at is not None:
        raise await customer_gone(conn, workspace_id, absorbed)
    if stays is None:
        raise field_problem("$.into", "customer_unknown", f"there is no customer {command.into!r}")
    if stays.erased_at is not None:
        raise await customer_gone(conn, workspace_id, into)
    if gone.household_id is not None and gone.household_id != stays.household_id:
        words = "The customer shares the wallets of a household: let it be left first, or entered by both."
        raise problem(409, "in_household", words)
    advocacies = await list_advocacies(conn, workspace_id, *absorbed)
    return Sides(workspace_id, absorbed, into, gone, stays, 0), advocacies


async def _others(conn: Connection, workspace_id: int, absorbed: Place) -> set[Place]:
    """Return who has a referral with the customer, on whichever side."""
    friends = {(at, friend) for _, at, friend in await list_advocacies(conn, workspace_id, *absorbed)}
    referrals = await load_referrals(conn, workspace_id, absorbed[0], [absorbed[1]])
    return friends | {(row.advocate_bucket, row.advocate_id) for row in referrals}


async def _move(
    conn: Connection,
    handler: Handler,
    merge: _Merge,
    advocacies: list[tuple[UUID, int, UUID]],
    needed: Needed,
    *,
    preview: bool,
) -> Moved:
    """Move the points, then the rows; what is due for either happens before, what is held comes back."""
    sides = merge.sides
    ws, absorbed, into, now = sides.workspace_id, sides.absorbed, sides.into, sides.now
    held = await list_held(conn, ws, *absorbed)
    merge.holds = len(held)
    wanted: dict[int, list[Command]] = {}
    for bucket, customer_id in (absorbed, into):
        timers = RunTimers(customer_id=customer_id.hex, bucket=bucket, at=now)
        wanted.setdefault(bucket, []).append(timers)
    expiring = [
        ExpireHold(
            customer_id=absorbed[1].hex, redemption_id=each.hex, bucket=absorbed[0], at=now, early=True
        )
        for each in held
    ]
    wanted[absorbed[0]] += expiring
    batches = {bucket: await handler.batch(conn, ws, bucket) for bucket in sorted(wanted)}
    work = [(batch, wanted[bucket]) for bucket, batch in batches.items()]
    await load_beside(conn, work, handler.configurations, needed)
    giving, taking = batches[absorbed[0]], batches[into[0]]
    gone, stays = giving.members[absorbed[1]], taking.members[into[1]]
    for batch, member in ((giving, gone), (taking, stays)):
        run_timers_due(batch, member, now)
    for command in expiring:
        handle_expired_hold(giving, command)
    merge.wallets = moved_wallets(giving.workspace, gone) if gone.owner != stays.owner else ()
    await _check_allowed(conn, merge, preview=preview)
    if stays.owner != stays.customer_id and any(each.debt or each.shortfall for each in merge.wallets):
        raise problem(409, "has_debt", "A debt cannot be brought into the wallets of a household.")
    operation, other = (
        giving.operation(gone, merge.event_id, now),
        taking.operation(stays, merge.event_id, now),
    )
    move_wallets(giving, operation, taking, other)
    vouchers = await lock_vouchers_of(conn, ws, *absorbed)
    cards = await move_cards(conn, giving, operation, taking, other, vouchers)
    giving.put_event(_event(merge, operation, EventKind.MERGED))
    gone.due_at = None
    for batch in batches.values():
        # Nobody is judged in between: the survivor is when everything has moved.
        batch.touched.clear()
        batch.created.clear()
        await write(conn, batch, handler.generation)
    row = MergeRow(
        customer_id=into[1],
        merge_id=merge.event_id,
        absorbed_bucket=absorbed[0],
        absorbed_id=absorbed[1],
        merged_at=now,
        external_id=merge.command.customer,
        actor=merge.command.actor,
        reason=merge.command.reason,
        moved=_encoder.encode(merge.wallets),
    )
    return await move_rows(conn, sides, giving, vouchers, cards, advocacies, row)


async def _check_allowed(conn: Connection, merge: _Merge, *, preview: bool) -> None:
    """Raise the 403 beyond the role, and the 409 for what two people must want, which a preview tells."""
    command = merge.command
    for each in merge.wallets:
        check_moved(each.points, command.most, each.decimals)
    above = (await read_rules(conn, merge.sides.workspace_id)).two_to_credit_above
    merge.needs_approval = any(exceeds(each.points, above, each.decimals) for each in merge.wallets)
    if merge.needs_approval and not command.approved and not preview:
        words = (
            f"A merge that moves more than {counted(above or 0, 'points')} needs"
            " the approval of a second person."
        )
        raise problem(409, "approval_needed", words, details={"above": above})


async def _judge(
    conn: Connection, handler: Handler, merge: _Merge, moved: Moved, needed: Needed, *, preview: bool
) -> bytes:
    """Judge the survivor as the sum of both, note the merge, and return its answer."""
    sides = merge.sides
    ws, (bucket, customer_id), now = sides.workspace_id, sides.into, sides.now
    batch = await handler.batch(conn, ws, bucket)
    timers = RunTimers(customer_id=customer_id.hex, bucket=bucket, at=now)
    await load(conn, batch, handler.configurations, [timers], with_lots=needed.lots, codes=needed.codes)
    survivor = batch.members[customer_id]
    operation = batch.operation(survivor, merge.event_id, now)
    outcomes = _decide(batch, operation, merge.old)
    # What was brought is of everybody who shares the wallets.
    batch.touched.update(
        (each, None) for each, member in batch.members.items() if member.owner == survivor.owner
    )
    if batch.workspace.segments is not None:
        outcomes += follow_segments(batch, operation)
    programs = [live.latest for live in batch.workspace.programs if live.program_id in survivor.memberships]
    survivor.due_at = next_due(programs, survivor, now)
    batch.renamed.add(customer_id)
    answer = _answer(merge, moved, batch, survivor, preview=preview)
    if preview:
        raise _PreviewedError(answer)
    body = _encoder.encode(answer)
    row = _event(merge, operation, EventKind.MERGE)
    batch.put_event(
        msgspec.structs.replace(
            row,
            external_id=merge.command.id,
            source_id=sides.absorbed[1],
            body=body_of(merge.command),
            decision=store_outcomes(outcomes),
            answer=body,
        )
    )
    await claim_external_ids(conn, [(IdKind.MERGE, merge.event_id, customer_id)], ws, bucket)
    await write(conn, batch, handler.generation)
    await note(
        conn,
        ws,
        merge.command.actor,
        "customer.merged",
        f"customer/{customer_id}",
        before={"absorbed": f"customer/{sides.absorbed[1]}"},
        after=_noted(answer),
    )
    return body


def _decide(batch: Batch, operation: Operation, old: dict[int, Membership]) -> list[Outcome]:
    """Decide in every program what becomes of the survivor's tier."""
    outcomes: list[Outcome] = []
    for live in batch.workspace.programs:
        version = live.version_at(operation.at)
        before = old.get(live.program_id)
        if version is None or before is None or live.program_id not in operation.member.memberships:
            continue
        event = MembersMerged(
            id=operation.source_id,
            at=operation.at,
            tier=before.tier if before.left_at is None else None,
            since=before.tier_since,
            until=before.tier_until,
            floor=before.tier_floor,
        )
        outcomes += decide_in_program(batch, operation, live, version, event)
    return outcomes


def _answer(merge: _Merge, moved: Moved, batch: Batch, survivor: Member, *, preview: bool) -> MergeAnswer:
    return MergeAnswer(
        id=merge.command.id,
        customer=merge.command.into,
        absorbed=merge.command.customer,
        at=format_instant(merge.sides.now),
        preview=preview,
        needs_approval=merge.needs_approval,
        wallets=merge.wallets,
        balances=balances_after(batch.workspace, survivor),
        tiers=tuple(
            _tiers(live, merge, survivor)
            for live in batch.workspace.programs
            if live.program_id in survivor.memberships
        ),
        identifiers=tuple(
            CustomerIdentifier(type=IdentifierType(kind), value=value) for kind, value in moved.identifiers
        ),
        attributes=moved.attributes,
        segments=moved.segments,
        orders=moved.orders,
        events=moved.events,
        vouchers=moved.vouchers,
        entitlements=moved.entitlements,
        redemptions=moved.redemptions,
        holds_released=merge.holds,
        referrals=moved.referrals,
        challenges=moved.challenges,
        consents=moved.consents,
        conflicts=tuple(moved.conflicts),
    )


def _tiers(live: LiveProgram, merge: _Merge, survivor: Member) -> MergedTier:
    absorbed = _tier(merge.old.get(live.program_id))
    mine = _tier(merge.mine.get(live.program_id))
    after = _tier(survivor.memberships.get(live.program_id))
    return MergedTier(
        program=live.code,
        absorbed=absorbed,
        survivor=mine,
        after=after,
        absorbed_name=_named(live, absorbed),
        survivor_name=_named(live, mine),
        after_name=_named(live, after),
    )


def _tier(membership: Membership | None) -> str | None:
    return None if membership is None else membership.tier


def _named(live: LiveProgram, tier: str | None) -> str | None:
    return None if tier is None else live.tier_name(tier)


def _noted(answer: MergeAnswer) -> dict[str, object]:
    """Return what the audit log keeps for good: amounts and counts, and nothing that tells of a person."""
    return {
        "points": {f"{each.program}/{each.wallet}": each.points - each.debt for each in answer.wallets},
        "orders": answer.orders,
        "vouchers": answer.vouchers,
        "tiers": {each.program: each.after for each in answer.tiers},
    }


def _event(merge: _Merge, operation: Operation, kind: EventKind) -> EventRow:
    at: Instant = merge.sides.now
    return EventRow(
        customer_id=operation.member.customer_id,
        event_id=merge.event_id,
        operation_id=operation.operation_id,
        kind=kind,
        external_id="",
        source_id=merge.sides.into[1] if kind is EventKind.MERGED else None,
        occurred_at=at,
        recorded_at=at,
        body=b"",
        decision=b"",
        answer=b"",
    )
