"""Static segments: a list of customers that is put in, row by row, each with its own answer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from perennial.flows.commands import MoveInSegment
from perennial.flows.configuration import business_now
from perennial.flows.handle_events import Handler
from perennial.flows.problems import problem
from perennial.flows.programs.backfill import wait_for_stragglers
from perennial.flows.segments.fill import AT_ONCE
from perennial.flows.segments.views import find_segment
from perennial.store.segments import FIRST_IN_SEGMENT, PlaceInSegment, list_segment_members
from perennial.units import Instant, bucket_of, named_id


class ListedRow(msgspec.Struct, frozen=True):
    """A row of an imported list: its number, from 1, and the customer whom it names, or what is wrong."""

    row: int
    customer: str | None
    error: str | None = None


class RowError(msgspec.Struct, frozen=True):
    """A row that could not be taken, and why."""

    row: int
    code: str
    message: str


class ImportResult(msgspec.Struct, frozen=True):
    """What an import did: how many entered, were inside already, and (where the list replaces) left."""

    entered: int
    already: int
    left: int
    errors: tuple[RowError, ...]


async def import_list(
    handler: Handler, workspace_id: int, code: str, rows: Sequence[ListedRow], *, replaces: bool
) -> ImportResult:
    """Let the customers of a list into a static segment; with ``replaces`` everybody else leaves.

    A row that is wrong is told, and leaves the others alone; sent again, nothing happens twice. Raises a
    404 for an unknown segment, a 409 for a live one.
    """
    async with handler.database.transaction(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        segment = await find_segment(conn, workspace_id, code)
    if segment.segment.live:
        raise problem(409, "segment_live", f"Segment {code} follows from its condition.")
    await wait_for_stragglers(handler.database, workspace_id)
    errors = [RowError(each.row, each.error, "names no customer") for each in rows if each.error is not None]
    wanted: dict[str, int] = {}
    for each in rows:
        if each.customer is not None and each.error is None:
            wanted.setdefault(each.customer, each.row)
    by_bucket: dict[int, list[str]] = {}
    for name in wanted:
        bucket = bucket_of(name, workspace.row.bucket_base, workspace.row.bucket_count)
        by_bucket.setdefault(bucket, []).append(name)
    counts = {"entered": 0, "already": 0, "left": 0}
    now = business_now(workspace)
    for bucket, names in sorted(by_bucket.items()):
        for start in range(0, len(names), AT_ONCE):
            part = names[start : start + AT_ONCE]
            ids = [named_id(workspace_id, "customer", name).hex for name in part]
            commands = [_move(each, bucket, code, True, now) for each in ids]
            answers = await handler.handle_batch(workspace_id, bucket, commands)
            for name, answer in zip(part, answers, strict=True):
                if answer.status < 400:
                    counts["entered" if answer.status == 201 else "already"] += 1
                else:
                    words = f"there is no customer {name!r}"
                    errors.append(RowError(wanted[name], "customer_unknown", words))
    if replaces:
        keep = {named_id(workspace_id, "customer", name) for name in wanted}
        for bucket in workspace.row.buckets:
            counts["left"] += await _leave(handler, workspace_id, bucket, code, segment.segment_id, keep, now)
    return ImportResult(**counts, errors=tuple(sorted(errors, key=lambda error: error.row)))


async def _leave(
    handler: Handler,
    workspace_id: int,
    bucket: int,
    code: str,
    segment_id: int,
    keep: set[UUID],
    now: Instant,
) -> int:
    left, last = 0, FIRST_IN_SEGMENT
    while True:
        async with handler.database.snapshot(workspace_id) as conn:
            part = await list_segment_members(conn, workspace_id, bucket, segment_id, last, AT_ONCE)
        if not part:
            return left
        going = [each for each, _, _ in part if each not in keep]
        commands = [_move(each.hex, bucket, code, False, now) for each in going]
        if commands:
            answers = await handler.handle_batch(workspace_id, bucket, commands)
            left += sum(answer.status == 201 for answer in answers)
        customer_id, _, entered_at = part[-1]
        last = PlaceInSegment(entered_at, customer_id)


def _move(customer_id: str, bucket: int, code: str, entered: bool, at: Instant) -> MoveInSegment:
    return MoveInSegment(customer_id=customer_id, bucket=bucket, segment=code, entered=entered, at=at)
