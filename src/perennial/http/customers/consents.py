"""Consents over HTTP: what a customer said is recorded, and what was said before is read."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post

from perennial.flows.consent_views import ConsentView
from perennial.flows.customers.consents import ConsentPage, consents_of, say_consents
from perennial.flows.staff.scopes import Scope
from perennial.http.consent_bodies import ConsentsBody, said_in
from perennial.http.door.operation import Cursor, ExternalId, Limit, admitted, body_of, operation, written
from perennial.http.door.paths import plain_segment


class StandingConsents(msgspec.Struct, frozen=True):
    """What stands now of each channel and purpose."""

    consents: tuple[ConsentView, ...]


@get(
    "/v1/customers/{id:str}/consents",
    **operation(
        "consent_list",
        "Customers",
        "Read the consents",
        needs=Scope.READ,
        instead=(Scope.MEMBERS,),
        gives={200: ConsentPage},
        refuses=(404,),
    ),
)
async def consent_list(
    request: Request[Any, Any, Any], id: ExternalId, limit: Limit = 50, cursor: Cursor = ""
) -> Response[Any]:
    """All that the customer has said about channels and purposes, what was said last first.

    What stands now is among what `GET /v1/customers/{id}` answers.
    """
    door, caller = admitted(request)
    customer = plain_segment(id)
    page = await consents_of(door.handler, caller.workspace_id, customer, cursor=cursor or None, limit=limit)
    return written(page)


@post(
    "/v1/customers/{id:str}/consents",
    status_code=200,
    **operation(
        "consent_post",
        "Customers",
        "Record consents",
        needs=Scope.WRITE,
        instead=(Scope.MEMBERS,),
        takes=ConsentsBody,
        gives={200: StandingConsents},
        refuses=(404, 410),
    ),
)
async def consent_post(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """What the customer gave or withdrew, each for one purpose over one channel: all or nothing.

    The later one of a channel and a purpose stands, whichever arrives first. The customer has to be there.
    """
    door, caller = admitted(request)
    data = await body_of(request, ConsentsBody)
    said = said_in(data.consents)
    return written(StandingConsents(await say_consents(door.handler, caller, plain_segment(id), said)))


CONSENT_ROUTES = [consent_list, consent_post]
