"""``POST /v1/vouchers/assign``: a member is given a code of a pool that is nobody's yet.

Exactly once per id, and every code to one member alone: whoever takes a code locks its row, and passes
over those that others have locked. Only if nothing else is left they are waited for, since what another
one has locked may yet be put back.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.codes.codes import Codes
from perennial.core.wallets.dates import end_of_day_after
from perennial.flows.answers import Answer, Decided, VoucherAnswer
from perennial.flows.batch import Batch
from perennial.flows.configuration import LiveProgram, Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.flows.handling.answering import encode_answer
from perennial.flows.handling.voucher_answers import shown_answer, stored_answer
from perennial.flows.loading.drawn_codes import pools_of
from perennial.flows.merged import customer_gone
from perennial.flows.once import body_of, replayed
from perennial.flows.problems import field_problem, problem
from perennial.flows.reading import load_customer
from perennial.flows.references import one_program
from perennial.flows.stored import encode_decisions
from perennial.flows.vouchers.batches import batch_id_of
from perennial.store.codes.pools import batches_of_reward, bucket_of_code, find_batch, give_free, take_free
from perennial.store.codes.vouchers import VoucherRow
from perennial.store.customers.customers import lock_customers
from perennial.store.effects import write_effects
from perennial.store.events import EventKind, EventRow, load_events
from perennial.store.external_ids import IdKind, claim_or_find
from perennial.units import Instant, bucket_of, format_instant


class AssignVoucher(msgspec.Struct, frozen=True, kw_only=True):
    """A code of ``reward`` for ``customer``, out of one ``batch`` or of any.

    Of a reward that hands over a code of a pool, the pool for the customer's tier decides. A code that is
    ``for_friends`` (unset: it is not) is passed on: its customer may not use it.
    """

    id: str
    customer: str
    reward: str
    batch: str | None = None
    for_friends: bool | msgspec.UnsetType = msgspec.UNSET


async def assign_voucher(handler: Handler, workspace_id: int, command: AssignVoucher) -> Answer:
    """Give a member a code of a pool, once per id; raises the problem of what cannot be."""
    return await handler.retrying(lambda: _assign(handler, workspace_id, command))


async def _assign(handler: Handler, workspace_id: int, command: AssignVoucher) -> Answer:
    async with handler.database.transaction(workspace_id) as conn:
        row = (await handler.configurations.recent(conn, workspace_id)).row
        bucket = bucket_of(command.customer, row.bucket_base, row.bucket_count)
        batch = await handler.batch(conn, workspace_id, bucket)
        event_id = batch.name("voucher", command.id)
        earlier = await _claim(conn, handler, batch, command, event_id)
        if earlier is not None:
            return earlier
        live, reward = one_program(batch.workspace, command.reward, "reward", "$.reward")
        reward = await _pool_of(conn, batch.workspace, command, live, reward)
        given, place = await _take(conn, batch, command, live, reward, event_id)
        given.customer_id = batch.name("customer", command.customer)
        if command.for_friends is True:
            if given.bound:
                words = f"codes of reward {reward} are for those alone who have them"
                raise field_problem("$.for_friends", "bound_code", words)
            given.referrer_id = given.customer_id
        given.issued_at = batch.now
        await give_free(conn, workspace_id, (place, bucket), given)
        decided = _answer(batch, command, live, given)
        stored = stored_answer(handler.codebook, workspace_id, decided)
        event = _event(batch, command, event_id, given, stored)
        await write_effects(conn, workspace_id, bucket, handler.generation, [], {}, events=[event])
    return Answer(status=201, body=encode_answer(decided))


async def _claim(
    conn: Connection, handler: Handler, batch: Batch, command: AssignVoucher, event_id: UUID
) -> Answer | None:
    """Lock the customer and claim the id; return the stored answer if this was done before."""
    workspace_id, customer_id = batch.workspace.workspace_id, batch.name("customer", command.customer)
    locked = (await lock_customers(conn, workspace_id, batch.bucket, [customer_id])).get(customer_id)
    if locked is None:
        raise problem(404, "customer_unknown", f"There is no customer {command.customer!r}.")
    if locked.erased_at is not None:
        raise await customer_gone(conn, workspace_id, (batch.bucket, customer_id))
    key = (IdKind.VOUCHER, event_id)
    row, claimed, _ = await claim_or_find(conn, workspace_id, batch.bucket, {key: customer_id}, ())
    batch.workspace = await handler.configurations.as_of(conn, row)
    batch.now = business_now(batch.workspace)
    if key not in claimed:
        return None
    bucket, owner = claimed[key]
    batch.external[key] = owner
    batch.events = await load_events(conn, workspace_id, bucket, [(owner, event_id)])
    earlier = replayed(batch, IdKind.VOUCHER, event_id, customer_id, command.id, body_of(command))
    return None if earlier is None else shown_answer(handler.codebook, workspace_id, earlier)


async def _pool_of(
    conn: Connection, workspace: Workspace, command: AssignVoucher, live: LiveProgram, reward: str
) -> str:
    """Return whose code is given: that of the reward, or of the pool it hands over by the member's tier."""
    compiled = live.latest.rewards[reward]
    if compiled.reward.codes is not None or not pools_of(compiled):
        return reward
    _, member = await load_customer(conn, workspace, command.customer)
    membership = member.memberships.get(live.program_id)
    handed = compiled.gives_to(None if membership is None else membership.tier)
    found = (out.pool for given in handed if (out := given.benefit.hands_out()) is not None)
    return next((pool for pool in found if pool is not None), reward)


