"""Workspaces: the tenants, each live or a sandbox, and the test clock of a sandbox."""

from __future__ import annotations

import msgspec
from asyncpg import Connection, Record

from perennial.units import Instant


class WorkspaceRow(msgspec.Struct, frozen=True):
    """One row of ``workspaces``. ``clock_at`` is the business time of a sandbox whose clock was set."""

    workspace_id: int
    code: str
    name: str
    sandbox: bool
    bucket_base: int
    bucket_count: int
    revision: int
    clock_at: Instant | None
    created_at: Instant

    @property
    def buckets(self) -> range:
        """The buckets that are the workspace's own."""
        return range(self.bucket_base, self.bucket_base + self.bucket_count)

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last of its buckets, between which a statement looks for its rows."""
        return self.bucket_base, self.bucket_base + self.bucket_count - 1


COLUMNS = "workspace_id, code, name, sandbox, bucket_base, bucket_count, revision, clock_at, created_at"

_READ_WORKSPACE = f"select {COLUMNS} from workspaces where workspace_id = $1"

_FIND_WORKSPACE = f"select {COLUMNS} from workspaces where code = $1"

_LIST_WORKSPACES = f"select {COLUMNS} from workspaces order by workspace_id"

# The number and the buckets follow those of all workspaces so far. Two that are created at the same
# moment get the same number, and the primary key refuses the second.
_INSERT_WORKSPACE = f"""
insert into workspaces (workspace_id, code, name, sandbox, bucket_base, bucket_count, created_at)
select coalesce(max(workspace_id), 0) + 1, $1, $2, $3, coalesce(max(bucket_base + bucket_count), 1), $4, $5
from workspaces
returning {COLUMNS}
"""

_ADVANCE_CLOCK = f"""
update workspaces set clock_at = $2
where workspace_id = $1 and sandbox and (clock_at is null or clock_at < $2)
returning {COLUMNS}
"""


def workspace_row(record: Record) -> WorkspaceRow:
    """Return the row of a record that begins with the columns of a workspace."""
    return WorkspaceRow(*record[:9])


async def read_workspace(conn: Connection, workspace_id: int) -> WorkspaceRow:
    """Return the workspace with this number; raise ``LookupError`` if there is none."""
    record = await conn.fetchrow(_READ_WORKSPACE, workspace_id)
    if record is None:
        raise LookupError(f"there is no workspace {workspace_id}")
    return workspace_row(record)


async def find_workspace(conn: Connection, code: str) -> WorkspaceRow | None:
    """Return the workspace with this code, or None."""
    record = await conn.fetchrow(_FIND_WORKSPACE, code)
    return workspace_row(record) if record else None


async def list_workspaces(conn: Connection) -> list[WorkspaceRow]:
    """Return all workspaces, oldest first."""
    return [workspace_row(record) for record in await conn.fetch(_LIST_WORKSPACES)]


async def insert_workspace(
    conn: Connection, *, code: str, name: str, sandbox: bool, buckets: int, at: Instant
) -> WorkspaceRow:
    """Create a workspace with ``buckets`` buckets of its own, behind those of all others.

    Raises ``asyncpg.UniqueViolationError`` when the code is taken, or when another workspace was
    created at the same moment.
    """
    record = await conn.fetchrow(_INSERT_WORKSPACE, code, name, sandbox, buckets, at)
    assert record is not None, "an insert that returns its row"
    return workspace_row(record)


async def advance_clock(conn: Connection, workspace_id: int, at: Instant) -> WorkspaceRow | None:
    """Move the clock of a sandbox forward to ``at``; return None if that is not forward."""
    record = await conn.fetchrow(_ADVANCE_CLOCK, workspace_id, at)
    return workspace_row(record) if record else None
