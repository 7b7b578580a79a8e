"""``POST /v1/programs/{id}/simulate``: what if, on the real history; progress while it runs, then the result.

The answer is lines of JSON. Whoever hangs up cancels the simulation: its processes end at once.
"""

from __future__ import annotations

import contextlib
import logging
import time
from typing import Any, Literal

import msgspec
from litestar import Request, post
from litestar.types import ASGIApp

from perennial.core.document.document import read_program
from perennial.core.explaining.retelling import retell_words
from perennial.flows.answers import FieldProblem
from perennial.flows.problems import problem
from perennial.flows.simulation.result import SimulationResult
from perennial.flows.simulation.simulate import (
    Prepared,
    Progress,
    Simulate,
    SimulationFailedError,
    prepare,
    simulate,
)
from perennial.flows.staff.scopes import Scope
from perennial.http.door.instants import read_instant
from perennial.http.door.operation import ExternalId, admitted, body_of, identity_of, operation, spoken_in
from perennial.http.door.paths import plain_segment
from perennial.http.door.problems import ProblemBody
from perennial.http.door.streamed_lines import Say, streamed_lines
from perennial.http.requests import SimulateBody

PROGRESS_SECONDS = 0.2
AT_ONCE = 2
"""So many simulations one worker process runs at a time."""

_log = logging.getLogger("perennial.http")


class SimulationStep(msgspec.Struct, frozen=True, kw_only=True):
    """One line: how many of the ``of_people`` customers are played, or the ``result``, or a ``problem``.

    ``ordering`` says that the customers who share a budget are played once more, in the order of time.
    """

    type: Literal["progress", "result", "problem"]
    people: int | msgspec.UnsetType = msgspec.UNSET
    of_people: int | msgspec.UnsetType = msgspec.UNSET
    events: int | msgspec.UnsetType = msgspec.UNSET
    ordering: bool | msgspec.UnsetType = msgspec.UNSET
    result: SimulationResult | msgspec.UnsetType = msgspec.UNSET
    problem: ProblemBody | msgspec.UnsetType = msgspec.UNSET


@post(
    "/v1/programs/{id:str}/simulate",
    status_code=200,
    **operation(
        "program_simulate",
        "Programs",
        "Try the draft on the past",
        needs=Scope.PROGRAMS,
        takes=SimulateBody,
        gives={200: SimulationStep},
        refuses=(404, 409),
    ),
)
async def program_simulate(request: Request[Any, Any, Any], id: ExternalId) -> ASGIApp:
    """Play what really happened in a period again, under the draft and beside it under what is published.

    The answer is NDJSON: lines of progress while it runs, and at last the result. It never writes; hang up
    to cancel it.
    """
    door, caller = admitted(request)
    data = await body_of(request, SimulateBody)
    if data.document is not None:
        check_document(data.document)
    asked = Simulate(
        version=data.version,
        against=data.against,
        begins=None if data.begins is None else read_instant(data.begins, "$.from"),
        until=None if data.until is None else read_instant(data.until, "$.until"),
        document=data.document,
    )
    if door.simulating >= AT_ONCE:
        raise problem(
            409, "simulation_running", f"{AT_ONCE} simulations are running here; wait for one, or cancel it."
        )
    url, language = door.database.url, spoken_in(request)
    prepared = await prepare(door.database, url, caller.workspace_id, plain_segment(id), asked)

    async def work(say: Say) -> None:
        door.simulating += 1
        try:
            await _lines(prepared, lambda step: say(retell_words(step, language)))
        finally:
            door.simulating -= 1

    return streamed_lines(work, identity_of(request), language)


def check_document(text: str) -> None:
    """Refuse a document that cannot be read; what is wrong with its content is told as of a draft."""
    program = read_program(text)
    if isinstance(program, list):
        fields = [
            FieldProblem(path=f"$.document.{each.path}".rstrip("."), code=each.code, message=each.words)
            for each in program
        ]
        raise problem(422, "program_invalid", f"$.document: {program[0].words}", *fields)


async def _lines(prepared: Prepared, say: Say) -> None:
    said = 0.0
    try:
        async with contextlib.aclosing(simulate(prepared)) as steps:
            async for step in steps:
                if isinstance(step, SimulationResult):
                    await say(SimulationStep(type="result", result=step))
                elif step.ordering or time.monotonic() - said >= PROGRESS_SECONDS:
                    said = time.monotonic()
                    await say(_progress(step))
    except SimulationFailedError as error:
        _log.exception("a simulation failed", exc_info=error)
        words = "The simulation ended early; nothing was changed."
        raise problem(500, "internal_error", words) from error


def _progress(step: Progress) -> SimulationStep:
    return SimulationStep(
        type="progress",
        people=step.people,
        of_people=step.of_people,
        events=step.events,
        ordering=step.ordering,
    )


SIMULATION_ROUTES = [program_simulate]
