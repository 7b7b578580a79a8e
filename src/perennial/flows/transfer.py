"""``POST /v1/transfers``: points move from one member to another, with the dates that they have.

The two may live in different buckets. Then two batches share one transaction, the buckets locked in
ascending order; the points pass through the ``in_transit`` account of either bucket, and the audit
demands that those sum to zero.
"""

from __future__ import annotations

from perennial.core.effects import Debit
from perennial.core.events import Event, TransferReceived, TransferSent
from perennial.core.refusals import Refusal, RefusalCode
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import PostTransfer
from perennial.flows.configuration import LiveProgram
from perennial.flows.handle_events import Handler
from perennial.flows.handling.answering import decided, encode_answer
from perennial.flows.handling.credits import check_moved
from perennial.flows.handling.decide_event import decide_event
from perennial.flows.handling.decide_program import EventOf, event_row
from perennial.flows.handling.load_batch import load_together
from perennial.flows.handling.needed import Needed, with_what_is_needed
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.handling.write_batch import write
from perennial.flows.once import body_of, replayed
from perennial.flows.problems import ProblemError, answer_problem, field_problem, problem, refused
from perennial.flows.references import one_program
from perennial.store.events import EventKind
from perennial.store.external_ids import IdKind
from perennial.units import bucket_of


async def transfer(
    handler: Handler, workspace_id: int, command: PostTransfer, most: int | None = None
) -> Answer:
    """Move points between two members, exactly once per id, in one transaction.

    ``most`` is how many whole points the role of the caller may move (None: any).
    """
    try:
        return await with_what_is_needed(
            lambda needed: handler.retrying(lambda: _transfer(handler, workspace_id, command, most, needed))
        )
    except ProblemError as error:
        return answer_problem(error.problem)


async def _transfer(
    handler: Handler, workspace_id: int, command: PostTransfer, most: int | None, needed: Needed
) -> Answer:
    async with handler.database.transaction(workspace_id) as conn:
        row = (await handler.configurations.recent(conn, workspace_id)).row
        buckets = [
            bucket_of(name, row.bucket_base, row.bucket_count) for name in (command.sender, command.receiver)
        ]
        batches = {bucket: await handler.batch(conn, workspace_id, bucket) for bucket in sorted(set(buckets))}
        await load_together(conn, list(batches.values()), handler.configurations, command, needed)
        answer = _decide(batches[buckets[0]], batches[buckets[1]], command, most)
        for batch in batches.values():
            await write(conn, batch, handler.generation)
    return answer


def _decide(giving: Batch, taking: Batch, command: PostTransfer, most: int | None) -> Answer:
    sender, receiver = giving.member_of(command.sender), taking.member_of(command.receiver)
    event_id = giving.name("transfer", command.id)
    body = body_of(command)
    earlier = replayed(giving, IdKind.TRANSFER, event_id, sender.customer_id, command.id, body)
    if earlier is not None:
        return earlier
    if sender.owner == receiver.owner:
        raise refused(Refusal(RefusalCode.SAME_WALLET, "Both use the same wallet."))
    live, wallet = one_program(giving.workspace, command.wallet, "wallet", "$.wallet")
    check_moved(command.points, most, live.wallet(wallet).decimals)
    for member, path in ((sender, "$.from"), (receiver, "$.to")):
        membership = member.memberships.get(live.program_id)
        if membership is None or membership.left_at is not None:
            raise field_problem(path, "not_a_member", f"is not a member of {live.code!r}")
    at = command.at if command.at is not None else giving.now
    run_timers_due(giving, sender, at)
    unit = next(compiled.unit for compiled in live.latest.wallets if compiled.spec.id == wallet)
    held = sender.wallets.get(unit)
    keys = {lot.lot_id: lot.key for lot in (held.lots or {}).values()} if held else {}
    sending = giving.operation(sender, event_id, at)
    sent = decide_event(giving, sending, _sent(live, sending, wallet, command))
    moved = tuple(
        (keys[effect.lot_id], effect.amount)
        for outcome in sent
        for effect in outcome.decision.effects
        if isinstance(effect, Debit) and effect.unit == unit
    )
    if not moved:
        raise problem(409, "nothing_moved", "No points were moved.")
    receiving = taking.operation(receiver, event_id, at)
    event = TransferReceived(id=event_id, at=at, wallet=wallet, lots=moved)
    received = decide_event(taking, receiving, _in(live, event))
    giving.claim(IdKind.TRANSFER, event_id, sender.customer_id)
    answer = encode_answer(decided(giving, sender, command.id, sent))
    for batch, operation, kind, outcomes in (
        (giving, sending, EventKind.TRANSFER, sent),
        (taking, receiving, EventKind.TRANSFER_RECEIVED, received),
    ):
        row = event_row(batch, operation, kind, outcomes, external_id=command.id, body=body, answer=answer)
        batch.put_event(row)
    return Answer(status=201, body=answer)


def _sent(live: LiveProgram, operation: Operation, wallet: str, command: PostTransfer) -> EventOf:
    return _in(
        live, TransferSent(id=operation.source_id, at=operation.at, wallet=wallet, amount=command.points)
    )


def _in(live: LiveProgram, event: Event) -> EventOf:
    return lambda other: event if other.program_id == live.program_id else None
