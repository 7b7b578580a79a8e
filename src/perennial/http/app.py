"""The application: every route of the API, declared once, behind the fast lane."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, get_type_hints

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException
from litestar.params import QueryParameter

from perennial.flows.answers import FieldProblem, Problem
from perennial.http.batch import BATCH_ROUTES
from perennial.http.brand import BRAND_ROUTES
from perennial.http.checkout.cards import CARD_ROUTES
from perennial.http.checkout.checkout import CHECKOUT_ROUTES
from perennial.http.checkout.device_blocks import DEVICE_BLOCK_ROUTES
from perennial.http.checkout.rewards import REWARD_ROUTES
from perennial.http.checkout.till import TILL_ROUTES
from perennial.http.checkout.vouchers import VOUCHER_ROUTES
from perennial.http.checkout.waits import WAIT_ROUTES
from perennial.http.console import CONSOLE_ROUTES
from perennial.http.customers.challenges import CHALLENGE_ROUTES
from perennial.http.customers.consents import CONSENT_ROUTES
from perennial.http.customers.customers import CUSTOMER_ROUTES
from perennial.http.customers.merges import MERGE_ROUTES
from perennial.http.customers.messages import MESSAGE_ROUTES
from perennial.http.customers.points import POINTS_ROUTES
from perennial.http.customers.referrals import REFERRAL_ROUTES
from perennial.http.customers.segments import SEGMENT_ROUTES
from perennial.http.door.door import MAX_BODY_BYTES, Door
from perennial.http.door.exchange import ClientGoneError, extra_headers, too_large
from perennial.http.door.operation import guard, identity_of, spoken_in
from perennial.http.door.problems import MEDIA_TYPE, bad_fields, bad_request, problem_of, write_problem
from perennial.http.events import EVENT_ROUTES
from perennial.http.fast_lane import FastLane
from perennial.http.health import HEALTH_ROUTES
from perennial.http.orders import ORDER_ROUTES
from perennial.http.programs.backfills import BACKFILL_ROUTES
from perennial.http.programs.budgets import BUDGET_ROUTES
from perennial.http.programs.campaigns import CAMPAIGN_ROUTES
from perennial.http.programs.clock import CLOCK_ROUTES
from perennial.http.programs.conditions import CONDITION_ROUTES
from perennial.http.programs.conversions import CONVERSION_ROUTES
from perennial.http.programs.experiments import EXPERIMENT_ROUTES
from perennial.http.programs.launch import LAUNCH_ROUTES
from perennial.http.programs.planned_versions import PLAN_ROUTES
from perennial.http.programs.programs import PROGRAM_ROUTES
from perennial.http.programs.simulations import SIMULATION_ROUTES
from perennial.http.programs.surroundings import SURROUNDING_ROUTES
from perennial.http.programs.switches import SWITCH_ROUTES
from perennial.http.programs.templates import TEMPLATE_ROUTES
from perennial.http.reference.openapi import describe
from perennial.http.reference.reference_page import REFERENCE_ROUTES
from perennial.http.reports import REPORT_ROUTES
from perennial.http.staff.api_keys import KEY_ROUTES
from perennial.http.staff.approvals import APPROVAL_ROUTES
from perennial.http.staff.audit_log import AUDIT_ROUTES
from perennial.http.staff.desk import DESK_ROUTES
from perennial.http.staff.factors import FACTOR_ROUTES
from perennial.http.staff.me import ME_ROUTES
from perennial.http.staff.sign_in import SIGN_IN_ROUTES
from perennial.http.staff.single_sign_on import SINGLE_SIGN_ON_PAGES, SINGLE_SIGN_ON_ROUTES
from perennial.http.staff.staff import STAFF_ROUTES
from perennial.http.unsubscribe import UNSUBSCRIBE_PAGES

ROUTES = [
    *ORDER_ROUTES,
    *EVENT_ROUTES,
    *BATCH_ROUTES,
    *CUSTOMER_ROUTES,
    *CONSENT_ROUTES,
    *MESSAGE_ROUTES,
    *DESK_ROUTES,
    *MERGE_ROUTES,
    *POINTS_ROUTES,
    *REFERRAL_ROUTES,
    *CONVERSION_ROUTES,
    *REWARD_ROUTES,
    *WAIT_ROUTES,
    *CHALLENGE_ROUTES,
    *CHECKOUT_ROUTES,
    *VOUCHER_ROUTES,
    *CARD_ROUTES,
    *TILL_ROUTES,
    *DEVICE_BLOCK_ROUTES,
    *PLAN_ROUTES,
    *BACKFILL_ROUTES,
    *PROGRAM_ROUTES,
    *EXPERIMENT_ROUTES,
    *CAMPAIGN_ROUTES,
    *TEMPLATE_ROUTES,
    *LAUNCH_ROUTES,
    *BRAND_ROUTES,
    *SIMULATION_ROUTES,
    *REPORT_ROUTES,
    *SURROUNDING_ROUTES,
    *SEGMENT_ROUTES,
    *CONDITION_ROUTES,
    *SWITCH_ROUTES,
    *BUDGET_ROUTES,
    *CLOCK_ROUTES,
    *SIGN_IN_ROUTES,
    *SINGLE_SIGN_ON_ROUTES,
    *ME_ROUTES,
    *FACTOR_ROUTES,
    *STAFF_ROUTES,
    *APPROVAL_ROUTES,
    *KEY_ROUTES,
    *AUDIT_ROUTES,
    *HEALTH_ROUTES,
    *REFERENCE_ROUTES,
]

_REFUSALS = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not know the method."),
}

_MISSING = re.compile(r"parameter '([a-z_]+)'")

OpenDoor = Callable[[], AbstractAsyncContextManager[Door]]


@functools.cache
def api_document() -> dict[str, Any]:
    """Return the OpenAPI document of all routes."""
    return describe(ROUTES)


def api_document_text() -> str:
    """Return the OpenAPI document as the text that is checked in."""
    return json.dumps(api_document(), indent=2, ensure_ascii=False) + "\n"


def build_routed(open_door: OpenDoor, max_body_bytes: int = MAX_BODY_BYTES) -> Litestar:
    """Return the application without its fast lane; the door is open from startup to shutdown."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with open_door() as door:
            app.state.door = door
            yield

    return Litestar(
        [*ROUTES, *SINGLE_SIGN_ON_PAGES, *UNSUBSCRIBE_PAGES, *CONSOLE_ROUTES],
        guards=[guard],
        exception_handlers={HTTPException: _refused, ClientGoneError: _gone, Exception: _failed},
        openapi_config=None,
        lifespan=[lifespan],
        state=State({"api_document": api_document}),
        logging_config=None,
        request_max_body_size=max_body_bytes,
    )


