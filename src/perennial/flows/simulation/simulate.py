"""A program's draft beside what is published, on what really happened: split, played in parallel, merged.

Several processes play slices of the customers, all of them on one snapshot of the database and in
transactions that the server itself keeps from writing. Where a budget turns out to be used up, the lives
that use budgets are played once more, by one process and in the order of time, because who comes first
gets what is left. Leaving the generator early ends every process.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from itertools import pairwise
from uuid import UUID

import msgspec

from perennial.core.simulation.tally import Tally, empty_tally, merge
from perennial.flows.configuration import Configurations, business_now
from perennial.flows.problems import field_problem, problem
from perennial.flows.programs.checks import InvalidProgramError, problems_of, require_program, require_version
from perennial.flows.simulation.process import Done, Played, PlaySlice, PlayTogether, Told, Work
from perennial.flows.simulation.result import SimulationResult, result_of
from perennial.flows.simulation.sides import SideSpec, Task, compile_sides
from perennial.store.database import Database
from perennial.store.past import Slice, count_people, export_snapshot, reading
from perennial.store.programs.programs import list_versions
from perennial.store.workspaces import WorkspaceRow
from perennial.units import EARLIEST, Instant

MOST_PROCESSES = 16
SLICES_PER_PROCESS = 8
_LINE = 1 << 28


class Simulate(msgspec.Struct, frozen=True):
    """What to simulate: ``version`` beside ``against``, from ``begins`` to ``until`` (inclusive).

    Each is the number of a version, ``draft``, or ``history``: what was in force at each time.
    ``against`` None is the version in force; without any there is one side only. ``document`` takes the
    place of the stored draft. None of the instants is: all of the past, up to now.
    """

    version: str = "draft"
    against: str | None = None
    begins: Instant | None = None
    until: Instant | None = None
    document: str | None = None


class Progress(msgspec.Struct, frozen=True):
    """How far a simulation has come; ``ordering`` while lives that share budgets are played in order."""

    people: int
    of_people: int
    events: int
    ordering: bool = False


class Prepared(msgspec.Struct, frozen=True):
    """A simulation that can be run: everything was checked that could be wrong."""

    task: Task
    row: WorkspaceRow


async def prepare(database: Database, url: str, workspace_id: int, code: str, asked: Simulate) -> Prepared:
    """Check what was asked for; raises a 404 or 422 as publishing the draft would."""
    async with database.snapshot(workspace_id) as conn:
        row = await require_program(conn, workspace_id, code)
        versions = await list_versions(conn, workspace_id, row.program_id)
        workspace = await Configurations().current(conn, workspace_id)
        sides: list[SideSpec] = []
        against = asked.against or (str(versions[-1].number) if versions else None)
        for side in (against, asked.version):
            if side is None:
                continue
            if side == "draft":
                text = asked.document if asked.document is not None else row.draft
                if text is None:
                    raise problem(404, "no_draft", f"Program {code} has no draft.")
                if problems := await problems_of(conn, workspace_id, row, text):
                    raise InvalidProgramError(problems)
                sides.append(SideSpec("draft", document=text))
            elif side == "history":
                if not versions:
                    raise problem(404, "not_published", f"Program {code} has no version yet.")
                sides.append(SideSpec("history"))
            else:
                number = require_version(versions, code, int(side)).number
                sides.append(SideSpec(f"version {number}", version=number))
        until = business_now(workspace) if asked.until is None else asked.until
        begins = EARLIEST if asked.begins is None else asked.begins
        if begins >= until:
            raise field_problem("$.until", "period_empty", "lies before the beginning of the period")
    task = Task(url, workspace_id, "", row.program_id, code, tuple(sides), begins, until)
    return Prepared(task, workspace.row)


async def simulate(
    prepared: Prepared, processes: int | None = None
) -> AsyncGenerator[Progress | SimulationResult, None]:
    """Run a simulation: hand out how far it has come, again and again, and at last its result.

    Closing the generator cancels it. ``processes`` None is one for each core.
    """
    began = time.monotonic()
    row, count = prepared.row, _processes(processes)
    async with reading(prepared.task.url, prepared.task.workspace_id) as conn:
        task = msgspec.structs.replace(prepared.task, snapshot=await export_snapshot(conn))
        compiled = await compile_sides(conn, task)
        buckets = row.buckets
        people = await count_people(conn, task.workspace_id, buckets[0], buckets[-1])
        parts = slices(buckets, count * SLICES_PER_PROCESS)
        crew = _Crew(task, min(count, len(parts)))
        whole, budgeted = empty_tally(len(task.sides)), empty_tally(len(task.sides))
        owners: dict[int, list[str]] = {}
        seen = events = 0
        try:
            await crew.start()
            yield Progress(0, people, 0)
            async with aclosing(crew.work([PlaySlice(part) for part in parts])) as heard:
                async for piece, told in heard:
                    if isinstance(told, Played):
                        seen, events = seen + told.people, events + told.events
                        yield Progress(seen, people, events)
                        continue
                    merge(whole, told.tally)
                    merge(budgeted, told.budgeted)
                    if told.owners and isinstance(piece, PlaySlice):
                        owners.setdefault(piece.part.bucket, []).extend(told.owners)
            if _binds(budgeted):
                yield Progress(seen, people, events, ordering=True)
                async with aclosing(crew.work([PlayTogether(owners)])) as heard:
                    async for _, told in heard:
                        if isinstance(told, Done):
                            budgeted = _with_wishes(told.budgeted, budgeted)
        finally:
            await crew.stop()
    merge(whole, budgeted)
    yield result_of(task, compiled, whole, time.monotonic() - began)


def slices(buckets: Sequence[int], wanted: int) -> list[Slice]:
    """Split buckets into at least ``wanted`` slices of about equal size, each within one bucket."""
    each = max(-(-wanted // len(buckets)), 1)
    bounds = [UUID(int=(1 << 128) * place // each - (place > 0)) for place in range(each + 1)]
    return [Slice(bucket, after.hex, last.hex) for bucket in buckets for after, last in pairwise(bounds)]


def _processes(wanted: int | None) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(max(cores if wanted is None else wanted, 1), MOST_PROCESSES)


def _binds(tally: Tally) -> bool:
    """Whether some budget would have been used up, so that its cap decides who gets something."""
    return any(budget.asked >= budget.cap for side in tally.sides for budget in side.budgets.values())


def _with_wishes(tally: Tally, uncapped: Tally) -> Tally:
    """Return a tally with what would have been used of each budget without its cap."""
    for side, wished in zip(tally.sides, uncapped.sides, strict=True):
        for key, budget in side.budgets.items():
            if key in wished.budgets:
                budget.asked = wished.budgets[key].asked
    return tally


class SimulationFailedError(Exception):
    """A process of a simulation ended before its work was done."""


class _Crew:
    """The processes of a simulation; each takes the next piece of work when it is done with one."""

    def __init__(self, task: Task, count: int) -> None:
        self._task = task
        self._count = count
        self._processes: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        for _ in range(self._count):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "perennial.flows.simulation.process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LINE,
                start_new_session=True,
            )
            self._processes.append(process)
            await _send(process, self._task)

    async def work(self, waiting: Sequence[Work]) -> AsyncGenerator[tuple[Work, Told], None]:
        """Hand out what the processes tell while they do all that is ``waiting``."""
        left = deque(waiting)
        heard: asyncio.Queue[tuple[Work, Told] | BaseException | None] = asyncio.Queue()
        at_work = [asyncio.create_task(_drive(process, left, heard)) for process in self._processes]
        ended = 0
        try:
            while ended < len(at_work):
                found = await heard.get()
                if isinstance(found, BaseException):
                    raise found
                if found is None:
                    ended += 1
                else:
                    yield found
        finally:
            for each in at_work:
                each.cancel()
            await asyncio.gather(*at_work, return_exceptions=True)

    async def stop(self) -> None:
        """End every process now; none of them has anything that could be lost."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*(process.wait() for process in self._processes))


async def _drive(
    process: asyncio.subprocess.Process,
    left: deque[Work],
    heard: asyncio.Queue[tuple[Work, Told] | BaseException | None],
) -> None:
    """Give a process one piece of work after the other, and pass on what it tells."""
    try:
        while left:
            piece = left.popleft()
            await _send(process, piece)
            while True:
                told = await _hear(process)
                heard.put_nowait((piece, told))
                if isinstance(told, Done):
                    break
        heard.put_nowait(None)
    except Exception as error:  # noqa: BLE001 - whoever waits for this process has to hear of it
        heard.put_nowait(error)


async def _hear(process: asyncio.subprocess.Process) -> Told:
    assert process.stdout is not None, "its output is a pipe"
    line = await process.stdout.readline()
    if not line:
        raise SimulationFailedError("a process of the simulation has ended")
    told: Told = _told.decode(line)
    return told


_told = msgspec.json.Decoder(Told)


async def _send(process: asyncio.subprocess.Process, message: msgspec.Struct) -> None:
    assert process.stdin is not None, "its input is a pipe"
    with suppress(ConnectionError):
        process.stdin.write(msgspec.json.encode(message) + b"\n")
        await process.stdin.drain()
