"""The life of a program: its draft, its publication, and the way back.

Changes of one workspace queue up behind a lock on its row. A draft is the author's own text and may
hold problems; what is published has none, is immutable, and is used by the very next order.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

import msgspec
from asyncpg import Connection

from perennial.core.document.document import read_program
from perennial.core.document.program import Program, unit_codes
from perennial.core.document.program_parts import split_program
from perennial.core.explaining.program_diff import Change, diff
from perennial.core.find_flaws import what_comes_back
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.problems import Problem
from perennial.core.rehearsal.gives_back import GivesBack
from perennial.core.validation.assessment import Assessment
from perennial.flows.ids import Ids
from perennial.flows.problems import problem
from perennial.flows.programs.case_runs import require_cases
from perennial.flows.programs.checks import (
    InvalidProgramError,
    assessed,
    conflicts_of,
    problems_of,
    program_of_version,
    readable,
    require_program,
    require_version,
    surrounded,
)
from perennial.flows.programs.preparing import Prepared, follow, is_stale, prepare
from perennial.flows.programs.rearm import moves_timers
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database
from perennial.store.programs.planned_versions import PlannedRow, end_plan, overtake_plans, waiting_plan
from perennial.store.programs.programs import (
    ProgramRow,
    VersionRow,
    assign_units,
    find_program,
    insert_program,
    insert_version,
    list_versions,
    lock_configuration,
    raise_revision,
    update_draft,
)
from perennial.store.segments import list_segments
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry
from perennial.store.staff.roles import read_rules
from perennial.store.workspaces import WorkspaceRow, read_workspace
from perennial.units import Instant

MAX_DRAFT = 1_048_576
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_ids = Ids()


class Draft(msgspec.Struct, frozen=True):
    """A draft as its author left it, and what keeps it from being published.

    One without problems is assessed, and ``gives_back`` says how much of what is spent comes back as points.
    """

    program: str
    text: str
    revision: int
    problems: tuple[Problem, ...]
    assessment: Assessment | None = None
    gives_back: tuple[GivesBack, ...] = ()


class Published(msgspec.Struct, frozen=True):
    """A version that is now in force: ``valid_from`` in business time, ``changes`` since the one before.

    ``unchanged`` says that nothing was published, because the version in force is equal.
    """

    program: str
    version: int
    valid_from: Instant
    digest: str
    changes: tuple[Change, ...]
    unchanged: bool = False
    assessment: Assessment | None = None


class Author(msgspec.Struct, frozen=True):
    """Who changes something, and why: for the audit log and the list of versions. ``at`` is wall time."""

    actor: str
    at: Instant
    note: str = ""
    alone: bool = False
    """Whether nobody else has agreed although it may be needed: then the rules of the workspace decide."""
    despite_cases: bool = False
    """Whether it shall be published although test cases of the program do not hold."""
    plan: PlannedRow | None = None
    """The plan that this fulfills: it must wait still, and the draft must say what was planned."""
    language: Language = ENGLISH
    """In which the answer says conditions; what is stored is English."""
    codebook: Codebook | None = None
    """With it a new code for everybody must not be somebody's already; without it nobody asks."""


async def get_draft(
    database: Database,
    workspace_id: int,
    code: str,
    language: Language = ENGLISH,
    codebook: Codebook | None = None,
) -> Draft:
    """Return the draft of a program, its conditions said in ``language``; raise a 404 if there is none.

    ``codebook`` as of an :class:`Author`.
    """
    async with database.transaction(workspace_id) as conn:
        row = await require_program(conn, workspace_id, code)
        if row.draft is None:
            raise problem(404, "no_draft", f"Program {code} has no draft.")
        draft, whole = await _assessed(conn, workspace_id, row, row.draft, language, codebook)
    return await _weighed(draft, whole)


