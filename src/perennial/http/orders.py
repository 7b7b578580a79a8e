"""Orders and returns: what the customer bought, and what came back."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post, put
from litestar.params import QueryParameter

from perennial.core.explaining.retelling import retell
from perennial.core.languages import LANGUAGES
from perennial.flows.answers import Answer, Decided
from perennial.flows.explaining import ExplainedEvent, explain_order
from perennial.flows.order_owner import owner_of_order
from perennial.flows.order_views import OrderView, read_order
from perennial.flows.programs.order_cases import OrderCase, make_order_case
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
    spoken_in,
    told,
    written,
)
from perennial.http.door.paths import plain_segment
from perennial.http.requests import OrderBody, ReturnBody, once_id, order_command, return_command

ProgramName = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=63, description="a program; without it the first that judged"),
]


async def put_order(door: Door, caller: Key, order_id: str, body: OrderBody) -> Answer:
    """Create or change an order; the answer holds the decision and the balances."""
    return await door.intake.submit(caller.workspace_id, order_command(order_id, body, caller))


async def post_return(door: Door, caller: Key, order_id: str, key: str | None, body: ReturnBody) -> Answer:
    """Take lines of an order back; the order knows its customer."""
    command = return_command(order_id, None, once_id(body.id, key), body)
    if not await door.intake.has_one_bucket(caller.workspace_id):
        customer = await owner_of_order(door.database, caller.workspace_id, order_id)
        command = msgspec.structs.replace(command, customer=customer)
    return await door.intake.submit(caller.workspace_id, command)


@put(
    "/v1/orders/{id:str}",
    **operation(
        "order_put",
        "Orders",
        "Create or change an order",
        needs=Scope.WRITE,
        takes=OrderBody,
        gives={200: Decided, 201: Decided},
        refuses=(409, 410),
    ),
)
async def order_put(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Store the order under your own id and answer with what every program decided.

    The answer holds the balances after it. The same body again replays the answer; another body is a
    new revision of the order.
    """
    door, caller = admitted(request)
    data = await body_of(request, OrderBody)
    return answered(request, await put_order(door, caller, plain_segment(id), data))


@post(
    "/v1/orders/{id:str}/returns",
    **operation(
        "return_post",
        "Orders",
        "Take lines of an order back",
        needs=Scope.WRITE,
        takes=ReturnBody,
        once=True,
        gives={200: Decided, 201: Decided},
        refuses=(404, 409, 410),
    ),
)
async def return_post(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Reverses what the returned units had earned, exactly, and gives back the points spent on them.

    Without lines everything that is left comes back.
    """
    door, caller = admitted(request)
    data = await body_of(request, ReturnBody)
    key = idempotency_key(headers_of(connection_of(request)))
    return answered(request, await post_return(door, caller, plain_segment(id), key, data))


@get(
    "/v1/orders/{id:str}",
    **operation(
        "order_get", "Orders", "Read an order", needs=Scope.READ, gives={200: OrderView}, refuses=(404,)
    ),
)
async def order_get(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The order as it was sent last, what was returned, and the answer that it got."""
    door, caller = admitted(request)
    return written(await read_order(door.handler, caller.workspace_id, plain_segment(id)))


@get(
    "/v1/orders/{id:str}/explanation",
    **operation(
        "order_explain",
        "Orders",
        "Explain an order",
        needs=Scope.READ,
        gives={200: ExplainedEvent},
        refuses=(404,),
    ),
)
async def order_explain(
    request: Request[Any, Any, Any], id: ExternalId, language: LanguageName = "en"
) -> Response[Any]:
    """Every rule that fired or did not, and why, with the numbers.

    It is computed again, from the version and the facts that were stored with the decision, and said in
    `language`.
    """
    door, caller = admitted(request)
    return written(
        await explain_order(door.handler, caller.workspace_id, plain_segment(id), LANGUAGES[language])
    )


@get(
    "/v1/orders/{id:str}/case",
    **operation(
        "order_case",
        "Orders",
        "Make a test case of an order",
        needs=Scope.READ,
        gives={200: OrderCase},
        refuses=(404, 409),
    ),
)
async def order_case(
    request: Request[Any, Any, Any], id: ExternalId, program: ProgramName = None
) -> Response[Any]:
    """The member before the order, the order, and what came of it, as a case for `cases` of the program.

    Nothing is written: put it into the draft if you like it. `uncarried` says which state the decision had
    read and the case cannot have, and why. `program` is the one to make it for; without it, the first that
    judged the order.
    """
    door, caller = admitted(request)
    made = await make_order_case(door.handler, caller.workspace_id, plain_segment(id), program)
    title = retell(made.case["title"], spoken_in(request))
    return told(request, msgspec.structs.replace(made, case={**made.case, "title": title}))


ORDER_ROUTES = [order_put, return_post, order_get, order_explain, order_case]
