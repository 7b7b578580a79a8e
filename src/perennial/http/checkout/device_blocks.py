"""Devices of the till that were lost: blocked, and let in again when they are found."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post

from perennial.flows.staff.scopes import Scope
from perennial.flows.till.devices import block, unblock
from perennial.http.checkout.till import DeviceView, device_view
from perennial.http.door.instants import read_instant
from perennial.http.door.operation import ExternalId, admitted, body_of, operation, written
from perennial.http.door.paths import plain_segment
from perennial.http.requests import Reason, When
from perennial.units import Minor, Points, format_instant


class DeviceBlockBody(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """Why a device is blocked, and ``since`` when it may be in other hands; left out: from now on."""

    reason: Reason
    since: When | None = None


class DeviceUnblockBody(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """Why a device is trusted again."""

    reason: Reason


class AtRiskView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What open allowances leave: the most that can still be granted for what happened before the loss."""

    points: Points
    amount: Minor
    redemptions: int
    until: str | None = None


class BlockedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that is blocked, and what is at risk all the same."""

    device: DeviceView
    at_risk: AtRiskView


@post(
    "/v1/till/devices/{id:str}/block",
    status_code=200,
    **operation(
        "device_block",
        "Till",
        "Block a device that was lost",
        needs=Scope.WRITE,
        takes=DeviceBlockBody,
        gives={200: BlockedDevice},
        refuses=(404,),
    ),
)
async def device_block(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """It gets no allowance any more, and what it says happened at `since` or later is refused and noted.

    What happened before is merged when it turns up, within its allowances; `at_risk` says what they leave.
    """
    door, caller = admitted(request)
    data = await body_of(request, DeviceBlockBody)
    since = None if data.since is None else read_instant(data.since, "$.since")
    row, risk = await block(
        door.handler, caller.workspace_id, plain_segment(id), since, data.reason, caller.actor
    )
    until = None if risk.until is None else format_instant(risk.until)
    at_risk = AtRiskView(points=risk.points, amount=risk.amount, redemptions=risk.redemptions, until=until)
    return written(BlockedDevice(device=device_view(row), at_risk=at_risk))


@post(
    "/v1/till/devices/{id:str}/unblock",
    status_code=200,
    **operation(
        "device_unblock",
        "Till",
        "Let a device in again",
        needs=Scope.WRITE,
        takes=DeviceUnblockBody,
        gives={200: DeviceView},
        refuses=(404,),
    ),
)
async def device_unblock(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """What was refused while it was blocked stays refused."""
    door, caller = admitted(request)
    data = await body_of(request, DeviceUnblockBody)
    name = plain_segment(id)
    row = await unblock(door.database, caller.workspace_id, name, data.reason, caller.actor)
    return written(device_view(row))


DEVICE_BLOCK_ROUTES = [device_block, device_unblock]
