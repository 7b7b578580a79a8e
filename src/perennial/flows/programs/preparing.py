"""What has to be counted before a version or a segment is there, and what it leaves to do when it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec
from asyncpg import Connection

from perennial.core.compiling.compile import compile_version
from perennial.core.document.program import Program, unit_codes
from perennial.core.segments.compile_segments import BasedOn, Kept, SegmentSet, based_on, compile_segments
from perennial.core.segments.segment import Segment
from perennial.core.validation.validation import validate
from perennial.core.version import Version
from perennial.flows.configuration import in_order, kept_of
from perennial.flows.ids import Ids
from perennial.flows.programs.backfill import Asked, latest_versions, metrics_to_backfill
from perennial.flows.programs.catching_up import CLOCKS_DIFFER, Walk, id_at, wall_now
from perennial.flows.programs.checks import conflicts_of, surrounded
from perennial.store.database import Database
from perennial.store.programs.backfills import (
    BackfillRow,
    BackfillState,
    SliceStep,
    follow_version,
    insert_backfill,
)
from perennial.store.programs.programs import (
    assign_units,
    find_program,
    has_customers,
    insert_program,
    list_versions,
    load_versions,
    lock_configuration,
)
from perennial.store.segments import SegmentRow, list_segments
from perennial.store.workspaces import WorkspaceRow, read_workspace
from perennial.units import Instant

_ids = Ids()


class Removal(msgspec.Struct, frozen=True):
    """A segment that is to be gone: others may find their figures elsewhere then."""

    code: str


New: TypeAlias = Program | Segment | Removal
"""What is about to be published."""


class Prepared(msgspec.Struct, frozen=True):
    """What was counted for what is not there yet, under a revision of the configuration.

    ``walk`` is None where it asks for nothing that nobody has counted so far.
    """

    revision: int
    asked: tuple[Asked, ...] = ()
    walk: Walk | None = None

    @property
    def metrics(self) -> frozenset[int]:
        """The numbers of the metrics that were counted."""
        return _numbers(self.asked)


async def prepare(database: Database, workspace_id: int, new: New) -> Prepared:
    """Count for everybody what ``new`` will ask for, and nobody has counted so far.

    Where nobody is known yet there is nobody to count, but whoever comes meanwhile is counted after it.
    """
    async with database.transaction(workspace_id) as conn:
        await lock_configuration(conn, workspace_id)
        workspace, now = await read_workspace(conn, workspace_id), wall_now()
        asked = await _uncounted(conn, workspace, new)
        if not asked:
            return Prepared(workspace.revision)
        counts = await has_customers(conn, workspace)
        row = BackfillRow(
            backfill_id=_ids.next(),
            program_id=asked[0][0].program_id if isinstance(new, Program) else None,
            version=None,
            metrics=sorted(_numbers(asked)),
            since=id_at(now - CLOCKS_DIFFER),
            state=BackfillState.PREPARING,
            started_at=now,
            seen_at=now,
        )
        first = SliceStep.COUNTING if counts else SliceStep.RECOUNTING
        await insert_backfill(conn, workspace_id, row, workspace.span, first)
    walk = Walk(database, workspace, row.backfill_id, asked)
    if counts:
        await walk.count_everybody()
    return Prepared(workspace.revision, tuple(asked), walk)


async def is_stale(conn: Connection, workspace_id: int, prepared: Prepared, new: New) -> bool:
    """Whether ``new`` asks for more than was prepared, because something else was published meanwhile.

    ``conn`` holds the lock of the configuration.
    """
    workspace = await read_workspace(conn, workspace_id)
    if workspace.revision == prepared.revision:
        return False
    return not _numbers(await _uncounted(conn, workspace, new)) <= prepared.metrics


async def follow(
    database: Database,
    conn: Connection,
    workspace_id: int,
    prepared: Prepared,
    written: tuple[int, int] | None,
    arms_at: Instant | None = None,
) -> Walk | None:
    """Note what is left to do, in the transaction that writes it; None if that is nothing.

    ``written`` is the number of the program and that of its version (None: it is a segment), ``arms_at`` the
    instant in business time at which all timers are to be due, if the version may have moved any.
    """
    walk, now = prepared.walk, wall_now()
    program_id, version = written or (None, None)
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


async def _uncounted(conn: Connection, workspace: WorkspaceRow, new: New) -> list[Asked]:
    """Return what must be counted before ``new`` is there: what asks, compiled, and its new metrics."""
    if isinstance(new, Program):
        return await _uncounted_of_program(conn, workspace, new)
    rows = await list_segments(conn, workspace.workspace_id)
    live = latest_versions(await load_versions(conn, workspace.workspace_id))
    bases = in_order(based_on(each) for each in live.values())
    counting = [*live.values(), *compile_segments([kept_of(row) for row in rows], bases).versions]
    return _new_metrics(counting, segments_after(rows, new, bases).versions)


def segments_after(
    rows: Iterable[SegmentRow], new: Segment | Removal, bases: Sequence[BasedOn]
) -> SegmentSet:
    """Compile the segments as they are once one of them is new, changed or gone."""
    code = new.segment if isinstance(new, Segment) else new.code
    kept = [kept_of(row) for row in rows if row.code != code]
    if isinstance(new, Segment):
        kept.append(Kept(new, 0, 0, filled=False))
    return compile_segments(kept, bases)


async def _uncounted_of_program(conn: Connection, workspace: WorkspaceRow, program: Program) -> list[Asked]:
    """Segments that read it may count by it anew as well, if its zone is another one.

    Nothing for a program that has problems and will not be published.
    """
    ws = workspace.workspace_id
    row = await find_program(conn, ws, program.program)
    versions = await list_versions(conn, ws, row.program_id) if row else []
    whole = await surrounded(conn, ws, program)
    if validate(whole) or await conflicts_of(conn, ws, row, program, versions):
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
    return _new_metrics(counting, asking)


def _new_metrics(counting: Iterable[Version], asking: Iterable[Version]) -> list[Asked]:
    known = list(counting)
    found = [(each, metrics_to_backfill(known, each)) for each in asking]
    return [(each, metrics) for each, metrics in found if metrics]


def _numbers(asked: tuple[Asked, ...] | list[Asked]) -> frozenset[int]:
    return frozenset(metric for _, metrics in asked for metric in metrics)
