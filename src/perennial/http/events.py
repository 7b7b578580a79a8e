"""Events: what customers do besides buying."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post

from perennial.core.languages import LANGUAGES
from perennial.flows.answers import Answer, Decided
from perennial.flows.explaining import ExplainedEvent, explain_event
from perennial.flows.staff.keys import Key
from perennial.flows.staff.scopes import Scope
from perennial.http.door.door import Door
from perennial.http.door.exchange import headers_of, idempotency_key
from perennial.http.door.language import LanguageName
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
from perennial.http.requests import EventBody, event_command, once_id


async def post_event(door: Door, caller: Key, key: str | None, body: EventBody) -> Answer:
    """Judge a custom event in every program, once per id."""
    command = event_command(once_id(body.id, key), body)
    return await door.intake.submit(caller.workspace_id, command)


@post(
    "/v1/events",
    **operation(
        "event_post",
        "Events",
        "Report an event",
        needs=Scope.WRITE,
        takes=EventBody,
        once=True,
        gives={200: Decided, 201: Decided},
        refuses=(409, 410),
    ),
)
async def event_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """Something that a customer did, of a type that a program declares: a review, a visit, a survey.

    It is judged as of the time at which it happened, once per id.
    """
    door, caller = admitted(request)
    data = await body_of(request, EventBody)
    return answered(
        request, await post_event(door, caller, idempotency_key(headers_of(connection_of(request))), data)
    )


@get(
    "/v1/events/{id:str}/explanation",
    **operation(
        "event_explain",
        "Events",
        "Explain an event",
        needs=Scope.READ,
        gives={200: ExplainedEvent},
        refuses=(404,),
    ),
)
async def event_explain(
    request: Request[Any, Any, Any], id: ExternalId, language: LanguageName = "en"
) -> Response[Any]:
    """Every rule that fired or did not, and why, with the numbers, said in `language`."""
    door, caller = admitted(request)
    return written(
        await explain_event(door.handler, caller.workspace_id, plain_segment(id), LANGUAGES[language])
    )


EVENT_ROUTES = [event_post, event_explain]
