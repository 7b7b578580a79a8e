"""What comes with an order or a customer: by whose code they came, and from where.

Whatever becomes of it, what it came with goes on: an order is never refused for a code. The answer says
what it came to.
"""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.flows.answers import Answer, ReferralNote
from perennial.flows.commands import Introduced, PutOrder
from perennial.flows.configuration import business_now
from perennial.flows.handle_events import Handler
from perennial.flows.problems import ProblemError
from perennial.flows.referring.refer import Refer, refer
from perennial.flows.traces import Context
from perennial.store.customers.customers import lock_customers
from perennial.store.customers.marks import insert_marks
from perennial.units import Instant, bucket_of, named_id

REFUSED = "refused"


async def introduce(
    handler: Handler, workspace_id: int, customer: str | None, command: Introduced
) -> ReferralNote | None:
    """Note where a customer came from, and by whom; return what became of the code, if there was one."""
    context = command.context if isinstance(command.context, Context) else Context()
    at = command.command.at if isinstance(command.command, PutOrder) else None
    if customer is not None:
        await _leave_marks(handler, workspace_id, customer, context, at)
    if command.code is None:
        return None
    if customer is None:
        return ReferralNote(state=REFUSED, reason="no_customer")
    asked = Refer(friend=customer, code=command.code, context=context, at=at)
    try:
        view = (await refer(handler, workspace_id, asked)).view
    except ProblemError as error:
        fields = error.problem.errors
        return ReferralNote(state=REFUSED, reason=fields[0].code if fields else error.problem.code)
    return ReferralNote(id=view.id, state=view.state, reason=view.reason, voucher=view.voucher)


def with_note(answer: Answer, note: ReferralNote | None) -> Answer:
    """Return the answer with what became of the code; a problem stays as it is."""
    if note is None or answer.status >= 400:
        return answer
    body = answer.body[:-1] + b',"referral":' + msgspec.json.encode(note) + b"}"
    return msgspec.structs.replace(answer, body=body)


async def _leave_marks(
    handler: Handler, workspace_id: int, customer: str, context: Context, at: Instant | None
) -> None:
    """Note what a customer left behind, where some program has referrals; of the erased nothing is."""
    marks = context.marks(handler.codebook, workspace_id)
    if not marks:
        return

    async def write() -> None:
        async with handler.database.transaction(workspace_id) as conn:
            await _write(conn)

    async def _write(conn: Connection) -> None:
        workspace = await handler.configurations.recent(conn, workspace_id)
        if not any(live.latest.offers for live in workspace.programs):
            return
        bucket = bucket_of(customer, workspace.row.bucket_base, workspace.row.bucket_count)
        customer_id = named_id(workspace_id, "customer", customer)
        row = (await lock_customers(conn, workspace_id, bucket, [customer_id])).get(customer_id)
        if row is None or row.erased_at is None:
            seen = business_now(workspace) if at is None else at
            await insert_marks(conn, workspace_id, bucket, customer_id, marks, seen)

    await handler.retrying(write)
