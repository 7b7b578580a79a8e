"""Two customers who are one person: what a merge would do, doing it, and what was merged."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter

from perennial.core.orders.order import Name
from perennial.flows.approvals import ask_to_merge, needs_approval
from perennial.flows.commands import MergeCustomers
from perennial.flows.customers.merge_answers import MergeAnswer
from perennial.flows.customers.merges_of import MergeList, merges_of
from perennial.flows.customers.merging import merge_customers, preview_merge
from perennial.flows.staff.scopes import Scope
from perennial.http.door.exchange import headers_of, idempotency_key
from perennial.http.door.operation import (
    ExternalId,
    admitted,
    answered,
    body_of,
    connection_of,
    operation,
    told,
    written,
)
from perennial.http.door.paths import plain_segment
from perennial.http.requests import OnceId, Reason, once_id
from perennial.http.staff.approvals import ApprovalView, approval_view

Into = Annotated[
    str,
    QueryParameter(
        min_length=1,
        max_length=200,
        pattern=r"^[^\u0000-\u001f\u007f-\u009f]+$",
        description="your own id of the customer who stays",
    ),
]


class MergeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Who the customer is part of from now on, and why."""

    into: Name
    reason: Reason
    id: OnceId | None = None


@post(
    "/v1/customers/{id:str}/merge",
    **operation(
        "merge_post",
        "Customers",
        "Merge a customer into another one",
        needs=Scope.ADJUST,
        takes=MergeBody,
        once=True,
        gives={200: MergeAnswer, 201: MergeAnswer, 202: ApprovalView},
        refuses=(404, 409, 410),
    ),
)
async def merge_post(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """For good, in one step, once per id: the customer becomes part of ``into``, with all that was theirs.

    Points keep their dates. From then on the old id answers for the survivor. Where the workspace wants two
    people for so many points, the answer is 202 and somebody else has to approve it. It cannot be undone:
    read the preview first.
    """
    door, caller = admitted(request)
    data = await body_of(request, MergeBody)
    command = MergeCustomers(
        id=once_id(data.id, idempotency_key(headers_of(connection_of(request)))),
        customer=plain_segment(id),
        into=data.into,
        reason=data.reason,
        actor=caller.actor,
        most=None if caller.person is None else caller.person.credit_most,
    )
    answer = await merge_customers(door.handler, caller.workspace_id, command)
    if needs_approval(answer):
        return written(approval_view(await ask_to_merge(door.database, caller, command)), 202)
    return answered(request, answer)


@get(
    "/v1/customers/{id:str}/merge",
    **operation(
        "merge_preview",
        "Customers",
        "Preview a merge",
        needs=Scope.ADJUST,
        gives={200: MergeAnswer},
        refuses=(404, 409, 410),
    ),
)
async def merge_preview(request: Request[Any, Any, Any], id: ExternalId, into: Into) -> Response[Any]:
    """What would move, how the survivor would stand, and what both have of which one can be kept.

    It is worked out by the very steps of the merge, which are undone: nothing changes.
    """
    door, caller = admitted(request)
    return told(request, await preview_merge(door.handler, caller.workspace_id, plain_segment(id), into))


@get(
    "/v1/customers/{id:str}/merges",
    **operation(
        "merge_list",
        "Customers",
        "Read who was merged into a customer",
        needs=Scope.READ,
        gives={200: MergeList},
        refuses=(404,),
    ),
)
async def merge_list(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Every customer who is part of this one, with who merged them, when and why, the first one first."""
    door, caller = admitted(request)
    return written(await merges_of(door.handler, caller.workspace_id, plain_segment(id)))


MERGE_ROUTES = [merge_post, merge_preview, merge_list]
