"""Reading how far a workspace is on its way to a running program."""

from __future__ import annotations

from perennial.reports.launch import Launch, read_launch
from perennial.store.database import Database
from perennial.store.workspaces import read_workspace


async def read_workspace_launch(database: Database, workspace_id: int) -> Launch:
    """Return whether there is a first of everything that a launch takes."""
    async with database.snapshot(workspace_id) as conn:
        row = await read_workspace(conn, workspace_id)
        buckets = row.span
        return await read_launch(conn, workspace_id, buckets)
