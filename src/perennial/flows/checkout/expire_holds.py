"""Holds whose time is over give back what they reserved, through the same batches as everything else."""

from __future__ import annotations

from perennial.flows.commands import ExpireHold
from perennial.flows.handle_events import Handler
from perennial.store.codes.redemptions import due_holds
from perennial.units import Instant

HOLDS_PER_BATCH = 250


async def expire_holds(handler: Handler, workspace_id: int, bucket: int, until: Instant) -> int:
    """Release every hold of the bucket that ended at or before ``until``; return how many.

    One that was redeemed or released meanwhile is left alone by the batch, which looks again under its
    lock. Holds that fail stay due for the next time.
    """
    released = 0
    while True:
        async with handler.database.transaction(workspace_id) as conn:
            due = await due_holds(conn, workspace_id, bucket, until, HOLDS_PER_BATCH)
        if not due:
            return released
        commands = [
            ExpireHold(customer_id=customer_id.hex, redemption_id=redemption_id.hex, bucket=bucket, at=until)
            for customer_id, redemption_id in due
        ]
        answers = await handler.handle_batch(workspace_id, bucket, commands)
        done = sum(answer.status < 400 and not answer.replayed for answer in answers)
        if not done:
            return released
        released += done
