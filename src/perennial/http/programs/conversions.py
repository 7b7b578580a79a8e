"""Conversions: balances that are carried over into another wallet of the program, and back."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from perennial.core.conversion import Debts
from perennial.core.kinds.rule import Identifier
from perennial.flows.conversions.conversions import (
    NewConversion,
    conversions_of_customer,
    declare_conversion,
    foresee_conversion,
    list_conversion_views,
    list_converted,
    read_conversion_view,
    take_conversion_back,
    try_conversion_again,
)
from perennial.flows.conversions.views import (
    ConversionList,
    ConversionPreview,
    ConversionView,
    ConvertedPage,
    CustomerConversions,
)
from perennial.flows.staff.scopes import Scope
from perennial.http.door.exchange import headers_of, idempotency_key
from perennial.http.door.instants import read_instant
from perennial.http.door.operation import (
    Cursor,
    ExternalId,
    Limit,
    admitted,
    body_of,
    connection_of,
    operation,
    written,
)
from perennial.http.door.paths import plain_segment
from perennial.http.requests import OnceId, Reason, When, once_id
from perennial.store.conversions import OwnerState
from perennial.units import Rounding

_BY_WORD = {state.word: state for state in OwnerState}
_STATES = "|".join(_BY_WORD)

RatePart = Annotated[int, Meta(ge=1, le=1_000_000)]
ConversionId = Annotated[
    str, PathParameter(min_length=1, max_length=600, description="the id of a conversion")
]
InState = Annotated[
    str,
    QueryParameter(
        name="state",
        pattern=f"^({_STATES}|)$",
        description="one state, such as `waiting` (something is held for an order); empty: all",
    ),
]


class ConversionBody(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """``take`` points of the wallet ``from`` become ``give`` points of ``into``, for everybody who has some.

    Each lot keeps its dates, and the lots of one wallet together come to its sum at the rate. ``debts`` says
    what becomes of what members owe. ``starts_at`` announces the conversion, for members to see. With
    ``dry_run`` nothing happens, and the answer says what would.
    """

    id: OnceId | None = None
    from_wallet: Identifier = msgspec.field(name="from")
    into: Identifier
    take: RatePart = 1
    give: RatePart = 1
    rounding: Rounding = Rounding.DOWN
    debts: Debts = Debts.CARRY
    reason: Reason
    starts_at: When | None = None
    dry_run: bool = False


class WayBackBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why a conversion goes back."""

    reason: Reason


@post(
    "/v1/programs/{program:str}/conversions",
    **operation(
        "conversion_post",
        "Conversions",
        "Carry balances over into another wallet",
        needs=Scope.ADJUST,
        takes=ConversionBody,
        once=True,
        gives={200: ConversionPreview | ConversionView, 201: ConversionView},
        refuses=(404,),
    ),
)
async def conversion_post(request: Request[Any, Any, Any], program: ExternalId) -> Response[Any]:
    """Foresees a conversion (`dry_run`), or declares it, once per id.

    The workers carry owners over one after the other while orders go on: every owner exactly once,
    whatever happens in between. Who holds something for an order waits until it is used or released.
    """
    door, caller = admitted(request)
    data = await body_of(request, ConversionBody)
    name = "dry run"
    if not data.dry_run:
        name = once_id(data.id, idempotency_key(headers_of(connection_of(request))))
    asked = NewConversion(
        id=name,
        program=plain_segment(program),
        source=data.from_wallet,
        into=data.into,
        take=data.take,
        give=data.give,
        rounding=data.rounding,
        debts=data.debts,
        reason=data.reason,
        starts_at=None if data.starts_at is None else read_instant(data.starts_at, "$.starts_at"),
    )
    if data.dry_run:
        return written(await foresee_conversion(door.handler, caller.workspace_id, asked))
    view, is_new = await declare_conversion(door.handler, caller.workspace_id, asked, caller.actor)
    return written(view, 201 if is_new else 200)


