"""Switches: the stop button of everything, of a program, and of each of its parts."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from litestar import Request, Response, get, post

from perennial.core.switches import Switch, SwitchObject
from perennial.flows.programs.life import Author
from perennial.flows.staff.scopes import Scope
from perennial.flows.switches import switches_of, turn_off, turn_on
from perennial.http.door.operation import admitted, body_of, operation, written
from perennial.http.requests import SwitchBody
from perennial.units import format_instant


class SwitchView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Whether something is off, and if it is: since when, why, and who turned it off."""

    object: SwitchObject
    off: bool
    off_at: str | None = None
    reason: str | None = None
    actor: str | None = None


class SwitchList(msgspec.Struct, frozen=True):
    """Everything that is off, the longest first."""

    data: tuple[SwitchView, ...]


def _view(switch: Switch) -> SwitchView:
    return SwitchView(
        object=switch.object,
        off=True,
        off_at=format_instant(switch.off_at),
        reason=switch.reason,
        actor=switch.actor,
    )


@get(
    "/v1/switches",
    **operation("switch_list", "Switches", "List what is off", needs=Scope.READ, gives={200: SwitchList}),
)
async def switch_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """Everything that is off at this moment. What is not in the list is on."""
    door, caller = admitted(request)
    found = await switches_of(door.database, caller.workspace_id)
    return written(SwitchList(tuple(_view(switch) for switch in found)))


@post(
    "/v1/switches",
    status_code=200,
    **operation(
        "switch_set",
        "Switches",
        "Switch something off or on",
        needs=Scope.SWITCHES,
        takes=SwitchBody,
        gives={200: SwitchView},
    ),
)
async def switch_set(request: Request[Any, Any, Any]) -> Response[Any]:
    """What is off gives nothing from the very next order, claim, and quote on, on every worker.

    What was given before stays: returns, releases of pending points, expiry, and corrections by hand go
    on. Off or on twice is off or on once; the audit log keeps who did it, when, and why.
    """
    door, caller = admitted(request)
    data = await body_of(request, SwitchBody)
    author = Author(actor=caller.actor, at=time.time_ns() // 1_000, note=data.reason)
    if data.off:
        return written(_view(await turn_off(door.database, caller.workspace_id, data.object, author)))
    await turn_on(door.database, caller.workspace_id, data.object, author)
    return written(SwitchView(object=data.object, off=False))


SWITCH_ROUTES = [switch_list, switch_set]
