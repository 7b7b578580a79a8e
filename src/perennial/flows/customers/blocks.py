"""Blocks: staff stops a customer from earning, from spending, or from both, and lets them go on again.

The block is written to the row that every decision about the customer locks first. So whatever is decided
after it knows of it, and the block waits for what is being decided: nothing comes in between.
"""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

from perennial.core.customers.blocks import Block
from perennial.flows.configuration import Workspace
from perennial.flows.handle_events import Handler
from perennial.flows.merged import customer_gone
from perennial.flows.problems import field_problem, problem
from perennial.flows.reading import BlockView, block_view
from perennial.flows.staff.keys import Key
from perennial.flows.staff.records import note
from perennial.flows.staff.sessions import now_of
from perennial.store.customers.blocks import BlockRow, lift_block, put_block, read_block
from perennial.store.customers.customers import lock_customers
from perennial.units import bucket_of, named_id


async def block_customer(
    handler: Handler, caller: Key, customer: str, reason: str, *, earning: bool, spending: bool
) -> BlockView:
    """Block a customer and return the block; what is blocked so already stays as it is.

    Raises the 404, the 410 of an erased customer, or the 422 if nothing is to be blocked.
    """
    blocked = (Block.EARNING if earning else 0) | (Block.SPENDING if spending else 0)
    if not blocked:
        raise field_problem("$.earning", "nothing_blocked", "block earning, spending, or both")
    async with handler.database.transaction(caller.workspace_id) as conn:
        bucket, customer_id = await _locked(conn, handler, caller.workspace_id, customer)
        before = await read_block(conn, caller.workspace_id, bucket, customer_id)
        if before is not None and (before.blocked, before.reason) == (blocked, reason):
            return block_view(before)
        row = BlockRow(blocked, now_of(), caller.actor, reason)
        await put_block(conn, caller.workspace_id, bucket, customer_id, row)
        await note(
            conn,
            caller.workspace_id,
            caller.actor,
            "customer.blocked",
            f"customer/{customer_id}",
            before=_told(before),
            after=_told(row),
        )
    return block_view(row)


async def unblock_customer(handler: Handler, caller: Key, customer: str) -> None:
    """Let a customer do everything again, from the very next decision on; without a block nothing changes.

    What was not given meanwhile is not made up for.
    """
    async with handler.database.transaction(caller.workspace_id) as conn:
        bucket, customer_id = await _locked(conn, handler, caller.workspace_id, customer)
        before = await read_block(conn, caller.workspace_id, bucket, customer_id)
        if before is None:
            return
        await lift_block(conn, caller.workspace_id, bucket, customer_id)
        await note(
            conn,
            caller.workspace_id,
            caller.actor,
            "customer.unblocked",
            f"customer/{customer_id}",
            before=_told(before),
        )


def _told(row: BlockRow | None) -> dict[str, bool] | None:
    """Return what the audit log keeps of a block; the reason tells of a person, and goes with them."""
    if row is None:
        return None
    return {"earning": bool(row.blocked & Block.EARNING), "spending": bool(row.blocked & Block.SPENDING)}


async def _locked(conn: Connection, handler: Handler, workspace_id: int, customer: str) -> tuple[int, UUID]:
    workspace: Workspace = await handler.configurations.recent(conn, workspace_id)
    bucket = bucket_of(customer, workspace.row.bucket_base, workspace.row.bucket_count)
    customer_id = named_id(workspace_id, "customer", customer)
    row = (await lock_customers(conn, workspace_id, bucket, [customer_id])).get(customer_id)
    if row is None:
        raise problem(404, "customer_unknown", f"There is no customer {customer!r}.")
    if row.erased_at is not None:
        raise await customer_gone(conn, workspace_id, (bucket, customer_id))
    return bucket, customer_id
