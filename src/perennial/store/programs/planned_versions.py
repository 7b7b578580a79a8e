"""Plans to publish a draft at an instant: at most one of a program waits, and it ends once.

Whoever writes here holds the lock of the configuration, so that two workers at the same instant come one
after the other; the second finds that the plan does not wait any more.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection, Record

from perennial.units import Instant


class PlannedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One plan. ``publish_at`` is business time, other instants are wall time; ``digest`` is the program's.

    ``agreed`` says that a second person wants it too. ``problem`` says in JSON why nothing was published.
    """

    plan_id: UUID
    program_id: int
    publish_at: Instant
    digest: bytes
    actor: str
    agreed: bool
    despite_cases: bool
    note: str
    planned_at: Instant
    state: str = "waiting"
    ended_at: Instant | None = None
    ended_by: str | None = None
    version: int | None = None
    problem: bytes | None = None


_COLUMNS = """plan_id, program_id, publish_at, digest, actor, agreed, despite_cases, note, planned_at, state,
    ended_at, ended_by, version, problem"""

# A plan that waits is changed in place: the audit log tells what it was before.
_PUT_PLAN = """
insert into planned_versions (workspace_id, plan_id, program_id, publish_at, digest, actor, agreed,
    despite_cases, note, planned_at, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting')
on conflict (workspace_id, program_id) where state = 'waiting' do update set
    publish_at = excluded.publish_at, digest = excluded.digest, actor = excluded.actor,
    agreed = excluded.agreed, despite_cases = excluded.despite_cases, note = excluded.note,
    planned_at = excluded.planned_at
"""

_WAITING_PLAN = f"""
select {_COLUMNS} from planned_versions
where workspace_id = $1 and program_id = $2 and state = 'waiting'
"""

_LIST_PLANS = f"""
select {_COLUMNS} from planned_versions
where workspace_id = $1 and program_id = $2
order by state = 'waiting' desc, planned_at desc, plan_id desc
limit $3
"""

_PLANNED_AT = """
select version, planned_at from planned_versions
where workspace_id = $1 and program_id = $2 and state = 'published'
"""

_DUE_PLANS = f"""
select {_COLUMNS} from planned_versions
where workspace_id = $1 and state = 'waiting' and publish_at <= $2
order by publish_at, program_id
"""

# Only what waits can end: of two who end it the second changes nothing.
_END_PLAN = f"""
update planned_versions
set state = $3, ended_at = $4, ended_by = $5, version = $6, problem = $7
where workspace_id = $1 and plan_id = $2 and state = 'waiting'
returning {_COLUMNS}
"""

_OVERTAKE_PLANS = """
update planned_versions set state = 'overtaken', ended_at = $3, ended_by = $4
where workspace_id = $1 and program_id = $2 and state = 'waiting'
"""

_WORKSPACES_WITH_DUE_PLANS = """
select distinct planned_versions.workspace_id
from planned_versions join workspaces using (workspace_id)
where state = 'waiting' and publish_at <= coalesce(workspaces.clock_at, $1)
"""


def _row(record: Record | None) -> PlannedRow | None:
    return None if record is None else PlannedRow(**dict(record))


async def put_plan(conn: Connection, workspace_id: int, row: PlannedRow) -> None:
    """Let a program's plan be this one, whether one waits already or not."""
    await conn.execute(
        _PUT_PLAN,
        workspace_id,
        row.plan_id,
        row.program_id,
        row.publish_at,
        row.digest,
        row.actor,
        row.agreed,
        row.despite_cases,
        row.note,
        row.planned_at,
    )


async def waiting_plan(conn: Connection, workspace_id: int, program_id: int) -> PlannedRow | None:
    """Return the plan of a program that waits, or None."""
    return _row(await conn.fetchrow(_WAITING_PLAN, workspace_id, program_id))


async def list_plans(conn: Connection, workspace_id: int, program_id: int, limit: int) -> list[PlannedRow]:
    """Return the plans of a program: the one that waits, then the latest first."""
    records = await conn.fetch(_LIST_PLANS, workspace_id, program_id, limit)
    return [PlannedRow(**dict(record)) for record in records]


async def planned_at(conn: Connection, workspace_id: int, program_id: int) -> dict[int, Instant]:
    """Return when each version of a program was planned, of those that were."""
    records = await conn.fetch(_PLANNED_AT, workspace_id, program_id)
    return {record["version"]: record["planned_at"] for record in records}


async def due_plans(conn: Connection, workspace_id: int, until: Instant) -> list[PlannedRow]:
    """Return the plans of a workspace that are due by ``until`` in business time, in their order."""
    records = await conn.fetch(_DUE_PLANS, workspace_id, until)
    return [PlannedRow(**dict(record)) for record in records]


async def end_plan(
    conn: Connection,
    workspace_id: int,
    plan_id: UUID,
    state: str,
    at: Instant,
    by: str,
    *,
    version: int | None = None,
    problem: bytes | None = None,
) -> PlannedRow | None:
    """End a plan that waits; None if it does not wait any more."""
    return _row(await conn.fetchrow(_END_PLAN, workspace_id, plan_id, state, at, by, version, problem))


async def overtake_plans(conn: Connection, workspace_id: int, program_id: int, at: Instant, by: str) -> None:
    """End the plan of a program that waits, because another version was published first."""
    await conn.execute(_OVERTAKE_PLANS, workspace_id, program_id, at, by)


async def workspaces_with_due_plans(conn: Connection, now: Instant) -> list[int]:
    """Return the workspaces in which a plan is due; for a connection of the dispatcher."""
    return [workspace_id for (workspace_id,) in await conn.fetch(_WORKSPACES_WITH_DUE_PLANS, now)]
