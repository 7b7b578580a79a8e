"""Rewards as a member sees them, and what became of what was handed out."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from perennial.core.entitlements import UNDONE, EntitlementState
from perennial.core.orders.order import Name
from perennial.flows.claims.catalogue import RewardList, read_catalogue
from perennial.flows.claims.entitlements import (
    EntitlementPage,
    PerkView,
    change_entitlement,
    entitlements_of,
    export_all,
    list_all,
    read_perk,
)
from perennial.flows.entitlement_views import EntitlementView
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import (
    Cursor,
    ExternalId,
    Limit,
    admitted,
    answered,
    body_of,
    operation,
    written,
)
from perennial.http.door.paths import plain_segment
from perennial.http.requests import Reason

CSV = "text/csv"

_STATES = "open|paid|ordered|shipped|delivered|held|used|canceled|given|ended"

GivenState = Annotated[
    str,
    QueryParameter(
        # The router keeps the name "state" for itself.
        name="state",
        pattern=f"^({_STATES}|)$",
        description="one state; empty for everything that is still to be done",
    ),
]
GivenKind = Annotated[
    str,
    QueryParameter(
        pattern="^[a-z_]*$", max_length=63, description="a kind of benefit, such as `cash_payout`; empty: all"
    ),
]
PerkName = Annotated[
    str, PathParameter(min_length=1, max_length=600, description="the name of a perk, or of an event")
]
EntitlementId = Annotated[
    str, PathParameter(min_length=1, max_length=600, description="the id that a claim or a list told")
]
NextState = Annotated[str, Meta(pattern="^(paid|shipped|delivered|used|canceled)$")]


class EntitlementStateBody(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """How far it is now. ``reference`` names the payment or the parcel; ``reason`` is needed to cancel."""

    state: NextState
    reference: Name | None = None
    reason: Reason | None = None


@get(
    "/v1/customers/{id:str}/rewards",
    **operation(
        "reward_list",
        "Customers",
        "Read the rewards catalogue of a customer",
        needs=Scope.READ,
        gives={200: RewardList},
        refuses=(404,),
    ),
)
async def reward_list(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Every reward that has a price, as this member sees it at this moment, by the server's time.

    With the price for this member, what is left of the stock, when the offer ends, and every reason why it
    cannot be claimed now. A claim asks the same, and is refused with the first reason.
    """
    door, caller = admitted(request)
    return written(await read_catalogue(door.handler, caller.workspace_id, plain_segment(id)))


@get(
    "/v1/customers/{id:str}/entitlements",
    **operation(
        "customer_entitlements",
        "Customers",
        "List what a customer was given besides vouchers",
        needs=Scope.READ,
        gives={200: EntitlementPage},
        refuses=(404,),
    ),
)
async def customer_entitlements(
    request: Request[Any, Any, Any], id: ExternalId, limit: Limit = 50, cursor: Cursor = ""
) -> Response[Any]:
    """Money that is owed, goods, seats, perks, points and codes, the latest first, with their states."""
    door, caller = admitted(request)
    customer = plain_segment(id)
    page = await entitlements_of(
        door.handler, caller.workspace_id, customer, cursor=cursor or None, limit=limit
    )
    return written(page)


@get(
    "/v1/customers/{id:str}/perks/{name:str}",
    **operation(
        "perk_get",
        "Customers",
        "Ask whether a customer has a perk",
        needs=Scope.READ,
        gives={200: PerkView},
        refuses=(404,),
    ),
)
async def perk_get(request: Request[Any, Any, Any], id: ExternalId, name: PerkName) -> Response[Any]:
    """For the systems that act on it: the lounge, the app, the door of an event.

    A perk comes with a claim, or by itself to those to whom its reward is offered. A name that no reward
    gives is answered like one that the customer does not have.
    """
    door, caller = admitted(request)
    perk = plain_segment(name)
    return written(await read_perk(door.handler, caller.workspace_id, plain_segment(id), perk))


@get(
    "/v1/entitlements",
    **operation(
        "entitlement_list",
        "Rewards",
        "List what is to be paid, sent or used",
        needs=Scope.READ,
        gives={200: EntitlementPage},
    ),
)
async def entitlement_list(
    request: Request[Any, Any, Any],
    in_state: GivenState = "",
    kind: GivenKind = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response[Any]:
    """What claims handed out in the whole workspace, the oldest first: by default what is not done yet.

    `state=open` is the list of payables, `state=ordered` what is to be sent.
    """
    door, caller = admitted(request)
    page = await list_all(
        door.handler,
        caller.workspace_id,
        states=_states(in_state),
        kind=kind or None,
        cursor=cursor or None,
        limit=limit,
    )
    return written(page)


@get(
    "/v1/entitlements/export",
    **operation(
        "entitlement_export",
        "Rewards",
        "Export the same list as CSV",
        needs=Scope.READ,
        gives={200: CSV},
    ),
)
async def entitlement_export(
    request: Request[Any, Any, Any], in_state: GivenState = "", kind: GivenKind = ""
) -> Stream:
    """All of it with a header, line by line; `state=open` are the payables.

    Amounts are in the minor unit of their currency. A text that a spreadsheet would take for a formula
    begins with an apostrophe.
    """
    door, caller = admitted(request)
    pages = export_all(door.handler, caller.workspace_id, states=_states(in_state), kind=kind or None)
    return Stream(csv_lines(pages), media_type=CSV)


@post(
    "/v1/entitlements/{id:str}/state",
    status_code=200,
    **operation(
        "entitlement_move",
        "Rewards",
        "Mark as paid, shipped, delivered, used or canceled",
        needs=Scope.ADJUST,
        takes=EntitlementStateBody,
        gives={200: EntitlementView},
        refuses=(404, 409, 410),
    ),
)
async def entitlement_move(request: Request[Any, Any, Any], id: EntitlementId) -> Response[Any]:
    """Only the next states in its life are allowed; asking for the state that it has changes nothing.

    Canceling gives stock and limits back, and the points to their lots where the reward is refundable, if
    the claim handed out nothing else that stays. Each change is in the audit log.
    """
    door, caller = admitted(request)
    data = await body_of(request, EntitlementStateBody)
    answer = await change_entitlement(
        door.intake,
        caller.workspace_id,
        plain_segment(id),
        EntitlementState[data.state.upper()],
        caller.actor,
        reference=data.reference,
        reason=data.reason,
    )
    return answered(request, answer)


def _states(word: str) -> tuple[EntitlementState, ...]:
    return (EntitlementState[word.upper()],) if word else UNDONE


async def csv_lines(pages: AsyncIterator[Iterable[EntitlementView]]) -> AsyncIterator[bytes]:
    """Write pages of entitlements as CSV, with a header."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(EntitlementView.__struct_fields__)
    async for page in pages:
        lines.writerows([_cell(value) for value in msgspec.structs.astuple(each)] for each in page)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def _cell(value: object) -> object:
    """Keep a spreadsheet from taking somebody's text for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


REWARD_ROUTES = [
    reward_list,
    customer_entitlements,
    perk_get,
    entitlement_list,
    entitlement_export,
    entitlement_move,
]
