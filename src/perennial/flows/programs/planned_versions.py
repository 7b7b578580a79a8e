"""Drafts that are published at an instant: planned, changed, canceled, and published once when it is there.

A plan holds the digest of what the draft said when it was made. When the instant is there everything is
looked at again: the draft, its problems, its test cases, and whether two people had to want it. If something
is in the way nothing is published, and the plan says why.
"""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

import msgspec
from asyncpg import Connection

from perennial.core.dates.schedule import start_instant
from perennial.core.document.document import read_program
from perennial.core.document.program import Program
from perennial.core.document.program_parts import split_program
from perennial.flows.ids import Ids
from perennial.flows.problems import ProblemError, field_problem, problem
from perennial.flows.programs.case_runs import require_cases
from perennial.flows.programs.checks import InvalidProgramError, problems_of, readable, require_program
from perennial.flows.programs.life import Author, check_revision, demand_two, note_program, publish
from perennial.store.codes.codebook import Codebook
from perennial.store.database import Database
from perennial.store.programs.planned_versions import (
    PlannedRow,
    due_plans,
    end_plan,
    list_plans,
    put_plan,
    waiting_plan,
)
from perennial.store.programs.programs import list_programs, lock_configuration
from perennial.store.workspaces import read_workspace
from perennial.units import Instant, format_instant

_BY_ITSELF = "Perennial"
_ids = Ids()


class Planned(msgspec.Struct, frozen=True):
    """A plan of a program; ``zone`` is the program's, as the draft has it now.

    ``changed`` says that the draft does not say any more what was planned: it has to be planned anew.
    """

    program: str
    zone: str
    row: PlannedRow
    changed: bool = False


async def plan_version(
    database: Database,
    workspace_id: int,
    code: str,
    publish_at: str,
    author: Author,
    revision: int | None = None,
) -> Planned:
    """Plan to publish the draft as it is; a plan that waits already is replaced.

    ``publish_at`` is local time of the program's zone, or an instant with an offset, in business time and to
    come. Raises what publishing raises: the plan has to be possible now.
    """
    _moment(publish_at, ZoneInfo("UTC"))  # what is no moment in any zone is said before anything else
    async with database.transaction(workspace_id) as conn:
        row = await require_program(conn, workspace_id, code)
        check_revision(row, revision)
        if row.draft is None:
            raise problem(404, "no_draft", f"Program {code} has no draft.")
        if problems := await problems_of(conn, workspace_id, row, row.draft, author.codebook):
            raise InvalidProgramError(problems)
        program = readable(row.draft)
        at = await _to_come(conn, workspace_id, program, publish_at, author.at)
    await require_cases(database, workspace_id, program, despite=author.despite_cases)
    plan = PlannedRow(
        plan_id=_ids.next(),
        program_id=row.program_id,
        publish_at=at,
        digest=_digest(program),
        actor=author.actor,
        agreed=not author.alone,
        despite_cases=author.despite_cases,
        note=author.note,
        planned_at=author.at,
    )
    async with database.transaction(workspace_id) as conn:
        await lock_configuration(conn, workspace_id)
        await demand_two(conn, workspace_id, author)
        check_revision(await require_program(conn, workspace_id, code), row.draft_revision)
        before = await waiting_plan(conn, workspace_id, row.program_id)
        await put_plan(conn, workspace_id, plan)
        kept = await waiting_plan(conn, workspace_id, row.program_id)
        await note_program(
            conn, workspace_id, author, "program.publication_planned", code, _noted(before), _noted(plan)
        )
    assert kept is not None, "it was written just now"
    return Planned(code, program.time_zone, kept)


async def _to_come(
    conn: Connection, workspace_id: int, program: Program, text: str, wall: Instant
) -> Instant:
    at = _moment(text, ZoneInfo(program.time_zone))
    workspace = await read_workspace(conn, workspace_id)
    if at <= (workspace.clock_at if workspace.sandbox and workspace.clock_at is not None else wall):
        raise field_problem("$.publish_at", "publish_at_past", "is over already: publish it now instead")
    return at


