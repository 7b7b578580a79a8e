"""Time alone: what is due in a bucket is run, customer by customer, through the same batches."""

from __future__ import annotations

from perennial.flows.commands import RunTimers
from perennial.flows.handle_events import Handler
from perennial.store.timers import due_customers
from perennial.units import Instant

TIMERS_PER_BATCH = 250


async def run_due_timers(handler: Handler, workspace_id: int, bucket: int, until: Instant) -> int:
    """Run every timer of the bucket that is due at or before ``until``; return how many customers.

    A customer whose timer another transaction has already run is skipped by the batch, because the
    batch reads the due instant again under the customer's lock. Timers that fail stay due: they are
    left for the next time once nothing else is due.
    """
    ran = 0
    while True:
        async with handler.database.transaction(workspace_id) as conn:
            due = await due_customers(conn, workspace_id, bucket, until, TIMERS_PER_BATCH)
        if not due:
            return ran
        commands = [RunTimers(customer_id=due_id.hex, bucket=bucket, at=until) for due_id in due]
        answers = await handler.handle_batch(workspace_id, bucket, commands)
        done = sum(answer.status < 400 for answer in answers)
        if not done:
            return ran
        ran += done
