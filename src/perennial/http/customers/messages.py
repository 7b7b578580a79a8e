"""Messages over HTTP: what was sent to a customer, and what a message would say to one."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from msgspec import Meta

from perennial.core.orders.order import Name
from perennial.flows.customers.messages_of import MessagePage, messages_of
from perennial.flows.messaging.preview import MessagePreview, preview_message
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import Cursor, ExternalId, Limit, admitted, body_of, operation, written
from perennial.http.door.paths import plain_segment


class PreviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """For whom a message is written; of a published ``version``, or else of the draft."""

    customer: Name
    version: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


@get(
    "/v1/customers/{id:str}/messages",
    **operation(
        "message_list",
        "Customers",
        "Read what was sent to a customer",
        needs=Scope.READ,
        instead=(Scope.MEMBERS,),
        gives={200: MessagePage},
        refuses=(404,),
    ),
)
async def message_list(
    request: Request[Any, Any, Any], id: ExternalId, limit: Limit = 50, cursor: Cursor = ""
) -> Response[Any]:
    """Every message that was to be sent, with what became of it and why; the latest cause comes first.

    What a message said is not kept: it is written anew for each customer when it goes out.
    """
    door, caller = admitted(request)
    customer = plain_segment(id)
    page = await messages_of(door.handler, caller.workspace_id, customer, cursor=cursor or None, limit=limit)
    return written(page)


@post(
    "/v1/programs/{program:str}/messages/{id:str}/preview",
    status_code=200,
    **operation(
        "message_preview",
        "Programs",
        "See a message as a customer would get it",
        needs=Scope.READ,
        takes=PreviewBody,
        gives={200: MessagePreview},
        refuses=(404,),
    ),
)
async def message_preview(
    request: Request[Any, Any, Any], program: ExternalId, id: ExternalId
) -> Response[Any]:
    """The texts of a message of the draft, or of a version, written for one customer; nothing is sent.

    Of the order or event that it would be sent for the texts say nothing, since there is none. `why_not`
    tells why this customer would not get it now.
    """
    door, caller = admitted(request)
    data = await body_of(request, PreviewBody)
    preview = await preview_message(
        door.handler,
        caller.workspace_id,
        plain_segment(program),
        plain_segment(id),
        data.customer,
        data.version,
        door.address.origin,
    )
    return written(preview)


MESSAGE_ROUTES = [message_list, message_preview]
