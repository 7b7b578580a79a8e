"""Challenges of a customer: how far each is, and starting one that begins on request."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import QueryParameter

from perennial.flows.answers import Decided
from perennial.flows.challenges import ChallengeList, read_challenges
from perennial.flows.commands import StartChallenge
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import ExternalId, admitted, answered, operation, told
from perennial.http.door.paths import plain_segment

GivenProgram = Annotated[
    str,
    QueryParameter(
        pattern="^([a-z][a-z0-9_-]{0,62})?$",
        max_length=63,
        description="the program, where several have a challenge of this id",
    ),
]


@get(
    "/v1/customers/{id:str}/challenges",
    **operation(
        "challenge_list",
        "Customers",
        "Read the challenges of a customer",
        needs=Scope.READ,
        gives={200: ChallengeList},
        refuses=(404,),
    ),
)
async def challenge_list(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Every challenge that is for this member or that they have a part in, by the server's time.

    With how far it is, what is missing, the next step in words (in the language of ``Accept-Language``), and
    when it ends.
    """
    door, caller = admitted(request)
    return told(request, await read_challenges(door.handler, caller.workspace_id, plain_segment(id)))


@post(
    "/v1/customers/{id:str}/challenges/{challenge:str}/start",
    **operation(
        "challenge_start",
        "Customers",
        "Start a challenge",
        needs=Scope.WRITE,
        gives={200: Decided, 201: Decided},
        refuses=(404, 409, 410),
    ),
)
async def challenge_start(
    request: Request[Any, Any, Any], id: ExternalId, challenge: ExternalId, program: GivenProgram = ""
) -> Response[Any]:
    """Lets a member take part in a challenge that begins on request.

    One that is under way stays as it is. One that is over, rests, or is not for this member is refused.
    """
    door, caller = admitted(request)
    command = StartChallenge(
        customer=plain_segment(id), challenge=plain_segment(challenge), at=None, program=program or None
    )
    return answered(request, await door.intake.submit(caller.workspace_id, command))


CHALLENGE_ROUTES = [challenge_list, challenge_start]
