"""Health for the platform that runs the process, and its figures for Prometheus."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, get

from perennial.flows.staff.scopes import Scope
from perennial.http.door.door import Door
from perennial.http.door.metrics import CONTENT_TYPE, exposition
from perennial.http.door.operation import operation, written
from perennial.http.door.problems import bad_request

READY_SECONDS = 2.0


class Health(msgspec.Struct, frozen=True):
    """``ok`` while all is well."""

    status: str


@get(
    "/health/live",
    **operation("health_live", "Server", "Is the process alive?", needs=None, gives={200: Health}),
)
async def health_live() -> Response[Any]:
    """Answers as long as the process can answer at all."""
    return written(Health("ok"))


@get(
    "/health/ready",
    **operation(
        "health_ready",
        "Server",
        "May requests be sent here?",
        needs=None,
        gives={200: Health},
        refuses=(503,),
    ),
)
async def health_ready(request: Request[Any, Any, Any]) -> Response[Any]:
    """Asks the database.

    Says no as soon as the process was told to stop, while it still finishes what is in flight.
    """
    door = Door.of(request.app.state)
    if not door.open:
        raise bad_request(503, "stopping", "The process is about to stop.")
    asking = asyncio.create_task(_ask(door))
    done, _ = await asyncio.wait({asking}, timeout=READY_SECONDS)
    if not done:
        # Nobody waits for the end of it: a database that hangs does not answer to the cancellation either.
        asking.cancel()
        raise bad_request(503, "unavailable", "The database cannot be reached just now.")
    await asking
    return written(Health("ok"))


async def _ask(door: Door) -> None:
    async with door.database.unbound() as conn:
        await conn.execute("select")


@get(
    "/metrics",
    **operation(
        "metrics_get",
        "Server",
        "Figures for Prometheus",
        needs=Scope.METRICS,
        gives={200: "text/plain"},
    ),
)
async def metrics_get() -> Response[Any]:
    """Requests, latency, batch sizes and decisions of all workers, in the Prometheus text format."""
    return Response(content=exposition(), media_type=CONTENT_TYPE)


HEALTH_ROUTES = [health_live, health_ready, metrics_get]
