"""The test clock of a sandbox: business time that moves forward only when it is told to."""

from __future__ import annotations

from perennial.flows.checkout.expire_holds import expire_holds
from perennial.flows.claims.take_turns import take_turns
from perennial.flows.handle_events import Handler
from perennial.flows.problems import field_problem, problem
from perennial.flows.programs.planned_versions import publish_due_plans
from perennial.flows.referring.settle_referrals import settle_referrals
from perennial.flows.run_timers import run_due_timers
from perennial.store.workspaces import WorkspaceRow, advance_clock, read_workspace
from perennial.units import Instant, format_instant


async def advance_sandbox_clock(handler: Handler, workspace_id: int, to: Instant) -> WorkspaceRow:
    """Move the clock to ``to`` and run everything that became due on the way.

    Raises a problem for a live workspace and for a move that is not forward. The clock moves first:
    if the process dies while timers run, the job worker runs the rest. Versions that were planned are
    published before the timers run, which go by the version of their own instant.
    """
    async with handler.database.transaction(workspace_id) as conn:
        row = await read_workspace(conn, workspace_id)
        if not row.sandbox:
            raise problem(409, "not_a_sandbox", "Only a sandbox has a clock that can be set.")
        if row.clock_at == to:
            return row
        moved = await advance_clock(conn, workspace_id, to)
        if moved is None:
            now = format_instant(row.clock_at) if row.clock_at is not None else "unset"
            raise field_problem("$.advance_to", "clock_backward", f"the clock stands at {now}")
    await publish_due_plans(handler.database, workspace_id, to, handler.codebook)
    for bucket in row.buckets:
        await run_due_timers(handler, workspace_id, bucket, to)
        await expire_holds(handler, workspace_id, bucket, to)
    for bucket in row.buckets:
        await settle_referrals(handler, workspace_id, bucket, to)
    await take_turns(handler, workspace_id)
    return moved
