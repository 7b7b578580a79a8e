"""What came free goes to whoever waits for it, the first in line first.

The worker looks for it, and the test clock does. What runs twice, or at once, gives nothing twice: see
``flows/handling/handle_turn.py``.
"""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

from perennial.core.document.waiting_list import ASKED_AGAIN_AFTER
from perennial.core.today import today_of
from perennial.flows.commands import TakeTurn
from perennial.flows.configuration import Workspace, business_now
from perennial.flows.handle_events import Handler
from perennial.store.budgets import BudgetKey, read_budgets
from perennial.store.codes.waits import Line, Next, count_lines, find_next
from perennial.units import Instant

ASKED_AT_ONCE = 100


async def take_turns(handler: Handler, workspace_id: int) -> int:
    """Give whatever is free to those who wait for it; return how many were served."""
    served, asked = 0, set[UUID]()
    while True:
        turns = [each for each in await _turns(handler, workspace_id) if each.wait_id not in asked]
        if not turns:
            return served
        # One after another: the first in line is served before the second one is asked.
        for turn in turns:
            command = TakeTurn(customer_id=turn.customer_id.hex, wait_id=turn.wait_id.hex, bucket=turn.bucket)
            [answer] = await handler.handle_batch(workspace_id, turn.bucket, [command])
            served += answer.status < 300
            asked.add(turn.wait_id)


async def _turns(handler: Handler, workspace_id: int) -> list[Next]:
    """Return whose turn it is: of every line as many as there is something free for."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        at, buckets = business_now(workspace), workspace.row.span
        turns = []
        for line in sorted(await count_lines(conn, workspace_id, buckets)):
            free = await _free(conn, workspace, line, at)
            if free > 0:
                turns += await find_next(conn, workspace_id, buckets, line, at - ASKED_AGAIN_AFTER, free)
    return turns


async def _free(conn: Connection, workspace: Workspace, line: Line, at: Instant) -> int:
    """Return how many of a reward are free; of what is not there (any more) nobody has to wait for one."""
    version = workspace.program_by_id(line[0]).version_at(at)
    compiled = None if version is None else version.rewards.get(line[1])
    if version is None or compiled is None or compiled.stock is None:
        return ASKED_AT_ONCE
    budget = version.budgets[compiled.stock.index]
    key = BudgetKey(budget.number, today_of(version, at).budgets[compiled.stock.index], budget.cap)
    spent = await read_budgets(conn, workspace.workspace_id, [key])
    return min(budget.cap - spent.get(key[:2], 0), ASKED_AT_ONCE)