@get(
    "/v1/programs/{program:str}/conversions",
    **operation(
        "conversion_list",
        "Conversions",
        "List the conversions of a program",
        needs=Scope.READ,
        gives={200: ConversionList},
        refuses=(404,),
    ),
)
async def conversion_list(request: Request[Any, Any, Any], program: ExternalId) -> Response[Any]:
    """The latest 200, newest first, each with how far it is."""
    door, caller = admitted(request)
    return written(await list_conversion_views(door.handler, caller.workspace_id, plain_segment(program)))


@get(
    "/v1/programs/{program:str}/conversions/{conversion:str}",
    **operation(
        "conversion_read",
        "Conversions",
        "Read how far a conversion is",
        needs=Scope.READ,
        gives={200: ConversionView},
        refuses=(404,),
    ),
)
async def conversion_read(
    request: Request[Any, Any, Any], program: ExternalId, conversion: ConversionId
) -> Response[Any]:
    """The sums of what was carried over and of what came back, and how many owners are in which state."""
    door, caller = admitted(request)
    names = plain_segment(program), plain_segment(conversion)
    return written(await read_conversion_view(door.handler, caller.workspace_id, *names))


@get(
    "/v1/programs/{program:str}/conversions/{conversion:str}/owners",
    **operation(
        "conversion_owners",
        "Conversions",
        "List what a conversion did to each owner",
        needs=Scope.READ,
        gives={200: ConvertedPage},
        refuses=(404,),
    ),
)
async def conversion_owners(
    request: Request[Any, Any, Any],
    program: ExternalId,
    conversion: ConversionId,
    in_state: InState = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Response[Any]:
    """Customers and households, with the points before and after, and why some wait or were refused."""
    door, caller = admitted(request)
    page = await list_converted(
        door.handler,
        caller.workspace_id,
        plain_segment(program),
        plain_segment(conversion),
        state=_BY_WORD.get(in_state),
        cursor=cursor or None,
        limit=limit,
    )
    return written(page)


@post(
    "/v1/programs/{program:str}/conversions/{conversion:str}/reverse",
    status_code=200,
    **operation(
        "conversion_reverse",
        "Conversions",
        "Take a conversion back",
        needs=Scope.ADJUST,
        takes=WayBackBody,
        gives={200: ConversionView},
        refuses=(404,),
    ),
)
async def conversion_reverse(
    request: Request[Any, Any, Any], program: ExternalId, conversion: ConversionId
) -> Response[Any]:
    """What is still there comes back, lot by lot; what was used meanwhile is named. Asked twice is once.

    One that has not begun is canceled.
    """
    door, caller = admitted(request)
    data = await body_of(request, WayBackBody)
    names = plain_segment(program), plain_segment(conversion)
    view = await take_conversion_back(door.handler, caller.workspace_id, *names, caller.actor, data.reason)
    return written(view)


@post(
    "/v1/programs/{program:str}/conversions/{conversion:str}/retry",
    status_code=200,
    **operation(
        "conversion_retry",
        "Conversions",
        "Try again owners who had to wait",
        needs=Scope.ADJUST,
        gives={200: ConversionView},
        refuses=(404,),
    ),
)
async def conversion_retry(
    request: Request[Any, Any, Any], program: ExternalId, conversion: ConversionId
) -> Response[Any]:
    """Those who wait are tried again every minute anyway; those who were refused only now."""
    door, caller = admitted(request)
    names = plain_segment(program), plain_segment(conversion)
    return written(await try_conversion_again(door.handler, caller.workspace_id, *names))


@get(
    "/v1/customers/{id:str}/conversions",
    **operation(
        "customer_conversions",
        "Customers",
        "Read what becomes of a customer's balances",
        needs=Scope.READ,
        gives={200: CustomerConversions},
        refuses=(404,),
    ),
)
async def customer_conversions(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Conversions that are announced, with the figures of this moment, and those that happened."""
    door, caller = admitted(request)
    return written(await conversions_of_customer(door.handler, caller.workspace_id, plain_segment(id)))


CONVERSION_ROUTES = [
    conversion_post,
    conversion_list,
    conversion_read,
    conversion_owners,
    conversion_reverse,
    conversion_retry,
    customer_conversions,
]
