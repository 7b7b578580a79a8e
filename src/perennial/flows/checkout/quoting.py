"""``POST /v1/quotes``: what a cart would cost and earn, by the same steps as a redemption, unwritten.

Quotes read one snapshot of the database and lock nothing; those that come at the same time share it.
Timers that are due, enrollment, and the cart itself are decided in memory, in a batch that is thrown away.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from copy import deepcopy
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.member import Household, Member
from perennial.flows.asked import find_asked
from perennial.flows.batch import Batch, Operation
from perennial.flows.batcher import Intake
from perennial.flows.commands import PostRedemption
from perennial.flows.configuration import business_now
from perennial.flows.handle_events import Handler
from perennial.flows.handling.challenge_answers import challenges_after_order
from perennial.flows.handling.enrolling import enroll_automatically
from perennial.flows.handling.event_types import check_order_attributes
from perennial.flows.handling.quote_answers import QuoteAnswer, quote_answer, with_what_is_near
from perennial.flows.handling.redeeming import checked_out
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.lanes import Lanes, Place, Waiting
from perennial.flows.loading.budgets import budgets_of_order, instant_of
from perennial.flows.loading.challenges import load_challenges
from perennial.flows.loading.exposures import load_variants
from perennial.flows.loading.households import bring_together, homes_elsewhere, with_companions
from perennial.flows.loading.looking_back import read_from
from perennial.flows.loading.redeemed import load_codes
from perennial.flows.loading.wherever import load_members_of
from perennial.flows.merged import survivor_names
from perennial.flows.problems import MERGED, ProblemError
from perennial.flows.signed_codes import wall_now
from perennial.ledger.account import Account
from perennial.store.budgets import read_budgets
from perennial.store.customers.customers import CustomerRow, read_customers

MAX_TOGETHER = 32
"""So many carts are read at once: pricing them takes some tens of milliseconds."""


class Quotes:
    """Prices the carts of one process: those that come while others are read are read together."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._lanes: Lanes[PostRedemption, QuoteAnswer] = Lanes(self._handle, _take)

    async def quote(self, workspace_id: int, command: PostRedemption) -> QuoteAnswer:
        """Price the command's cart and change nothing; raises what the redemption would be refused for."""
        try:
            return await self._quote(workspace_id, command)
        except ProblemError as error:
            survivor = error.problem.details.get("merged_into") if error.problem.code == MERGED else None
            if survivor is None:
                raise
        return await self._quote(workspace_id, msgspec.structs.replace(command, customer=str(survivor)))

    async def _quote(self, workspace_id: int, command: PostRedemption) -> QuoteAnswer:
        bucket = await self._intake.bucket(workspace_id, command)
        return await self._lanes.enqueue((workspace_id, bucket), command)

    async def close(self) -> None:
        """Finish what is in flight. The doors must have stopped taking carts."""
        await self._lanes.close()

    async def _handle(self, place: Place, taken: Sequence[Waiting[PostRedemption, QuoteAnswer]]) -> None:
        handler = self._intake.handler
        batches = await _load(handler, *place, [command for command, _ in taken])
        for (command, future), batch in zip(taken, batches, strict=True):
            if future.done():
                continue
            try:
                future.set_result(_priced(batch, command))
            except Exception as error:  # noqa: BLE001 - it concerns this cart alone
                future.set_exception(error)
            # Who has an answer should not wait for the others to be priced.
            await asyncio.sleep(0)


def _take(
    waiting: deque[Waiting[PostRedemption, QuoteAnswer]],
) -> list[Waiting[PostRedemption, QuoteAnswer]]:
    """Take the next carts, no two of one customer: pricing one changes its member in memory."""
    taken: list[Waiting[PostRedemption, QuoteAnswer]] = []
    customers: set[str] = set()
    while waiting and len(taken) < MAX_TOGETHER:
        customer = waiting[0][0].customer
        if customer in customers:
            break
        if customer is not None:
            customers.add(customer)
        taken.append(waiting.popleft())
    return taken