async def put_draft(
    database: Database,
    workspace_id: int,
    code: str,
    text: str,
    author: Author,
    revision: int | None = None,
    language: Language = ENGLISH,
) -> Draft:
    """Replace the draft of a program, which is created with its first draft.

    ``revision`` is that of the draft which the author has seen (0: none yet); raises a 409 if
    somebody else has changed it since. ``None`` replaces whatever is there. Conditions are said in
    ``language``.
    """
    async with database.transaction(workspace_id) as conn:
        await lock_configuration(conn, workspace_id)
        row = await _save_draft(conn, workspace_id, code, text, author, revision)
        draft, whole = await _assessed(conn, workspace_id, row, text, language, author.codebook)
    return await _weighed(draft, whole)


async def _weighed(draft: Draft, whole: Program | None) -> Draft:
    """Return a draft with what it gives back, for which an order is played beside the loop.

    ``whole`` is its program with what the workspace adds; None: it has problems.
    """
    if whole is None:
        return draft
    now = time.time_ns() // 1_000
    told = await asyncio.to_thread(what_comes_back, whole, now)
    return msgspec.structs.replace(draft, gives_back=told)


async def _assessed(
    conn: Connection,
    workspace_id: int,
    row: ProgramRow,
    text: str,
    language: Language,
    codebook: Codebook | None,
) -> tuple[Draft, Program | None]:
    problems = await problems_of(conn, workspace_id, row, text, codebook)
    if problems:
        return Draft(row.code, text, row.draft_revision, tuple(problems), None), None
    program = readable(text)
    assessment = await assessed(conn, workspace_id, program, language)
    whole = await surrounded(conn, workspace_id, program)
    return Draft(row.code, text, row.draft_revision, (), assessment), whole


async def publish(
    database: Database,
    workspace_id: int,
    code: str,
    author: Author,
    revision: int | None = None,
    valid_from: Instant | None = None,
) -> Published:
    """Publish the draft as a new version, valid from now on in the workspace's business time.

    ``revision`` as in :func:`put_draft`. ``valid_from`` dates a version back, after the one before it
    and not into the future: what happened since, but arrives later, is judged by it. Raises
    :class:`InvalidProgramError` (422) with everything that is wrong with the draft, and
    :class:`~perennial.flows.programs.case_runs.CasesFailedError` (422) for test cases that do not hold.
    """
    async with database.transaction(workspace_id) as conn:
        seen = await find_program(conn, workspace_id, code)
        if author.plan is not None and seen is not None and seen.draft is not None:
            await _check_plan(conn, workspace_id, author.plan, readable(seen.draft))
    draft = read_program(seen.draft) if seen is not None and seen.draft is not None else None
    failed = await require_cases(database, workspace_id, draft, despite=author.despite_cases)

    async def write(conn: Connection) -> Published:
        await demand_two(conn, workspace_id, author)
        row = await require_program(conn, workspace_id, code)
        check_revision(row, revision)
        if row.draft is None:
            raise problem(404, "no_draft", f"Program {code} has no draft.")
        if seen is None or row.draft != seen.draft:
            check_revision(row, seen.draft_revision if seen else 0)  # its cases were not played
        if author.plan is not None:
            await _check_plan(conn, workspace_id, author.plan, readable(row.draft))
        return await _publish_text(conn, workspace_id, row, row.draft, author, valid_from, failed)

    return await _publish_counted(database, workspace_id, draft, write)


async def apply_document(
    database: Database, workspace_id: int, text: str, author: Author, valid_from: Instant | None = None
) -> Published:
    """Make a document the draft of the program that it names, and publish it, in one transaction.

    Applying the version in force again publishes nothing (``unchanged``).
    """
    program = readable(text)
    failed = await require_cases(database, workspace_id, program, despite=author.despite_cases)

    async def write(conn: Connection) -> Published:
        found = await find_program(conn, workspace_id, program.program)
        versions = await list_versions(conn, workspace_id, found.program_id) if found else []
        digest = split_program(program).digest
        if versions and versions[-1].digest == digest:
            last = versions[-1]
            return Published(program.program, last.number, last.valid_from, digest, (), unchanged=True)
        row = await _save_draft(conn, workspace_id, program.program, text, author, None)
        return await _publish_text(conn, workspace_id, row, text, author, valid_from, failed)

    return await _publish_counted(database, workspace_id, program, write)


