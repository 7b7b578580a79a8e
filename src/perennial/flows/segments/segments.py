"""The life of a segment: its document is put, everybody is judged by it, and it may go again.

A new definition counts from the very next event on; everybody else is judged right after, a slice at a
time under the customers' locks. Until that is done nobody's way in or out is an event, because who was
inside already does not enter. Who does it says :mod:`perennial.flows.segments.filling`.
"""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.core.conditions.check import segment_place
from perennial.core.conditions.flaws import Flaw, flaws_of
from perennial.core.facts import fact_table
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.segments.compile_segments import BasedOn, base_of
from perennial.core.segments.segment import MAX_SEGMENTS, Segment, check_segment, dependents, segments_asked
from perennial.flows.configuration import Configurations, Workspace, bases_of
from perennial.flows.handle_events import Handler
from perennial.flows.ids import Ids
from perennial.flows.problems import field_problem, problem
from perennial.flows.programs.life import Author
from perennial.flows.programs.preparing import Prepared, Removal, follow, is_stale, prepare, segments_after
from perennial.flows.segments.filling import Filling
from perennial.flows.segments.views import find_segment, segment_unknown
from perennial.store.programs.programs import lock_configuration, raise_revision
from perennial.store.segments import (
    SegmentRow,
    count_segment_members,
    delete_segment,
    list_segments,
    put_segment,
    set_filled,
    set_stale,
)
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry

_ids = Ids()


class SegmentState(msgspec.Struct, frozen=True):
    """A segment with how many customers are in it, and what is odd about a condition that was just put."""

    row: SegmentRow
    size: int
    warnings: tuple[Flaw, ...] = ()


async def segments_of(handler: Handler, workspace_id: int) -> list[SegmentState]:
    """Return the workspace's segments by their codes, with their sizes."""
    async with handler.database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
        first = workspace.row.bucket_base
        sizes = await count_segment_members(
            conn, workspace_id, (first, first + workspace.row.bucket_count - 1)
        )
        rows = await list_segments(conn, workspace_id)
    return [SegmentState(row, sizes.get(row.segment_id, 0)) for row in rows]


async def put(
    handler: Handler, workspace_id: int, segment: Segment, author: Author, language: Language = ENGLISH
) -> SegmentState:
    """Publish a segment's definition and judge everybody by it; an equal one changes nothing.

    The answer says ``filled`` unless a transaction is under way for so long that a worker does the rest, and
    what is odd about the condition, which is said in ``language``. Raises a 422 that names what is wrong
    with it, and a 404 if somebody removes it meanwhile.
    """
    database = handler.database
    while True:
        async with database.transaction(workspace_id) as conn:
            await _checked(conn, workspace_id, segment)
        prepared = await prepare(database, workspace_id, segment)
        async with database.transaction(workspace_id) as conn:
            await lock_configuration(conn, workspace_id)
            rows = await _checked(conn, workspace_id, segment)
            before = rows.get(segment.segment)
            if before is not None and before.deleted_at is None and before.segment == segment:
                walk = None
                break
            if await is_stale(conn, workspace_id, prepared, segment):
                continue
            others = await _finding_elsewhere(conn, workspace_id, segment, prepared)
            await set_stale(conn, workspace_id, others)
            await _write(conn, workspace_id, segment, rows, author)
            walk = await follow(database, conn, workspace_id, prepared, None)
            break
    if walk is None or await walk.finish():
        await Filling(handler, workspace_id).finish()
    async with database.snapshot(workspace_id) as conn:
        workspace = await handler.configurations.current(conn, workspace_id)
    state = await _state(handler, workspace_id, segment.segment)
    return msgspec.structs.replace(state, warnings=odd_about(workspace, segment, language))


async def _checked(conn: Connection, workspace_id: int, segment: Segment) -> dict[str, SegmentRow]:
    """Return all segments that ever were; raise a 422 that names what is wrong with the new one."""
    rows = await list_segments(conn, workspace_id, deleted=True)
    workspace = await Configurations().current(conn, workspace_id)
    check_document(workspace, segment, [row for row in rows if row.deleted_at is None])
    return {row.code: row for row in rows}


async def _write(
    conn: Connection, workspace_id: int, segment: Segment, rows: dict[str, SegmentRow], author: Author
) -> None:
    """Write a definition; whoever asks about it is to be filled anew as well."""
    before = rows.get(segment.segment)
    row = SegmentRow(
        segment_id=before.segment_id
        if before
        else max((row.segment_id for row in rows.values()), default=0) + 1,
        code=segment.segment,
        version=before.version + 1 if before else 1,
        filled=not segment.live,
        published_at=author.at,
        segment=segment,
    )
    after = {code: each for code, each in rows.items() if each.deleted_at is None} | {row.code: row}
    asking = dependents(segment.segment, [each.segment for each in after.values()])
    ids = [after[code].segment_id for code in asking if after[code].segment.live]
    await put_segment(conn, workspace_id, row, author.actor)
    await set_filled(conn, workspace_id, ids, filled=False)
    await _note(conn, workspace_id, author, "segment.published", row)


