"""The clock of a sandbox: advance it and watch expiry, tiers and reminders happen."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post

from perennial.flows.clock import advance_sandbox_clock
from perennial.flows.staff.scopes import Scope
from perennial.flows.workspaces import sandbox_clock
from perennial.http.door.instants import read_instant
from perennial.http.door.operation import admitted, body_of, operation, written
from perennial.http.requests import ClockBody
from perennial.units import format_instant


class ClockView(msgspec.Struct, frozen=True):
    """The business time of a sandbox, RFC 3339 in UTC."""

    now: str


@get(
    "/v1/clock",
    **operation(
        "clock_get",
        "Sandbox",
        "Read the sandbox's clock",
        needs=Scope.READ,
        gives={200: ClockView},
        refuses=(409,),
    ),
)
async def clock_get(request: Request[Any, Any, Any]) -> Response[Any]:
    """The business time, which decisions take for now. It is the wall clock until it is first set."""
    door, caller = admitted(request)
    return written(ClockView(format_instant(await sandbox_clock(door.database, caller.workspace_id))))


@post(
    "/v1/clock",
    status_code=200,
    **operation(
        "clock_advance",
        "Sandbox",
        "Advance the sandbox's clock",
        needs=Scope.CLOCK,
        takes=ClockBody,
        gives={200: ClockView},
        refuses=(409,),
    ),
)
async def clock_advance(request: Request[Any, Any, Any]) -> Response[Any]:
    """Move the clock forward and run everything that falls due on the way, instant by instant.

    Pending points become available, tiers are reviewed, points expire, birthdays come. A live workspace
    has no such clock.
    """
    door, caller = admitted(request)
    data = await body_of(request, ClockBody)
    to = read_instant(data.advance_to, "$.advance_to")
    row = await advance_sandbox_clock(door.handler, caller.workspace_id, to)
    return written(ClockView(format_instant(row.clock_at if row.clock_at is not None else to)))


CLOCK_ROUTES = [clock_get, clock_advance]