async def rollback(
    database: Database, workspace_id: int, code: str, number: int, author: Author
) -> Published:
    """Publish the content of an older version again, as a new version; the draft stays as it is."""
    async with database.transaction(workspace_id) as conn:
        row = await require_program(conn, workspace_id, code)
        older = require_version(await list_versions(conn, workspace_id, row.program_id), code, number)
        program = await program_of_version(conn, workspace_id, older)
    noted = msgspec.structs.replace(author, note=author.note or f"back to version {number}")

    async def write(conn: Connection) -> Published:
        await demand_two(conn, workspace_id, noted)
        versions = await list_versions(conn, workspace_id, row.program_id)
        problems = await conflicts_of(conn, workspace_id, row, program, versions, author.codebook)
        if problems:
            raise InvalidProgramError(problems)
        return await _publish(conn, workspace_id, row, program, noted, None, "program.rolled_back")

    return await _publish_counted(database, workspace_id, program, write)


async def _check_plan(conn: Connection, workspace_id: int, plan: PlannedRow, program: Program) -> None:
    """Raise the 409 where a plan is not to be fulfilled: it has ended or changed, or the draft has."""
    if await waiting_plan(conn, workspace_id, plan.program_id) != plan:
        raise problem(409, "plan_ended", "The plan does not wait any more.")
    if bytes.fromhex(split_program(program).digest) != plan.digest:
        words = "The draft was changed after it was planned: plan it again, or publish it."
        raise problem(409, "draft_changed", words)


async def demand_two(conn: Connection, workspace_id: int, author: Author) -> None:
    """Raise the 409 where two people must want a version and only one does."""
    if author.alone and (await read_rules(conn, workspace_id)).two_to_publish:
        raise problem(409, "approval_needed", "Publishing needs the approval of a second person.")


async def _publish_counted(
    database: Database,
    workspace_id: int,
    program: Program | list[Problem] | None,
    write: Callable[[Connection], Awaitable[Published]],
) -> Published:
    """Run the transaction that publishes; before it and after it, do what the version does for everybody."""
    while True:
        prepared = Prepared(0)
        if isinstance(program, Program):
            prepared = await prepare(database, workspace_id, program)
        async with database.transaction(workspace_id) as conn:
            await lock_configuration(conn, workspace_id)
            if isinstance(program, Program) and await is_stale(conn, workspace_id, prepared, program):
                continue
            published = await write(conn)
            row = await require_program(conn, workspace_id, published.program)
            arms = published.version > 1 and moves_timers(published.changes)
            arms_at = published.valid_from if arms else None
            written = (row.program_id, published.version)
            walk = await follow(database, conn, workspace_id, prepared, written, arms_at)
        if walk is not None:
            await walk.finish()
        return published


def check_revision(row: ProgramRow, revision: int | None) -> None:
    """Raise the 409 where somebody has changed the draft since the author has seen it."""
    if revision is not None and revision != row.draft_revision:
        words = f"The draft of {row.code} is at revision {row.draft_revision}, not {revision}: read it again."
        raise problem(409, "draft_changed", words, details={"revision": row.draft_revision})


async def _save_draft(
    conn: Connection, workspace_id: int, code: str, text: str, author: Author, revision: int | None
) -> ProgramRow:
    if not _CODE.fullmatch(code):
        raise problem(422, "program_id", "A program's id is a short name in lower case, such as points.")
    if len(text.encode()) > MAX_DRAFT or "\0" in text:
        raise problem(422, "draft_too_large", f"A draft is text of at most {MAX_DRAFT:,} bytes.")
    row = await find_program(conn, workspace_id, code)
    if row is None:
        row = await insert_program(conn, workspace_id, code, author.at)
    check_revision(row, revision)
    saved = await update_draft(conn, workspace_id, row.program_id, text)
    await note_program(
        conn,
        workspace_id,
        author,
        "program.draft_saved",
        code,
        {"revision": row.draft_revision},
        {"revision": saved.draft_revision},
    )
    return saved