async def remove(handler: Handler, workspace_id: int, code: str, author: Author) -> None:
    """Let a segment be gone, and everybody out of it.

    Where a transaction is under way for so long that it may let somebody in yet, a worker does that. Raises
    a 404 for an unknown segment and a 409 while another one asks about it.
    """
    database, removal = handler.database, Removal(code)
    async with database.transaction(workspace_id) as conn:
        await _removable(conn, workspace_id, code)
    stale = True
    while stale:
        prepared = await prepare(database, workspace_id, removal)
        async with database.transaction(workspace_id) as conn:
            await lock_configuration(conn, workspace_id)
            row = await _removable(conn, workspace_id, code)
            stale = await is_stale(conn, workspace_id, prepared, removal)
            if stale:
                continue
            others = await _finding_elsewhere(conn, workspace_id, removal, prepared)
            await set_stale(conn, workspace_id, others)
            await delete_segment(conn, workspace_id, row.segment_id, author.at)
            await _note(conn, workspace_id, author, "segment.deleted", row)
            walk = await follow(database, conn, workspace_id, prepared, None)
    if walk is None or await walk.finish():
        await Filling(handler, workspace_id).finish()


async def _removable(conn: Connection, workspace_id: int, code: str) -> SegmentRow:
    """Return a segment that nothing asks about; raise a 404 or a 409."""
    row = await find_segment(conn, workspace_id, code)
    for other in await list_segments(conn, workspace_id):
        if code in segments_asked(other.segment.when):
            raise problem(409, "segment_in_use", f"Segment {other.code} asks about {code}.")
    return row


async def _finding_elsewhere(
    conn: Connection, workspace_id: int, new: Segment | Removal, prepared: Prepared
) -> list[int]:
    """Return the numbers of the other segments that find their figures elsewhere once ``new`` is there.

    What is asked of the whole past is kept by days or months where those are kept anyway, so that what one
    segment asks may change what others read. Who changed while it was counted is judged by them again.
    """
    if not prepared.metrics:
        return []
    rows = await list_segments(conn, workspace_id)
    workspace = await Configurations().current(conn, workspace_id)
    after = segments_after(rows, new, bases_of(workspace.programs))
    blocks = 0
    for number in prepared.metrics:
        blocks |= after.readers.get(number, 0)
    code = new.segment if isinstance(new, Segment) else new.code
    documents = [row.segment for row in rows if row.code != code]
    if isinstance(new, Segment):
        documents.append(new)
    reading = [live.code for live in after.live if live.block & blocks]
    found = {each for one in reading for each in dependents(one, documents)}
    own = set(dependents(code, documents))
    return [row.segment_id for row in rows if row.code in found - own]


def check_document(workspace: Workspace, segment: Segment, rows: list[SegmentRow]) -> None:
    """Raise a 422 that names what is wrong with a segment; ``rows`` are all that there are."""
    others = {row.code: row.segment for row in rows if row.code != segment.segment}
    if len(others) >= MAX_SEGMENTS:
        raise field_problem("$.id", "too_many", f"a workspace has at most {MAX_SEGMENTS} segments")
    bases = bases_of(workspace.programs)
    try:
        based_on: BasedOn = base_of(segment, bases)
    except KeyError as error:
        raise field_problem("$.program", "program_unknown", "no such program is published") from error
    problems = check_segment(segment, fact_table(based_on.program), others)
    if problems:
        first = problems[0]
        raise field_problem(f"$.{first.path}", first.code, first.words)


def odd_about(workspace: Workspace, segment: Segment, language: Language) -> tuple[Flaw, ...]:
    """Return what is odd about the condition of a segment without problems, said in ``language``."""
    if segment.when is None:
        return ()
    facts = fact_table(base_of(segment, bases_of(workspace.programs)).program)
    return tuple(flaws_of(segment.when, facts, segment_place(), "when", language))


async def _state(handler: Handler, workspace_id: int, code: str) -> SegmentState:
    """Return a segment as it stands; raise the 404 for one that somebody has removed meanwhile."""
    for state in await segments_of(handler, workspace_id):
        if state.row.code == code:
            return state
    raise segment_unknown(code)


async def _note(conn: Connection, workspace_id: int, author: Author, action: str, row: SegmentRow) -> None:
    entry = AuditEntry(
        entry_id=_ids.next(),
        at=author.at,
        actor=author.actor,
        action=action,
        object=f"segment/{row.code}",
        reason=author.note,
        before={},
        after={"version": row.version},
    )
    await insert_audit_entry(conn, workspace_id, entry)
    await raise_revision(conn, workspace_id)
