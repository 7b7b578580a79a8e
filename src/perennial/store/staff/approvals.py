"""Approvals: what somebody has asked for and somebody else has to want too."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.units import Instant


class ApprovalRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``approvals``. ``body`` is what is done once it is approved, ``summary`` what people read.

    ``state`` goes from ``requested`` to ``rejected``, or to ``approved`` and then ``done`` or ``failed``.
    """

    approval_id: UUID
    kind: str
    object: str
    body: bytes
    summary: bytes
    requested_by: UUID
    requested_actor: str
    requested_at: Instant
    state: str = "requested"
    decided_by: UUID | None = None
    decided_actor: str | None = None
    decided_at: Instant | None = None
    reason: str | None = None
    answer: bytes | None = None


class ApprovalCursor(msgspec.Struct, frozen=True, array_like=True):
    """The last request of a page: the next page has those that came before it."""

    at: Instant
    approval_id: UUID


_COLUMNS = """approval_id, kind, object, body, summary, requested_by, requested_actor, requested_at, state,
    decided_by, decided_actor, decided_at, reason, answer"""

_INSERT_APPROVAL = """
insert into approvals (workspace_id, approval_id, kind, object, body, summary, requested_by, requested_actor,
    requested_at, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'requested')
on conflict (workspace_id, approval_id) do nothing
returning approval_id
"""

_READ_APPROVAL = f"select {_COLUMNS} from approvals where workspace_id = $1 and approval_id = $2"

# Of many who decide at one moment the first is the one: the state that it leaves is compared by the others.
_DECIDE_APPROVAL = f"""
update approvals
set state = $3, decided_by = $4, decided_actor = $5, decided_at = $6, reason = $7
where workspace_id = $1 and approval_id = $2 and state = 'requested' and requested_by <> $4
returning {_COLUMNS}
"""

_FINISH_APPROVAL = f"""
update approvals set state = $3, answer = $4
where workspace_id = $1 and approval_id = $2 and state = 'approved'
returning {_COLUMNS}
"""

_LIST_APPROVALS = f"""
select {_COLUMNS} from approvals
where workspace_id = $1 and ($2 = '' or state = $2)
    and ($4::timestamptz is null or (requested_at, approval_id) < ($4, $5::uuid))
order by requested_at desc, approval_id desc
limit $3
"""

_ERASE_APPROVALS = """
update approvals set body = '', summary = '{}', answer = null
where workspace_id = $1
    and (summary ->> 'customer' = $2 or summary ->> 'into' = $2 or summary ->> 'identifier' = any($3::text[]))
"""


def _row(record: Record | None) -> ApprovalRow | None:
    return None if record is None else ApprovalRow(**dict(record))


async def insert_approval(conn: Connection, workspace_id: int, row: ApprovalRow) -> bool:
    """Keep what is asked for; False if it was asked for before."""
    inserted = await conn.fetchval(
        _INSERT_APPROVAL,
        workspace_id,
        row.approval_id,
        row.kind,
        row.object,
        row.body,
        row.summary,
        row.requested_by,
        row.requested_actor,
        row.requested_at,
    )
    return inserted is not None


async def read_approval(conn: Connection, workspace_id: int, approval_id: UUID) -> ApprovalRow | None:
    """Return what was asked for, or None."""
    return _row(await conn.fetchrow(_READ_APPROVAL, workspace_id, approval_id))


async def decide_approval(
    conn: Connection,
    workspace_id: int,
    approval_id: UUID,
    state: str,
    decided_by: UUID,
    actor: str,
    at: Instant,
    reason: str | None,
) -> ApprovalRow | None:
    """Approve or reject, for one caller only and never the one who asked; None if that was not to be."""
    return _row(
        await conn.fetchrow(_DECIDE_APPROVAL, workspace_id, approval_id, state, decided_by, actor, at, reason)
    )


async def finish_approval(
    conn: Connection, workspace_id: int, approval_id: UUID, state: str, answer: bytes
) -> ApprovalRow | None:
    """Note what came of something approved; None if that is noted already."""
    return _row(await conn.fetchrow(_FINISH_APPROVAL, workspace_id, approval_id, state, answer))


async def list_approvals(
    conn: Connection, workspace_id: int, state: str, begin: ApprovalCursor | None, limit: int
) -> list[ApprovalRow]:
    """Return what was asked for before ``begin``, the latest first; of one state if it is named."""
    at, approval_id = (None, None) if begin is None else (begin.at, begin.approval_id)
    records = await conn.fetch(_LIST_APPROVALS, workspace_id, state, limit, at, approval_id)
    found = [_row(record) for record in records]
    return [row for row in found if row is not None]


async def erase_approvals(conn: Connection, workspace_id: int, customer: str, identifiers: list[str]) -> None:
    """Blank what was asked for a customer, who is named by id or by an identifier (``type:value``)."""
    await conn.execute(_ERASE_APPROVALS, workspace_id, customer, identifiers)
