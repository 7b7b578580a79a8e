"""Workspaces are created and listed; the clock of a sandbox is read."""

from __future__ import annotations

import re
import time

import asyncpg

from perennial.flows.problems import field_problem, problem
from perennial.store.database import Database
from perennial.store.workspaces import (
    WorkspaceRow,
    find_workspace,
    insert_workspace,
    list_workspaces,
    read_workspace,
)
from perennial.units import Instant

MAX_BUCKETS = 1_024

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
_TRIES = 5


async def create_workspace(
    database: Database, code: str, name: str, *, sandbox: bool, buckets: int = 1
) -> WorkspaceRow:
    """Create a workspace whose customers are spread over ``buckets`` (1 to 1,024; never changed).

    Raises a problem if the code is taken or not a short name in lower case.
    """
    if _CODE.match(code) is None:
        raise field_problem("$.code", "invalid_format", "is a short name in lower case")
    if not 1 <= len(name) <= 200:
        raise field_problem("$.name", "too_long", "has 1 to 200 characters")
    if not 1 <= buckets <= MAX_BUCKETS:
        raise field_problem("$.buckets", "out_of_range", f"is between 1 and {MAX_BUCKETS}")
    for _ in range(_TRIES):
        try:
            async with database.unbound() as conn:
                return await insert_workspace(
                    conn, code=code, name=name, sandbox=sandbox, buckets=buckets, at=_wall_now()
                )
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name == "workspaces_code_key":
                raise problem(409, "workspace_exists", f"There is a workspace {code!r} already.") from None
    raise problem(409, "workspace_race", "Too many workspaces are being created at this moment.")


async def all_workspaces(database: Database) -> list[WorkspaceRow]:
    """Return all workspaces, oldest first."""
    async with database.unbound() as conn:
        return await list_workspaces(conn)


async def require_workspace(database: Database, code: str) -> WorkspaceRow:
    """Return the workspace with this code or raise the 404."""
    async with database.unbound() as conn:
        row = await find_workspace(conn, code)
    if row is None:
        raise problem(404, "workspace_unknown", f"There is no workspace {code!r}.")
    return row


async def sandbox_clock(database: Database, workspace_id: int) -> Instant:
    """Return the business time of a sandbox; raise a problem in a live workspace."""
    async with database.unbound() as conn:
        row = await read_workspace(conn, workspace_id)
    if not row.sandbox:
        raise problem(409, "not_a_sandbox", "Only a sandbox has a clock that can be set.")
    return row.clock_at if row.clock_at is not None else _wall_now()


def _wall_now() -> Instant:
    return time.time_ns() // 1_000
