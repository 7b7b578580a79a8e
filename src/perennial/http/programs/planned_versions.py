"""Versions that are planned: a draft that is published at an instant, and what became of it."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal, TypeAlias, cast

import msgspec
from litestar import Request, Response, delete, get, put
from msgspec import Meta

from perennial.flows.answers import FieldProblem
from perennial.flows.approvals import PlannedPublication, ask_to_publish, or_ask
from perennial.flows.programs.life import Author, get_draft
from perennial.flows.programs.planned_versions import Planned, cancel_plan, plan_version, plans_of
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import ExternalId, Limit, admitted, body_of, operation, told, written
from perennial.http.door.paths import plain_segment
from perennial.http.programs.programs import despite
from perennial.http.staff.approvals import ApprovalView, approval_view
from perennial.store.staff.approvals import ApprovalRow
from perennial.units import format_instant

PlanState: TypeAlias = Literal["waiting", "published", "failed", "canceled", "overtaken"]
"""How it went: it waits; it was published; something was in the way; somebody canceled it, or was first."""


class PlanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """When the draft is to be published: local time of the program's zone, or an instant with an offset.

    ``revision`` is that of the draft which you have seen. ``despite_cases`` as when publishing.
    """

    publish_at: Annotated[str, Meta(min_length=10, max_length=35, examples=["2026-11-27T09:00"])]
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    note: Annotated[str, Meta(max_length=1_000)] = ""
    despite_cases: bool = False


class PlanFailure(msgspec.Struct, frozen=True):
    """Why nothing was published: as a problem says it, with every field that was wrong."""

    code: str
    detail: str
    errors: tuple[FieldProblem, ...] = ()


class PlanView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A draft that is published at `publish_at`; `changed` says that it says something else by now.

    It has to be planned anew then. `ended_at` and `ended_by` say when and by whom it came to its end,
    `version` what was published, `failure` why nothing was.
    """

    program: str
    publish_at: str
    time_zone: str
    state: PlanState
    planned_by: str
    planned_at: str
    note: str = ""
    despite_cases: bool = False
    changed: bool = False
    ended_at: str | None = None
    ended_by: str | None = None
    version: int | None = None
    failure: PlanFailure | None = None


class PlanList(msgspec.Struct, frozen=True):
    """What is planned, and what was, the latest first."""

    data: tuple[PlanView, ...]


def _view(planned: Planned) -> PlanView:
    row = planned.row
    return PlanView(
        program=planned.program,
        publish_at=format_instant(row.publish_at),
        time_zone=planned.zone,
        state=cast(PlanState, row.state),
        planned_by=row.actor,
        planned_at=format_instant(row.planned_at),
        note=row.note,
        despite_cases=row.despite_cases,
        changed=planned.changed,
        ended_at=None if row.ended_at is None else format_instant(row.ended_at),
        ended_by=row.ended_by,
        version=row.version,
        failure=None if row.problem is None else msgspec.json.decode(row.problem, type=PlanFailure),
    )


def _author(request: Request[Any, Any, Any], note: str = "", *, despite_cases: bool = False) -> Author:
    door, caller = admitted(request)
    return Author(
        actor=caller.actor,
        at=time.time_ns() // 1_000,
        note=note,
        alone=True,
        despite_cases=despite_cases,
        codebook=door.handler.codebook,
    )


@get(
    "/v1/programs/{id:str}/planned",
    **operation(
        "plan_list",
        "Programs",
        "List what is planned",
        needs=Scope.READ,
        gives={200: PlanList},
        refuses=(404,),
    ),
)
async def plan_list(request: Request[Any, Any, Any], id: ExternalId, limit: Limit = 20) -> Response[Any]:
    """The draft that waits to be published, if there is one, and what became of those before."""
    door, caller = admitted(request)
    found = await plans_of(door.database, caller.workspace_id, plain_segment(id), limit)
    return told(request, PlanList(tuple(_view(each) for each in found)))


@put(
    "/v1/programs/{id:str}/planned",
    **operation(
        "plan_put",
        "Programs",
        "Plan to publish the draft",
        needs=Scope.PROGRAMS,
        takes=PlanBody,
        gives={200: PlanView, 202: ApprovalView},
        refuses=(404, 409, 503),
    ),
)
async def plan_put(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Publishes the draft, as it is now, at an instant; a plan that waits already is replaced.

    It must be possible now, and everything is looked at again then. A draft that was changed since is not
    published: plan it again.
    """
    door, caller = admitted(request)
    data = await body_of(request, PlanBody)
    code, seen = plain_segment(id), data.revision
    author = _author(request, data.note, despite_cases=despite(caller, data.despite_cases))

    async def ask() -> ApprovalRow:
        revision = seen
        if revision is None:
            revision = (await get_draft(door.database, caller.workspace_id, code)).revision
        asked = PlannedPublication(code, revision, data.publish_at, data.note, data.despite_cases)
        return await ask_to_publish(door.database, caller, asked)

    planned = await or_ask(
        lambda: plan_version(door.database, caller.workspace_id, code, data.publish_at, author, seen), ask
    )
    if isinstance(planned, ApprovalRow):
        return written(approval_view(planned), 202)
    return told(request, _view(planned))


@delete(
    "/v1/programs/{id:str}/planned",
    status_code=200,
    **operation(
        "plan_cancel",
        "Programs",
        "Cancel what is planned",
        needs=Scope.PROGRAMS,
        gives={200: PlanView},
        refuses=(404,),
    ),
)
async def plan_cancel(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The draft stays as it is, and nothing is published."""
    door, caller = admitted(request)
    code = plain_segment(id)
    ended = await cancel_plan(door.database, caller.workspace_id, code, _author(request))
    return told(request, _view(ended))


PLAN_ROUTES = [plan_list, plan_put, plan_cancel]
