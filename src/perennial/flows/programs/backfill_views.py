"""How far versions are with what they do for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from perennial.flows.programs.catching_up import slices_of, wall_now
from perennial.flows.programs.checks import require_program
from perennial.store.database import Database
from perennial.store.programs.backfills import BackfillRow, BackfillState, SliceRow, SliceStep, list_backfills
from perennial.store.workspaces import read_workspace
from perennial.units import SECOND, Instant

GIVEN_UP_AFTER: Instant = 60 * SECOND
"""Nothing is prepared any more by a process of which nothing was heard for so long."""

_ALL_IDS = 2**128


class Progress(msgspec.Struct, frozen=True):
    """How far one version is: ``percent`` of what there is to do in its present state.

    ``given_up`` says that the process that prepared it has ended, and that it was not published.
    """

    row: BackfillRow
    slices: tuple[SliceRow, ...]
    percent: int
    given_up: bool


async def progress_of(database: Database, workspace_id: int, code: str, limit: int) -> list[Progress]:
    """Return how far the versions of a program are, the latest first; 404 for no program."""
    async with database.snapshot(workspace_id) as conn:
        program = await require_program(conn, workspace_id, code)
        workspace = await read_workspace(conn, workspace_id)
        rows = await list_backfills(conn, workspace_id, program.program_id, limit)
        return [_progress(row, await slices_of(conn, workspace, row.backfill_id)) for row in rows]


def _progress(row: BackfillRow, slices: Sequence[SliceRow]) -> Progress:
    gone = row.state is BackfillState.PREPARING and row.seen_at + GIVEN_UP_AFTER < wall_now()
    return Progress(row, tuple(slices), percent(row, slices), gone)


def percent(row: BackfillRow, slices: Sequence[SliceRow]) -> int:
    """Return how much of the present state is done, from 0 to 100.

    Ids of customers are spread evenly, so the cursor tells how many of a bucket are behind it.
    """
    if row.state is BackfillState.DONE:
        return 100
    if row.state is BackfillState.WAITING or not slices:
        return 0
    first = SliceStep.COUNTING if row.state is BackfillState.PREPARING else SliceStep.RECOUNTING
    last = SliceStep.RECOUNTING if row.state is BackfillState.PREPARING else SliceStep.DONE
    steps = last - first
    done = sum(_behind(each, first, last) for each in slices)
    return done * 100 // (_ALL_IDS * steps * len(slices))


def _behind(found: SliceRow, first: SliceStep, last: SliceStep) -> int:
    """Return what part of a bucket's steps is done, in ids."""
    if found.step >= last:
        return _ALL_IDS * (last - first)
    return _ALL_IDS * (found.step - first) + (found.walked_to or UUID(int=0)).int
