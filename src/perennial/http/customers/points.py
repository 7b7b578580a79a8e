"""Points that are used or moved by hand: claims, adjustments, transfers, manual tiers."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post

from perennial.flows.answers import Decided
from perennial.flows.approvals import ask_for_credit, needs_approval
from perennial.flows.commands import Identified, PostAdjustment
from perennial.flows.staff.scopes import Scope
from perennial.flows.transfer import transfer
from perennial.http.customers.giving import by_hand
from perennial.http.door.exchange import headers_of, idempotency_key
from perennial.http.door.operation import (
    ExternalId,
    admitted,
    answered,
    body_of,
    connection_of,
    operation,
    written,
)
from perennial.http.door.paths import plain_segment
from perennial.http.requests import (
    AdjustmentBody,
    ClaimBody,
    TierBody,
    TransferBody,
    adjustment_command,
    claim_command,
    once_id,
    tier_command,
    transfer_command,
)
from perennial.http.staff.approvals import ApprovalView, approval_view

_DECIDED = {200: Decided, 201: Decided}


@post(
    "/v1/customers/{id:str}/claims",
    **operation(
        "claim_post",
        "Points",
        "Exchange points for a reward",
        needs=Scope.WRITE,
        instead=(Scope.MEMBERS,),
        takes=ClaimBody,
        once=True,
        gives=_DECIDED,
        refuses=(404, 409, 410),
    ),
)
async def claim_post(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Takes the points and issues the voucher in one step, once per id.

    A claim that the balance, the tier or a limit does not allow is refused with the numbers, and changes
    nothing.
    """
    door, caller = admitted(request)
    data = await body_of(request, ClaimBody)
    claim_id = once_id(data.id, idempotency_key(headers_of(connection_of(request))))
    command = claim_command(plain_segment(id), None, claim_id, data)
    return answered(request, await door.intake.submit(caller.workspace_id, command))


@post(
    "/v1/adjustments",
    **operation(
        "adjustment_post",
        "Points",
        "Correct a balance by hand",
        needs=Scope.ADJUST,
        takes=AdjustmentBody,
        once=True,
        gives={**_DECIDED, 202: ApprovalView},
        refuses=(404, 409, 410),
    ),
)
async def adjustment_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """Adds points, or takes them with a negative number, with a reason for the audit log.

    A person gives no more than the role allows. Where the workspace wants two people for so many points,
    the answer is 202 and somebody else has to approve it.
    """
    door, caller = admitted(request)
    data = await body_of(request, AdjustmentBody)
    adjustment_id = once_id(data.id, idempotency_key(headers_of(connection_of(request))))
    command = by_hand(adjustment_command(adjustment_id, caller.actor, data), caller)
    answer = await door.intake.submit(caller.workspace_id, command)
    if needs_approval(answer) and isinstance(command, PostAdjustment | Identified):
        return written(approval_view(await ask_for_credit(door.handler, caller, command)), 202)
    return answered(request, answer)


@post(
    "/v1/transfers",
    **operation(
        "transfer_post",
        "Points",
        "Move points between customers",
        needs=Scope.ADJUST,
        takes=TransferBody,
        once=True,
        gives=_DECIDED,
        refuses=(404, 409, 410),
    ),
)
async def transfer_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """The points keep the dates that they have: a transfer never prolongs their life."""
    door, caller = admitted(request)
    data = await body_of(request, TransferBody)
    most = None if caller.person is None else caller.person.credit_most
    command = transfer_command(once_id(data.id, idempotency_key(headers_of(connection_of(request)))), data)
    return answered(request, await transfer(door.handler, caller.workspace_id, command, most))


@post(
    "/v1/customers/{id:str}/memberships/{program:str}/tier",
    **operation(
        "tier_assign",
        "Points",
        "Set or lift a manual tier",
        needs=Scope.ADJUST,
        takes=TierBody,
        once=True,
        gives=_DECIDED,
        refuses=(404, 409, 410),
    ),
)
async def tier_assign(request: Request[Any, Any, Any], id: ExternalId, program: ExternalId) -> Response[Any]:
    """A floor under the member's tier, whatever the figures say; null lifts it."""
    door, caller = admitted(request)
    data = await body_of(request, TierBody)
    if caller.person is not None:
        data = msgspec.structs.replace(data, actor=None)
    assignment_id = once_id(data.id, idempotency_key(headers_of(connection_of(request))))
    command = tier_command(plain_segment(id), plain_segment(program), assignment_id, caller.actor, data)
    return answered(request, await door.intake.submit(caller.workspace_id, command))


POINTS_ROUTES = [claim_post, adjustment_post, transfer_post, tier_assign]
