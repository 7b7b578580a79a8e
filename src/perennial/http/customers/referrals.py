"""Referrals: who was referred by whom, what staff has to look at, and how a member refers others."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import PathParameter, QueryParameter

from perennial.core.kinds.rule import Identifier
from perennial.core.orders.order import Name
from perennial.core.referrals.referrals import ReferralState
from perennial.flows.answers import FieldProblem
from perennial.flows.referral_views import ReferralView
from perennial.flows.referrals.details import ReferralDetail, read_referral_detail
from perennial.flows.referrals.lists import (
    ReferralHome,
    ReferralPage,
    list_all_referrals,
    read_home,
    review_referral,
)
from perennial.flows.referring.refer import Refer, refer
from perennial.flows.staff.scopes import Scope
from perennial.flows.traces import Context
from perennial.http.door.instants import read_instant
from perennial.http.door.operation import (
    Cursor,
    ExternalId,
    Limit,
    admitted,
    answered,
    body_of,
    operation,
    spoken_in,
    told,
    written,
)
from perennial.http.door.paths import plain_segment
from perennial.http.door.problems import bad_fields
from perennial.http.requests import Reason, ReferralCode, When

_STATES = "|".join(state.word for state in ReferralState)
_BY_WORD = {state.word: state for state in ReferralState}

InState = Annotated[
    str,
    QueryParameter(
        # The router keeps the name "state" for itself.
        name="state",
        pattern=f"^({_STATES}|)$",
        description="one state; `in_review` is the queue of what staff has to look at; empty: all",
    ),
]
OfProgram = Annotated[str, QueryParameter(max_length=63, description="a program; empty: all")]
OfCustomer = Annotated[str, QueryParameter(max_length=200, description="the friend; empty: all")]
OfAdvocate = Annotated[str, QueryParameter(max_length=200, description="the advocate; empty: all")]
ReferralId = Annotated[str, PathParameter(min_length=1, max_length=600, description="the id of a referral")]


class ReferralBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """``customer`` was referred: by the member whose ``code`` it is, or by the ``advocate`` who is named.

    An advocate is named with the ``program`` where several have referrals. ``context`` says from where the
    friend came.
    """

    customer: Name
    code: ReferralCode | None = None
    advocate: Name | None = None
    program: Identifier | None = None
    context: Context | None = None
    occurred_at: When | None = None


class ReviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why it goes on, or does not."""

    reason: Reason


@post(
    "/v1/referrals",
    **operation(
        "referral_post",
        "Referrals",
        "Refer a customer",
        needs=Scope.WRITE,
        takes=ReferralBody,
        gives={200: ReferralView, 201: ReferralView},
        refuses=(409, 410),
    ),
)
async def referral_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """A customer is referred once per program, and the first who did stays the one.

    Sent again it answers with the referral as it is; another advocate is a 409. A friend who is new comes
    into being with it. An order, or a customer that is created, may bring the code with it instead.
    """
    door, caller = admitted(request)
    data = await body_of(request, ReferralBody)
    if (data.code is None) is (data.advocate is None):
        words = "name either the code or the advocate"
        raise bad_fields(422, FieldProblem(path="$.code", code="code_or_advocate", message=words))
    asked = Refer(
        friend=data.customer,
        code=data.code,
        advocate=data.advocate,
        program=data.program,
        context=data.context or Context(),
        at=None if data.occurred_at is None else read_instant(data.occurred_at, "$.occurred_at"),
    )
    found = await refer(door.handler, caller.workspace_id, asked)
    return written(found.view, 201 if found.is_new else 200)


@get(
    "/v1/referrals",
    **operation(
        "referral_list",
        "Referrals",
        "List referrals",
        needs=Scope.READ,
        gives={200: ReferralPage},
    ),
)
async def referral_list(
    request: Request[Any, Any, Any],
    in_state: InState = "",
    program: OfProgram = "",
    customer: OfCustomer = "",
    advocate: OfAdvocate = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response[Any]:
    """Every referral of the workspace, the oldest first; `state=in_review` is what staff has to look at."""
    door, caller = admitted(request)
    page = await list_all_referrals(
        door.handler,
        caller.workspace_id,
        state=_BY_WORD.get(in_state),
        program=program or None,
        customer=customer or None,
        advocate=advocate or None,
        cursor=cursor or None,
        limit=limit,
    )
    return written(page)


@get(
    "/v1/referrals/{id:str}",
    **operation(
        "referral_get",
        "Referrals",
        "Read a referral with its evidence",
        needs=Scope.READ,
        gives={200: ReferralDetail},
        refuses=(404,),
    ),
)
async def referral_get(request: Request[Any, Any, Any], id: ReferralId) -> Response[Any]:
    """Everything that is known of it: signals and what was found, what converted it, who got what and why.

    The evidence is that of this moment. What rules gave for the conversion is explained again.
    """
    door, caller = admitted(request)
    code, language = plain_segment(id), spoken_in(request)
    return told(request, await read_referral_detail(door.handler, caller.workspace_id, code, language))


@post(
    "/v1/referrals/{id:str}/approve",
    status_code=200,
    **operation(
        "referral_approve",
        "Referrals",
        "Let a referral in review go on",
        needs=Scope.ADJUST,
        takes=ReviewBody,
        gives={200: ReferralView},
        refuses=(404, 409, 410),
    ),
)
async def referral_approve(request: Request[Any, Any, Any], id: ReferralId) -> Response[Any]:
    """It goes on where it stopped, and no signal of fraud is looked at again. It is in the audit log."""
    return await _review(request, id, approve=True)


@post(
    "/v1/referrals/{id:str}/reject",
    status_code=200,
    **operation(
        "referral_reject",
        "Referrals",
        "Reject a referral in review",
        needs=Scope.ADJUST,
        takes=ReviewBody,
        gives={200: ReferralView},
        refuses=(404, 409, 410),
    ),
)
async def referral_reject(request: Request[Any, Any, Any], id: ReferralId) -> Response[Any]:
    """Nobody gets anything for it. It is in the audit log."""
    return await _review(request, id, approve=False)


async def _review(request: Request[Any, Any, Any], referral: str, *, approve: bool) -> Response[Any]:
    door, caller = admitted(request)
    data = await body_of(request, ReviewBody)
    answer = await review_referral(
        door.intake,
        caller.workspace_id,
        plain_segment(referral),
        approve=approve,
        actor=caller.actor,
        reason=data.reason,
    )
    return answered(request, answer)


@get(
    "/v1/customers/{id:str}/referral",
    **operation(
        "customer_referral",
        "Customers",
        "Read how a customer refers others",
        needs=Scope.READ,
        gives={200: ReferralHome},
        refuses=(404,),
    ),
)
async def customer_referral(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The code and the link in every program with referrals, and how many referrals are in each state.

    A member who has no code yet gets one with the first look. It stays theirs.
    """
    door, caller = admitted(request)
    return written(await read_home(door.handler, caller.workspace_id, plain_segment(id)))


REFERRAL_ROUTES = [
    referral_post,
    referral_list,
    referral_get,
    referral_approve,
    referral_reject,
    customer_referral,
]