def _moment(text: str, zone: ZoneInfo) -> Instant:
    try:
        return start_instant(text, zone)
    except ValueError as error:
        raise field_problem("$.publish_at", "invalid_instant", str(error)) from None


async def cancel_plan(database: Database, workspace_id: int, code: str, author: Author) -> Planned:
    """Cancel the plan that waits; raise a 404 where there is none."""
    async with database.transaction(workspace_id) as conn:
        await lock_configuration(conn, workspace_id)
        row = await require_program(conn, workspace_id, code)
        plan = await waiting_plan(conn, workspace_id, row.program_id)
        if plan is None:
            raise problem(404, "no_plan", f"No version of {code} is planned.")
        ended = await end_plan(conn, workspace_id, plan.plan_id, "canceled", author.at, author.actor)
        await note_program(
            conn,
            workspace_id,
            author,
            "program.publication_canceled",
            code,
            _noted(plan),
            {"state": "canceled"},
        )
    assert ended is not None, "nobody else writes plans meanwhile"
    return Planned(code, _zone(row.draft), ended)


async def plans_of(database: Database, workspace_id: int, code: str, limit: int) -> list[Planned]:
    """Return the plans of a program: the one that waits, then the latest first; 404 for no program."""
    async with database.transaction(workspace_id) as conn:
        row = await require_program(conn, workspace_id, code)
        plans = await list_plans(conn, workspace_id, row.program_id, limit)
    if not plans:
        return []
    draft = None if row.draft is None else read_program(row.draft)
    now = _digest(draft) if isinstance(draft, Program) else b""
    zone = _zone(row.draft)
    return [Planned(code, zone, plan, plan.state == "waiting" and plan.digest != now) for plan in plans]


async def publish_due_plans(database: Database, workspace_id: int, until: Instant, codebook: Codebook) -> int:
    """Publish what was planned for up to ``until`` in business time; return how many plans have ended.

    Of two workers who do it at the same instant one publishes. What cannot be done just now is left waiting.
    """
    ended = 0
    async with database.transaction(workspace_id) as conn:
        due = await due_plans(conn, workspace_id, until)
        codes = {row.program_id: row.code for row in await list_programs(conn, workspace_id)} if due else {}
    for plan in due:
        ended += await _fulfill(database, workspace_id, codes[plan.program_id], plan, codebook)
    return ended


async def _fulfill(
    database: Database, workspace_id: int, code: str, plan: PlannedRow, codebook: Codebook
) -> bool:
    author = Author(
        actor=plan.actor,
        at=time.time_ns() // 1_000,
        note=plan.note,
        alone=not plan.agreed,
        despite_cases=plan.despite_cases,
        plan=plan,
        codebook=codebook,
    )
    try:
        await publish(database, workspace_id, code, author, valid_from=plan.publish_at)
    except ProblemError as error:
        if error.problem.status >= 500 or error.problem.code == "plan_ended":
            return False
        return await _fail(database, workspace_id, code, author, plan, error)
    return True


async def _fail(
    database: Database, workspace_id: int, code: str, author: Author, plan: PlannedRow, error: ProblemError
) -> bool:
    """Note why nothing was published, once."""
    said = msgspec.json.encode(error.problem)
    async with database.transaction(workspace_id) as conn:
        await lock_configuration(conn, workspace_id)
        now = await waiting_plan(conn, workspace_id, plan.program_id)
        if now != plan:
            return False
        await end_plan(conn, workspace_id, plan.plan_id, "failed", author.at, _BY_ITSELF, problem=said)
        why: dict[str, object] = {
            "state": "failed",
            "code": error.problem.code,
            "detail": error.problem.detail,
        }
        await note_program(conn, workspace_id, author, "program.publication_failed", code, _noted(plan), why)
    return True


def _digest(program: Program) -> bytes:
    return bytes.fromhex(split_program(program).digest)


def _zone(draft: str | None) -> str:
    program = None if draft is None else read_program(draft)
    return program.time_zone if isinstance(program, Program) else "UTC"


def _noted(plan: PlannedRow | None) -> dict[str, object] | None:
    if plan is None:
        return None
    return {"publish_at": format_instant(plan.publish_at), "digest": plan.digest.hex()}