def build_app(open_door: OpenDoor, max_body_bytes: int = MAX_BODY_BYTES) -> FastLane:
    """Return the whole application of one worker."""
    return FastLane(build_routed(open_door, max_body_bytes))


def _refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what the router refused: unknown addresses, wrong methods, wrong parameters."""
    if isinstance(error, ValidationException):
        return _send(request, _wrong_parameters(request, error))
    if error.status_code >= 500:
        return _failed(request, error)
    if error.status_code == 413:
        return _send(request, too_large(Door.of(request.app.state).max_body_bytes).problem)
    code, words = _REFUSALS.get(error.status_code, ("bad_request", "The request cannot be read."))
    response = _send(request, bad_request(error.status_code, code, words).problem)
    for name, value in (error.headers or {}).items():
        if name.lower() == "allow":
            response.headers["Allow"] = value
    return response


def _wrong_parameters(request: Request[Any, Any, Any], error: ValidationException) -> Problem:
    """Name the parameters that the router refused; it tells a missing one in its words only."""
    found = error.extra if isinstance(error.extra, list) else []
    fields = [
        FieldProblem(
            path=f"{_source_of(item)}.{_in_address(request, item.get('key', ''))}",
            code="invalid_parameter",
            message=str(item.get("message", "is not valid")).replace("`", "")[:300],
        )
        for item in found
        if isinstance(item, dict)
    ]
    if not fields:
        name = _MISSING.search(error.detail)
        path = f"query.{_in_address(request, name[1])}" if name else "query"
        fields = [FieldProblem(path=path, code="invalid_parameter", message="the parameter is required")]
    return bad_fields(422, *fields).problem


def _source_of(item: dict[str, Any]) -> str:
    """Return where a refused parameter stands: ``query`` or ``path``."""
    return str(getattr(item.get("source"), "value", "query"))


def _in_address(request: Request[Any, Any, Any], key: str) -> str:
    """Return the name that a parameter has in the address; some have another one in the code."""
    hint = get_type_hints(request.route_handler.fn, include_extras=True).get(key)
    for each in getattr(hint, "__metadata__", ()):
        if isinstance(each, QueryParameter) and each.name:
            return each.name
    return key


def _gone(_request: Request[Any, Any, Any], _error: ClientGoneError) -> Response[bytes]:
    """End the request of a caller who hung up; the status is for the figures, nobody receives it."""
    return Response(content=b"", status_code=499)


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    return _send(request, problem_of(error, identity_of(request)))


def _send(request: Request[Any, Any, Any], problem: Problem) -> Response[bytes]:
    headers = {name.decode(): value.decode() for name, value in extra_headers(problem.status, False)}
    return Response(
        content=write_problem(problem, identity_of(request), spoken_in(request)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )
