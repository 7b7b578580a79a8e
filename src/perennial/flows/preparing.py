"""What has to be counted before a version is published, and what a version that is written leaves to do."""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.core.compile import compile_version
from perennial.core.compile_segments import compile_segments
from perennial.core.program import Program, unit_codes
from perennial.core.validation import validate
from perennial.flows.backfill import Asked, latest_versions, metrics_to_backfill
from perennial.flows.catching_up import CLOCKS_DIFFER, Walk, id_at, wall_now
from perennial.flows.configuration import based_on, in_order, kept_of
from perennial.flows.ids import Ids
from perennial.flows.program_checks import conflicts_of, surrounded
from perennial.store.backfills import BackfillRow, BackfillState, SliceStep, follow_version, insert_backfill
from perennial.store.database import Database
from perennial.store.programs import (
    assign_units,
    find_program,
    has_customers,
    insert_program,
    list_versions,
    load_versions,
    lock_configuration,
)
from perennial.store.segments import list_segments
from perennial.store.workspaces import WorkspaceRow, read_workspace
from perennial.units import Instant

_ids = Ids()


class Prepared(msgspec.Struct, frozen=True):
    """What was counted for a version that is not there yet, under a revision of the configuration.

    ``walk`` is None where it asks for nothing that nobody has counted so far.
    """

    revision: int
    asked: tuple[Asked, ...] = ()
    walk: Walk | None = None


async def prepare(database: Database, workspace_id: int, program: Program) -> Prepared:
    """Count for everybody what ``program`` will ask for, and nobody has counted so far."""
    async with database.transaction(workspace_id) as conn:
        await lock_configuration(conn, workspace_id)
        workspace, now = await read_workspace(conn, workspace_id), wall_now()
        asked = await _uncounted(conn, workspace, program)
        if not asked:
            return Prepared(workspace.revision)
        row = BackfillRow(
            backfill_id=_ids.next(),
            program_id=asked[0][0].program_id,
            version=None,
            metrics=sorted(_numbers(asked)),
            since=id_at(now - CLOCKS_DIFFER),
            state=BackfillState.PREPARING,
            started_at=now,
            seen_at=now,
        )
        await insert_backfill(conn, workspace_id, row, workspace.span, SliceStep.COUNTING)
    walk = Walk(database, workspace, row.backfill_id, asked)
    await walk.count_everybody()
    return Prepared(workspace.revision, tuple(asked), walk)


async def is_stale(conn: Connection, workspace_id: int, prepared: Prepared, program: Program) -> bool:
    """Whether ``program`` asks for more than was prepared, because something else was published meanwhile.

    ``conn`` holds the lock of the configuration.
    """
    workspace = await read_workspace(conn, workspace_id)
    if workspace.revision == prepared.revision:
        return False
    return not _numbers(await _uncounted(conn, workspace, program)) <= _numbers(prepared.asked)


async def follow(
    database: Database,
    conn: Connection,
    workspace_id: int,
    prepared: Prepared,
    written: tuple[int, int],
    arms_at: Instant | None,
) -> Walk | None:
    """Note what is left to do for a version in the transaction that writes it; None if that is nothing.

    ``written`` is the number of the program and that of the version, ``arms_at`` the instant in business time
    at which all timers are to be due, if the version may have moved any.
    """
    walk, now = prepared.walk, wall_now()
    program_id, version = written
    if walk is not None:
        followed = await follow_version(conn, workspace_id, walk.backfill_id, version, arms_at, now)
        assert followed, "what one process prepares no other one publishes"
    elif arms_at is not None:
        workspace = await read_workspace(conn, workspace_id)
        row = BackfillRow(
            backfill_id=_ids.next(),
            program_id=program_id,
            version=version,
            metrics=[],
            since=id_at(now),
            arms_at=arms_at,
            state=BackfillState.WAITING,
            started_at=now,
            seen_at=now,
        )
        await insert_backfill(conn, workspace_id, row, workspace.span, SliceStep.ARMING)
        walk = Walk(database, workspace, row.backfill_id)
    if walk is not None:
        await walk.lease(conn)
    return walk


async def _uncounted(conn: Connection, workspace: WorkspaceRow, program: Program) -> list[Asked]:
    """Return what must be counted before ``program`` is published: itself compiled, and its new metrics.

    Segments that read it may count by it anew as well, if its zone is another one. Nothing for a program that
    has problems and will not be published, and nothing where nobody is known yet.
    """
    ws = workspace.workspace_id
    row = await find_program(conn, ws, program.program)
    versions = await list_versions(conn, ws, row.program_id) if row else []
    whole = await surrounded(conn, ws, program)
    if validate(whole) or await conflicts_of(conn, ws, row, program, versions):
        return []
    if not await has_customers(conn, workspace):
        return []
    row = row or await insert_program(conn, ws, program.program, wall_now())
    units = await assign_units(conn, ws, row.program_id, unit_codes(program))
    version = compile_version(whole, row.program_id, 0, 0, units)
    live = latest_versions(await load_versions(conn, ws))
    asking, counting = [version], list(live.values())
    if segments := [kept_of(each) for each in await list_segments(conn, ws)]:
        now = {number: based_on(each) for number, each in live.items()}
        before = compile_segments(segments, in_order(now.values()))
        after = compile_segments(segments, in_order({**now, row.program_id: based_on(version)}.values()))
        asking += after.versions
        counting += before.versions
    found = [(each, metrics_to_backfill(counting, each)) for each in asking]
    return [(each, metrics) for each, metrics in found if metrics]


def _numbers(asked: tuple[Asked, ...] | list[Asked]) -> frozenset[int]:
    return frozenset(metric for _, metrics in asked for metric in metrics)
