"""How far a workspace is on its way to a running program: the first of each thing that has to be there."""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.ledger.account import Account

# The bucket is the first column of their keys: without it the rows of all workspaces would be walked.
_READ_LAUNCH = """
select
    exists (select from programs where workspace_id = $1),
    exists (select from program_versions where workspace_id = $1),
    exists (select from api_keys where workspace_id = $1 and revoked_at is null),
    exists (select from memberships where bucket between $2 and $3 and workspace_id = $1),
    exists (select from orders where bucket between $2 and $3 and workspace_id = $1),
    exists (
        select from postings
        where bucket between $2 and $3 and workspace_id = $1 and debit = $4 and credit = $5
    )
"""


class Launch(msgspec.Struct, frozen=True):
    """Whether there is a first program, version, key that is good, member, order, and award of points."""

    program: bool
    published: bool
    key: bool
    member: bool
    order: bool
    points: bool


async def read_launch(conn: Connection, workspace_id: int, buckets: tuple[int, int]) -> Launch:
    """Return how far the workspace is, by its first and last bucket; the transaction must be set to it."""
    row = await conn.fetchrow(_READ_LAUNCH, workspace_id, *buckets, Account.ISSUED, Account.WALLET)
    assert row is not None, "a row without a table is always there"
    return Launch(*row)
