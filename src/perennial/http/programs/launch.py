"""``GET /v1/launch``: how far a workspace is on its way to a running program."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from perennial.flows.programs.launch import read_workspace_launch
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import admitted, operation, written
from perennial.reports.launch import Launch


@get(
    "/v1/launch",
    **operation(
        "launch_get",
        "Programs",
        "See what is left to do before launch",
        needs=Scope.READ,
        gives={200: Launch},
    ),
)
async def launch_get(request: Request[Any, Any, Any]) -> Response[Any]:
    """Whether there is a first program, a published version, a key, a member, an order, and points."""
    door, caller = admitted(request)
    return written(await read_workspace_launch(door.database, caller.workspace_id))


LAUNCH_ROUTES = [launch_get]