async def _take(
    conn: Connection, batch: Batch, command: AssignVoucher, live: LiveProgram, reward: str, start: UUID
) -> tuple[VoucherRow, int]:
    """Lock a code and return it, with its new dates, and the bucket where it is; or raise the 409.

    The search begins at ``start``, in that bucket and at that hash, so that parallel ones seldom meet.
    """
    row = batch.workspace.row
    pools = await _pools(conn, batch, command, live, reward)
    codes = live.latest.rewards[reward].reward.codes or Codes()
    # A code that counts from when it is given does not expire before.
    valid_at = batch.now if codes.valid_for is None else None
    first = bucket_of_code(start, 0, row.bucket_count)
    for wait in (False, True):
        for offset in range(row.bucket_count if pools else 0):
            place = row.bucket_base + (first + offset) % row.bucket_count
            found = await take_free(conn, row.workspace_id, place, pools, start, valid_at, wait=wait)
            if found is not None:
                found.expires_at = _expires_at(batch, live, found, codes)
                return found, place
    raise problem(409, "pool_empty", f"No code of reward {reward} is left to be given.")


async def _pools(
    conn: Connection, batch: Batch, command: AssignVoucher, live: LiveProgram, reward: str
) -> list[UUID]:
    """Return the ids of the batches out of which a code may be taken."""
    workspace_id = batch.workspace.workspace_id
    if command.batch is None:
        return await batches_of_reward(conn, workspace_id, live.program_id, reward)
    known = await find_batch(conn, workspace_id, batch_id_of(workspace_id, command.batch))
    if known is None or (known.program_id, known.reward) != (live.program_id, reward):
        raise field_problem("$.batch", "batch_unknown", f"is no batch of reward {reward}")
    return [known.batch_id]


def _expires_at(batch: Batch, live: LiveProgram, row: VoucherRow, codes: Codes) -> Instant | None:
    if codes.valid_for is None:
        return row.expires_at
    return end_of_day_after(live.latest, batch.now, codes.valid_for)


def _answer(batch: Batch, command: AssignVoucher, live: LiveProgram, row: VoucherRow) -> Decided:
    expires = format_instant(row.expires_at) if row.expires_at is not None else None
    return Decided(
        id=command.id,
        customer=command.customer,
        voucher=VoucherAnswer(
            id=str(row.voucher_id),
            code=batch.codebook.open(batch.workspace.workspace_id, row.sealed),
            reward=f"{live.code}/{row.reward}",
            value=row.value,
            currency=row.currency,
            points=0,
            expires_at=expires,
        ),
    )


def _event(batch: Batch, command: AssignVoucher, event_id: UUID, row: VoucherRow, answer: bytes) -> EventRow:
    return EventRow(
        customer_id=row.customer_id,
        event_id=event_id,
        operation_id=batch.ids.next(),
        kind=EventKind.VOUCHER,
        external_id=command.id,
        source_id=row.batch_id,
        occurred_at=batch.now,
        recorded_at=batch.now,
        body=body_of(command),
        decision=encode_decisions([]),
        answer=answer,
    )
