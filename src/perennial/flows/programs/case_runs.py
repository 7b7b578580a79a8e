"""The test cases of a program are played in a process of its own, which may take so much and no more.

A case is what somebody has written: it may let years pass for many members, and must not hold up a server
that answers orders. What was not played to its end by then does not hold.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

import msgspec
from asyncpg import Connection

from perennial.core.cases.program_cases import CaseOutcome, unplayed
from perennial.core.document.document import plain_of, plain_program
from perennial.core.document.program import Program
from perennial.core.problems import Problem
from perennial.core.segments.segment import Segment
from perennial.core.validation.validation import validate
from perennial.flows.answers import FieldProblem
from perennial.flows.problems import ProblemError, problem
from perennial.flows.programs.case_process import PlayedCase, PlayedProgram
from perennial.flows.programs.checks import (
    InvalidProgramError,
    problems_of,
    readable,
    require_program,
    surrounded,
)
from perennial.store.database import Database
from perennial.store.segments import list_segments

SECONDS = 10
"""So many seconds of the processor all cases of a program may take together."""

PATIENCE = 60
"""After so many seconds by the clock the process is ended, however little it came to do."""

MOST_AT_ONCE = 4
_LONGEST_LINE = 4 * 1_048_576


class CasesFailedError(ProblemError):
    """The 422 of a program whose cases do not hold; ``failed`` are their ids."""

    def __init__(self, outcomes: tuple[CaseOutcome, ...]) -> None:
        self.failed = [each.id for each in outcomes if not each.passed]
        fields = [
            FieldProblem(
                path=_place(position, miss.step), code="case_failed", message=f"{each.title}: {miss.words}"
            )
            for position, each in enumerate(outcomes)
            for miss in each.misses
        ]
        named = ", ".join(f'"{each.title}"' for each in outcomes if not each.passed)
        words = f"These test cases do not hold: {named}"
        super().__init__(problem(422, "cases_failed", words, *fields).problem)


def _place(position: int, step: int) -> str:
    return f"cases[{position}].steps[{step - 1}]" if step else f"cases[{position}]"


class CaseRun(msgspec.Struct, frozen=True):
    """How the cases of a draft went: all of them ``passed``, or some did not. ``revision`` is the draft's."""

    program: str
    revision: int
    passed: bool
    cases: tuple[CaseOutcome, ...]


async def run_draft_cases(
    database: Database, workspace_id: int, code: str, text: str | None = None, seconds: float = SECONDS
) -> CaseRun:
    """Play the cases of a draft, or of ``text`` in its place; nothing is written.

    Raises :class:`InvalidProgramError` for what could not be published anyway, a 404 for what does not exist
    and a 503 while too many are played already.
    """
    async with database.transaction(workspace_id) as conn:
        row = await require_program(conn, workspace_id, code)
        text = row.draft if text is None else text
        if text is None:
            raise problem(404, "no_draft", f"Program {code} has no draft.")
        if problems := await problems_of(conn, workspace_id, row, text):
            raise InvalidProgramError(problems)
        program = await surrounded(conn, workspace_id, readable(text))
        segments = await segments_of(conn, workspace_id)
    outcomes = await play_in_process(program, segments, seconds)
    return CaseRun(code, row.draft_revision, all(each.passed for each in outcomes), outcomes)


async def require_cases(
    database: Database, workspace_id: int, program: Program | list[Problem] | None, *, despite: bool
) -> tuple[str, ...]:
    """Play the cases of what is about to be published; return the ids of those that do not hold.

    Raises :class:`CasesFailedError` if there are any, unless it is published ``despite`` them. A program that
    has problems is not played: they keep it from being published anyway.
    """
    if not isinstance(program, Program) or not program.cases:
        return ()
    async with database.transaction(workspace_id) as conn:
        whole = await surrounded(conn, workspace_id, program)
        segments = await segments_of(conn, workspace_id)
    if validate(whole):
        return ()
    failed = CasesFailedError(await play_in_process(whole, segments))
    if failed.failed and not despite:
        raise failed
    return tuple(failed.failed)


async def segments_of(conn: Connection, workspace_id: int) -> list[Segment]:
    """Return the documents of the workspace's segments."""
    return [row.segment for row in await list_segments(conn, workspace_id)]


_running: set[object] = set()


async def play_in_process(
    program: Program, segments: list[Segment], seconds: float = SECONDS
) -> tuple[CaseOutcome, ...]:
    """Play every case of a valid program beside this process; the outcomes are in the order of the cases.

    Raises a 503 while too many programs are played already.
    """
    if not program.cases:
        return ()
    if len(_running) >= MOST_AT_ONCE:
        words = "The cases of several programs are being played already: try again in a moment."
        raise problem(503, "cases_busy", words)
    place = object()
    _running.add(place)
    task = PlayedProgram(plain_program(program), [plain_of(each) for each in segments], seconds)
    try:
        told = await _told(msgspec.json.encode(task))
    finally:
        _running.discard(place)
    late = f"it could not be played to its end within {seconds:g} seconds of the processor"
    return tuple(told.get(i) or unplayed(case, late) for i, case in enumerate(program.cases))


async def _told(task: bytes) -> dict[int, CaseOutcome]:
    """Let a process play, and return what it has told before it ended, or was ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "perennial.flows.programs.case_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_LINE,
        env={name: text for name, text in os.environ.items() if not name.startswith("PERENNIAL_")},
    )
    told: dict[int, CaseOutcome] = {}
    try:
        async with asyncio.timeout(PATIENCE):
            assert process.stdin is not None, "it is a pipe"
            assert process.stdout is not None, "so is this"
            process.stdin.write(task)
            process.stdin.write_eof()
            while line := await process.stdout.readline():
                found = msgspec.json.decode(line, type=PlayedCase)
                told[found.place] = found.outcome
    except TimeoutError:
        pass
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return told
