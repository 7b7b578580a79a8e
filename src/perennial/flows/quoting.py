"""``POST /v1/quotes``: what a cart would cost and earn, by the same steps as a redemption, unwritten.

A quote reads one snapshot of the database and locks nothing. Timers that are due, enrollment, and the
cart itself are decided in memory, in a batch that is thrown away.
"""

from __future__ import annotations

from asyncpg import Connection

from perennial.core.member import Member
from perennial.flows.asked import find_asked
from perennial.flows.batch import Batch, Operation
from perennial.flows.commands import PostRedemption
from perennial.flows.configuration import business_now
from perennial.flows.enrolling import enroll_automatically
from perennial.flows.event_types import check_order_attributes
from perennial.flows.handle_events import Handler
from perennial.flows.load_batch import read_from
from perennial.flows.load_budgets import budgets_of_order
from perennial.flows.load_redeemed import load_codes
from perennial.flows.problems import problem
from perennial.flows.quote_answers import QuoteAnswer, quote_answer, with_what_is_near
from perennial.flows.redeeming import checked_out
from perennial.flows.signed_codes import wall_now
from perennial.flows.timers_due import run_timers_due
from perennial.ledger.account import Account
from perennial.store.budgets import read_budgets
from perennial.store.customers import CustomerRow, read_customers
from perennial.store.members import load_members
from perennial.units import bucket_of


async def quote(handler: Handler, workspace_id: int, command: PostRedemption) -> QuoteAnswer:
    """Price the command's cart and change nothing; raises what the redemption would be refused for."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        row = workspace.row
        bucket = bucket_of(command.customer or command.id, row.bucket_base, row.bucket_count)
        batch = Batch(
            workspace=workspace,
            bucket=bucket,
            now=business_now(workspace),
            ids=handler.ids,
            codebook=handler.codebook,
            codes_judged_at=wall_now(),
        )
        at = command.at if command.at is not None else batch.now
        member = await _load(conn, batch, command)
        codes = sorted({asked.code for asked in command.redeem if asked.code is not None})
        if codes:
            await load_codes(conn, batch, codes, lock=False)
        versions = [version for live in workspace.programs if (version := live.version_at(at)) is not None]
        keys = {key for version in versions for key in budgets_of_order(version, at, command.order)}
        batch.spent = await read_budgets(conn, workspace_id, keys)
    check_order_attributes(workspace, command.order)
    found = find_asked(workspace, command.redeem, command.points, batch.entered)
    operation = Operation(handler.ids.next(), batch.name("redemption", command.id), member, at)
    if command.customer is not None:
        run_timers_due(batch, member, at)
        for live in workspace.programs:
            enroll_automatically(batch, operation, live)
    checkout = checked_out(batch, operation, found, command, Account.REDEEMED)
    return with_what_is_near(quote_answer(workspace, checkout), workspace, checkout.quote)


async def _load(conn: Connection, batch: Batch, command: PostRedemption) -> Member:
    """Return the member with all that may be read; somebody unknown is new, a guest has nothing."""
    guest_id = batch.name("redemption", command.id)
    if command.customer is None:
        return Member(customer_id=guest_id, owner=guest_id)
    workspace_id = batch.workspace.workspace_id
    customer_id = batch.name("customer", command.customer)
    row = (await read_customers(conn, workspace_id, batch.bucket, [customer_id])).get(customer_id)
    if row is not None and row.erased_at is not None:
        raise problem(410, "customer_erased", "This customer was erased.")
    known = row or CustomerRow(customer_id=customer_id, external_id=command.customer, created_at=batch.now)
    at = command.at if command.at is not None else batch.now
    batch.customers[customer_id] = known
    batch.members = await load_members(
        conn,
        workspace_id,
        batch.bucket,
        [known],
        lots_for=frozenset([known.owner]),
        due_until=at,
        reads=read_from(batch.workspace, [at]),
    )
    return batch.members[customer_id]
