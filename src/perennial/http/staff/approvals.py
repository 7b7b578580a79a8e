"""Approvals over HTTP: what somebody has asked for, and the second person who wants it too or does not."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, cast

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from msgspec import Meta

from perennial.core.explaining.retelling import retell
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.flows.approvals import approvals_of, approve, reject
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import (
    Cursor,
    ExternalId,
    Limit,
    admitted,
    body_of,
    operation,
    spoken_in,
    written,
)
from perennial.http.staff.me import read_uuid
from perennial.store.staff.approvals import ApprovalRow
from perennial.units import format_instant

ApprovalState: TypeAlias = Literal["requested", "rejected", "approved", "done", "failed"]
"""How far it is: nobody has decided; rejected; approved and being done; done, or refused as it was."""


class ApprovalView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Something that two people must want. `summary` says what, `answer` what came of it."""

    approval: str
    kind: str
    object: str
    summary: dict[str, Any]
    state: ApprovalState
    requested_by: str
    requested_at: str
    decided_by: str | None = None
    decided_at: str | None = None
    reason: str | None = None
    answer: Any = None


class ApprovalList(msgspec.Struct, frozen=True):
    """A page of what was asked for, the latest first; `next_cursor` is null on the last page."""

    data: tuple[ApprovalView, ...]
    next_cursor: str | None


class DecisionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why somebody decides so."""

    reason: Annotated[str, Meta(min_length=1, max_length=1_000)] | None = None


def approval_view(row: ApprovalRow, language: Language = ENGLISH) -> ApprovalView:
    """Return what is told of something that was asked for; why it failed in ``language``."""
    answer = None if row.answer is None else msgspec.json.decode(row.answer)
    if row.state == "failed" and answer is not None:
        answer |= {name: retell(answer[name], language) for name in ("title", "detail")}
    return ApprovalView(
        approval=str(row.approval_id),
        kind=row.kind,
        object=row.object,
        summary=msgspec.json.decode(row.summary),
        state=cast(ApprovalState, row.state),
        requested_by=row.requested_actor,
        requested_at=format_instant(row.requested_at),
        decided_by=row.decided_actor,
        decided_at=None if row.decided_at is None else format_instant(row.decided_at),
        reason=row.reason,
        answer=answer,
    )


@get(
    "/v1/approvals",
    **operation(
        "approval_list",
        "Staff",
        "List what waits for a second person",
        needs=Scope.APPROVE,
        instead=(Scope.PROGRAMS, Scope.ADJUST),
        gives={200: ApprovalList},
    ),
)
async def approval_list(
    request: Request[Any, Any, Any],
    status: Annotated[
        str, QueryParameter(pattern="^(requested|rejected|approved|done|failed)?$", max_length=10)
    ] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response[Any]:
    """What somebody has asked for, with what became of it."""
    door, caller = admitted(request)
    found, following = await approvals_of(door.database, caller.workspace_id, status, cursor or None, limit)
    language = spoken_in(request)
    return written(ApprovalList(tuple(approval_view(row, language) for row in found), following))


@post(
    "/v1/approvals/{id:str}/approve",
    status_code=200,
    **operation(
        "approval_approve",
        "Staff",
        "Approve and do it",
        needs=Scope.APPROVE,
        takes=DecisionBody,
        gives={200: ApprovalView},
        refuses=(404, 409, 410),
    ),
)
async def approval_approve(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Does what was asked for, once. It takes the scope for that as well, and never the one who asked.

    The `answer` to a version has its `assessment`, as a publication without a second person tells it.
    """
    door, caller = admitted(request)
    data = await body_of(request, DecisionBody)
    approval_id = read_uuid(id, "approval_unknown")
    row = await approve(door.database, door.intake, caller, approval_id, data.reason, spoken_in(request))
    return written(approval_view(row))


@post(
    "/v1/approvals/{id:str}/reject",
    status_code=200,
    **operation(
        "approval_reject",
        "Staff",
        "Reject what was asked for",
        needs=Scope.APPROVE,
        takes=DecisionBody,
        gives={200: ApprovalView},
        refuses=(404, 409, 410),
    ),
)
async def approval_reject(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """For good; nothing of it is done."""
    door, caller = admitted(request)
    data = await body_of(request, DecisionBody)
    row = await reject(door.database, caller, read_uuid(id, "approval_unknown"), data.reason)
    return written(approval_view(row))


APPROVAL_ROUTES = [approval_list, approval_approve, approval_reject]
