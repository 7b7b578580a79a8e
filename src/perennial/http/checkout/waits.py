"""Waiting for a reward of which all is taken: joining the line, the place in it, leaving it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import PathParameter

from perennial.flows.claims.waiting import WaitList, WaitView, leave_line, wait_for, waits_of
from perennial.flows.staff.scopes import Scope
from perennial.http.door.exchange import headers_of, idempotency_key
from perennial.http.door.operation import ExternalId, admitted, body_of, connection_of, operation, written
from perennial.http.door.paths import plain_segment
from perennial.http.requests import OnceId, Reference, once_id

WaitId = Annotated[str, PathParameter(min_length=1, max_length=600, description="your own id of the wait")]


class WaitBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """For which reward somebody waits."""

    reward: Reference
    id: OnceId | None = None


@post(
    "/v1/customers/{id:str}/waits",
    **operation(
        "wait_post",
        "Rewards",
        "Wait for a reward of which all is taken",
        needs=Scope.WRITE,
        instead=(Scope.MEMBERS,),
        takes=WaitBody,
        once=True,
        gives={200: WaitView, 201: WaitView},
        refuses=(404, 409, 410),
    ),
)
async def wait_post(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Puts the customer at the end of the line of a reward that has a waiting list, once per id.

    When one comes free, the first in line gets it within a second: as a claim, for the price of that moment.
    Nobody who comes later can claim it before.
    """
    door, caller = admitted(request)
    data = await body_of(request, WaitBody)
    wait = once_id(data.id, idempotency_key(headers_of(connection_of(request))))
    customer = plain_segment(id)
    view, is_new = await wait_for(door.handler, caller.workspace_id, customer, wait, data.reward)
    return written(view, 201 if is_new else 200)


@get(
    "/v1/customers/{id:str}/waits",
    **operation(
        "wait_list",
        "Rewards",
        "Read what a customer waits for",
        needs=Scope.READ,
        gives={200: WaitList},
        refuses=(404,),
    ),
)
async def wait_list(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Every wait with the place in line, the latest first; one that is over says what became of it."""
    door, caller = admitted(request)
    return written(await waits_of(door.handler, caller.workspace_id, plain_segment(id)))


@delete(
    "/v1/customers/{id:str}/waits/{wait:str}",
    status_code=200,
    **operation(
        "wait_leave",
        "Rewards",
        "Leave the line",
        needs=Scope.WRITE,
        instead=(Scope.MEMBERS,),
        gives={200: WaitView},
        refuses=(404, 410),
    ),
)
async def wait_leave(request: Request[Any, Any, Any], id: ExternalId, wait: WaitId) -> Response[Any]:
    """Whoever stands behind moves up. A wait that is over stays as it is."""
    door, caller = admitted(request)
    customer, name = plain_segment(id), plain_segment(wait)
    return written(await leave_line(door.handler, caller.workspace_id, customer, name))


WAIT_ROUTES = [wait_post, wait_list, wait_leave]
