"""A program is searched for flaws in a process of its own, for so many seconds and no longer.

The search is work for a processor, not for a server: beside orders it would cost them their time. What was
found by the end of the time is answered, with what could not be searched to the end.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from typing import Any

import msgspec

from perennial.core.document.document import plain_program, program_of, read_program
from perennial.core.document.program import Program
from perennial.core.find_flaws import Searched, search_flaws, what_comes_back
from perennial.core.finder import KINDS
from perennial.core.flaws.flaw import Assumptions
from perennial.core.rehearsal.gives_back import GivesBack
from perennial.flows.configuration import business_now
from perennial.flows.handle_events import Handler
from perennial.flows.problems import field_problem, problem
from perennial.flows.programs.checks import InvalidProgramError, problems_of, require_program, surrounded
from perennial.flows.programs.versions import document_of
from perennial.units import Instant, format_instant

MOST_AT_ONCE = 2
PATIENCE = 5.0
"""How many seconds more than asked a process may take to start and to end."""
_NICENESS = 10
_LONGEST_LINE = 16 * 1_048_576
"""A proof holds the whole program, which has up to 1 MiB."""


class Finding(msgspec.Struct, frozen=True):
    """A flaw: its ``kind``, where in the document it is, what it is in words, and the proof.

    ``proof`` is a case file: a sequence of ``steps`` things that happen, which was played and ends as it
    says. `perennial cases` plays it again.
    """

    kind: str
    title: str
    path: str
    words: str
    steps: int
    proof: str


class ProgramCheck(msgspec.Struct, frozen=True):
    """What was found in the draft (``version`` null) or in a version of a program, searched as of ``at``.

    ``unfinished`` are the kinds of flaw for which the time, or the bound on what is played, was not enough.
    ``gives_back`` says for each wallet how much of what is spent comes back as points, and whether that is
    within the 3 to 10 % that are advised.
    """

    program: str
    version: int | None
    revision: int
    at: str
    findings: tuple[Finding, ...]
    unfinished: tuple[str, ...]
    gives_back: tuple[GivesBack, ...]


class _Task(msgspec.Struct):
    """What the process is told: the program as plain data, and for how long it may search."""

    document: dict[str, Any]
    at: Instant
    assumptions: Assumptions
    kinds: tuple[str, ...]
    seconds: int


_running: set[object] = set()


async def check_program(
    handler: Handler,
    workspace_id: int,
    code: str,
    *,
    version: int | None = None,
    assumptions: Assumptions | None = None,
    kinds: tuple[str, ...] | None = None,
    seconds: int = 20,
) -> ProgramCheck:
    """Search the draft of a program, or one of its versions, for flaws; nothing is written.

    Raises :class:`InvalidProgramError` for a draft that could not be published, a 404 for what does not
    exist, a 422 for a kind of flaw that is none, and a 503 while two programs are searched already.
    """
    for place, kind in enumerate(kinds or ()):
        if kind not in KINDS:
            raise field_problem(f"$.kinds[{place}]", "kind_unknown", f"is none of {', '.join(KINDS)}")
    program, revision, at = await _program_of(handler, workspace_id, code, version)
    task = _Task(plain_program(program), at, assumptions or Assumptions(), kinds or tuple(KINDS), seconds)
    searched = await _searched(task)
    done = {each.kind for each in searched if each.finished}
    comes_back = await asyncio.to_thread(what_comes_back, program, at, assumptions)
    return ProgramCheck(
        code,
        version,
        revision,
        format_instant(at),
        tuple(
            Finding(
                each.kind,
                KINDS[each.kind].title,
                each.flaw.path,
                each.flaw.words,
                each.flaw.steps,
                each.flaw.proof,
            )
            for each in searched
            if each.flaw is not None
        ),
        tuple(kind for kind in task.kinds if kind not in done),
        comes_back,
    )


async def _program_of(
    handler: Handler, workspace_id: int, code: str, version: int | None
) -> tuple[Program, int, Instant]:
    """Return the program with what its workspace declares, the revision of its draft, and the time."""
    text = None if version is None else await document_of(handler.database, workspace_id, code, version)
    async with handler.database.transaction(workspace_id) as conn:
        row = await require_program(conn, workspace_id, code)
        workspace = await handler.configurations.current(conn, workspace_id)
        if text is None:
            if row.draft is None:
                raise problem(404, "no_draft", f"Program {code} has no draft.")
            text = row.draft
            if problems := await problems_of(conn, workspace_id, row, text):
                raise InvalidProgramError(problems)
        program = read_program(text)
        if isinstance(program, list):
            raise InvalidProgramError(program)
        return await surrounded(conn, workspace_id, program), row.draft_revision, business_now(workspace)


async def _searched(task: _Task) -> list[Searched]:
    """Let a process search, and return what it has told by the end of the time."""
    if len(_running) >= MOST_AT_ONCE:
        raise problem(503, "check_busy", "Two programs are being searched already: try again in a moment.")
    place = object()
    _running.add(place)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "perennial.flows.programs.flaw_search",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LONGEST_LINE,
            env={name: text for name, text in os.environ.items() if not name.startswith("PERENNIAL_")},
        )
        told: list[Searched] = []
        try:
            async with asyncio.timeout(task.seconds + PATIENCE):
                assert process.stdin is not None, "it is a pipe"
                assert process.stdout is not None, "so is this"
                process.stdin.write(msgspec.json.encode(task))
                process.stdin.write_eof()
                while line := await process.stdout.readline():
                    told.append(msgspec.json.decode(line, type=Searched))
        except TimeoutError:
            pass
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        return told
    finally:
        _running.discard(place)


def main() -> None:
    """Search as standard input says, and tell of each kind of flaw in a line as soon as it is done."""
    os.nice(_NICENESS)
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=_Task)
    ends = time.monotonic() + task.seconds
    program = program_of(task.document)
    assert isinstance(program, Program), "it was read before"
    for each in search_flaws(
        program, task.at, task.assumptions, task.kinds, lambda: time.monotonic() >= ends
    ):
        sys.stdout.buffer.write(msgspec.json.encode(each) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