async def _load(
    handler: Handler, workspace_id: int, bucket: int, commands: Sequence[PostRedemption]
) -> list[Batch]:
    """Read what the carts of one bucket need, in one snapshot; each gets a batch of its own."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        batch = Batch(
            workspace=workspace,
            bucket=bucket,
            now=business_now(workspace),
            ids=handler.ids,
            codebook=handler.codebook,
            codes_judged_at=wall_now(),
        )
        await _load_members(conn, batch, commands)
        codes = {asked.code for command in commands for asked in command.redeem if asked.code is not None}
        if codes:
            await load_codes(conn, batch, sorted(codes), lock=False)
        keys = {
            key
            for command in commands
            for live in workspace.programs
            if (version := live.version_at(instant_of(batch, command))) is not None
            for key in budgets_of_order(version, instant_of(batch, command), command.order)
        }
        batch.spent = await read_budgets(conn, workspace_id, keys)
    return [_alone(batch, command) for command in commands]


def _alone(batch: Batch, command: PostRedemption) -> Batch:
    """Return a batch of one cart's own: what pricing it changes in memory is seen by no other."""
    members = batch.members
    member = None if command.customer is None else members.get(batch.name("customer", command.customer))
    if member is not None and member.owner != member.customer_id:
        # A household has one wallet.
        members = _copies(member)
    return Batch(
        workspace=batch.workspace,
        bucket=batch.bucket,
        now=batch.now,
        ids=batch.ids,
        codebook=batch.codebook,
        codes_judged_at=batch.codes_judged_at,
        names=batch.names,
        customers=batch.customers,
        places=batch.places,
        erased=batch.erased,
        merged=batch.merged,
        members=members,
        spent=dict(batch.spent),
        entered=batch.entered,
        cards=batch.cards,
    )


def _copies(member: Member) -> dict[UUID, Member]:
    """Return copies of a member and of everybody with whom more than wallets are shared."""
    household = member.household
    alone = [msgspec.structs.replace(each, household=None) for each in (member, *member.others)]
    # At once: they have one wallet.
    copied = deepcopy(alone)
    if household is not None:
        together = Household(household.household_id, household.name, copied, deepcopy(household.uses))
        for each in copied:
            each.household = together
    return {each.customer_id: each for each in copied}


async def _load_members(conn: Connection, batch: Batch, commands: Sequence[PostRedemption]) -> None:
    """Load the members with all that may be read; who is not known yet is new."""
    workspace_id = batch.workspace.workspace_id
    named = {
        batch.name("customer", command.customer): command.customer
        for command in commands
        if command.customer is not None
    }
    if not named:
        return
    known = await read_customers(conn, workspace_id, batch.bucket, sorted(named))
    batch.erased = {customer_id for customer_id, row in known.items() if row.erased_at is not None}
    if batch.erased:
        batch.merged = await survivor_names(conn, workspace_id, batch.bucket, batch.erased)
    batch.customers = {
        customer_id: known.get(customer_id)
        or CustomerRow(customer_id=customer_id, external_id=name, created_at=batch.now)
        for customer_id, name in named.items()
        if customer_id not in batch.erased
    }
    workspace = batch.workspace.row
    if batch.workspace.pools:
        batch.customers, batch.places = await with_companions(conn, workspace, batch.bucket, batch.customers)
    else:
        batch.places = await homes_elsewhere(conn, workspace, batch.bucket, batch.customers)
    instants = [instant_of(batch, command) for command in commands]
    batch.members = await load_members_of(
        conn,
        workspace_id,
        batch.bucket,
        batch.customers,
        batch.places,
        lots_for=frozenset(row.owner for row in batch.customers.values()),
        due_until=max(instants),
        reads=read_from(batch.workspace, instants, [command.order for command in commands]),
        segments=batch.workspace.segment_names,
    )
    if batch.workspace.pools:
        bring_together(batch.members, batch.customers)
    for bucket, there in batch.members_by_bucket():
        await load_challenges(conn, batch.workspace, bucket, there, min(instants))
        await load_variants(conn, batch.workspace, bucket, there)


def _priced(batch: Batch, command: PostRedemption) -> QuoteAnswer:
    """Price a cart in a batch of its own, which is thrown away."""
    workspace, at = batch.workspace, instant_of(batch, command)
    quote_id = batch.name("redemption", command.id)
    guest = command.customer is None
    if command.customer is None:
        member = Member(customer_id=quote_id, owner=quote_id)
    else:
        member = batch.member_of(command.customer)
    check_order_attributes(workspace, command.order)
    found = find_asked(workspace, command.redeem, command.points, batch.entered)
    operation = Operation(batch.ids.next(), quote_id, member, at)
    if not guest:
        run_timers_due(batch, member, at)
        for live in workspace.programs:
            enroll_automatically(batch, operation, live)
    checkout = checked_out(batch, operation, found, command, Account.REDEEMED, tell_near=True)
    answer = with_what_is_near(quote_answer(workspace, checkout), workspace, checkout.quote)
    if guest or not any(live.latest.challenges for live in workspace.programs):
        return answer
    challenges = challenges_after_order(batch, member, quote_id, at, checkout.quote.order)
    return msgspec.structs.replace(answer, challenges=challenges)