async def _publish_text(
    conn: Connection,
    workspace_id: int,
    row: ProgramRow,
    text: str,
    author: Author,
    valid_from: Instant | None,
    failed_cases: tuple[str, ...],
) -> Published:
    problems = await problems_of(conn, workspace_id, row, text, author.codebook)
    if problems:
        raise InvalidProgramError(problems)
    program = readable(text)
    return await _publish(
        conn, workspace_id, row, program, author, valid_from, "program.published", failed_cases
    )


async def _publish(
    conn: Connection,
    workspace_id: int,
    row: ProgramRow,
    program: Program,
    author: Author,
    valid_from: Instant | None,
    action: str,
    failed_cases: tuple[str, ...] = (),
) -> Published:
    """Write a program that has no problems as the next version of ``row``."""
    versions = await list_versions(conn, workspace_id, row.program_id)
    last = versions[-1] if versions else None
    before = await program_of_version(conn, workspace_id, last) if last else None
    parts = split_program(program)
    version = VersionRow(
        number=last.number + 1 if last else 1,
        manifest=parts.manifest,
        valid_from=_valid_from(await read_workspace(conn, workspace_id), last, author.at, valid_from),
        published_at=author.at,
        actor=author.actor,
        note=author.note,
    )
    await assign_units(conn, workspace_id, row.program_id, unit_codes(program))
    await insert_version(conn, workspace_id, row.program_id, version, parts)
    await note_program(
        conn,
        workspace_id,
        author,
        action,
        row.code,
        {"version": last.number, "digest": last.digest} if last else None,
        {"version": version.number, "digest": parts.digest}
        | ({"despite_cases": list(failed_cases)} if failed_cases else {}),
    )
    await _end_plans(conn, workspace_id, row.program_id, version, author.plan)
    await raise_revision(conn, workspace_id)
    segments = {row.code: row.segment.name for row in await list_segments(conn, workspace_id)}
    changes = tuple(diff(before, program, author.language, segments))
    assessment = await assessed(conn, workspace_id, program, author.language)
    return Published(
        row.code, version.number, version.valid_from, parts.digest, changes, assessment=assessment
    )


async def _end_plans(
    conn: Connection, workspace_id: int, program_id: int, version: VersionRow, plan: PlannedRow | None
) -> None:
    """End the plan that a version fulfills, or the one that it overtakes."""
    at, by = version.published_at, version.actor
    if plan is None:
        await overtake_plans(conn, workspace_id, program_id, at, by)
    else:
        await end_plan(conn, workspace_id, plan.plan_id, "published", at, by, version=version.number)


def _valid_from(
    workspace: WorkspaceRow, last: VersionRow | None, wall: Instant, wanted: Instant | None
) -> Instant:
    """Return from when a version is valid: now in business time, or as wanted, never before the last."""
    sandboxed = workspace.sandbox and workspace.clock_at is not None
    now = workspace.clock_at if sandboxed and workspace.clock_at is not None else wall
    if wanted is None:
        return max(now, last.valid_from) if last else now
    if wanted > now or (last is not None and wanted < last.valid_from):
        raise problem(
            422, "valid_from", "A version is valid from now, or from an instant since the last one."
        )
    return wanted


async def note_program(
    conn: Connection,
    workspace_id: int,
    author: Author,
    action: str,
    code: str,
    before: dict[str, object] | None,
    after: dict[str, object] | None,
) -> None:
    """Write what happened to a program into the audit log."""
    entry = AuditEntry(
        entry_id=_ids.next(),
        at=author.at,
        actor=author.actor,
        action=action,
        object=f"program/{code}",
        reason=author.note or None,
        before=before,
        after=after,
    )
    await insert_audit_entry(conn, workspace_id, entry)
