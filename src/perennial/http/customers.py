"""Customers: what is known of them, the programs they belong to, and what has happened to them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.params import QueryParameter

from perennial.flows.answers import Decided
from perennial.flows.commands import LeaveProgram
from perennial.flows.history import (
    LedgerLine,
    TimelineCursor,
    TimelineItem,
    read_ledger_page,
    read_timeline_page,
)
from perennial.flows.household import put_household
from perennial.flows.reading import CustomerView, read_customer
from perennial.flows.scopes import Scope
from perennial.http.cursors import read_cursor, write_cursor
from perennial.http.operation import (
    Cursor,
    ExternalId,
    Limit,
    admitted,
    answered,
    body_of,
    operation,
    written,
)
from perennial.http.paths import plain_segment
from perennial.http.requests import (
    CustomerBody,
    MembershipBody,
    customer_command,
    household_command,
    membership_command,
)
from perennial.store.statement import StatementCursor

WalletName = Annotated[
    str,
    QueryParameter(
        pattern="^(([a-z][a-z0-9_-]{0,62}/)?[a-z][a-z0-9_-]{0,62})?$",
        description="only this wallet: `program/wallet`, or a name that only one program has",
    ),
]


@put(
    "/v1/customers/{id:str}",
    **operation(
        "customer_put",
        "Customers",
        "Create or change a customer",
        needs=Scope.WRITE,
        takes=CustomerBody,
        gives={200: Decided},
        refuses=(409,),
    ),
)
async def customer_put(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """A given attribute replaces, null removes, others stay.

    Orders and events create a bare customer by themselves, so that this call is needed for attributes and
    households only.
    """
    door, caller = admitted(request)
    data = await body_of(request, CustomerBody)
    customer = plain_segment(id)
    answer = await door.intake.submit(caller.workspace_id, customer_command(customer, data))
    if answer.status < 400 and not isinstance(data.household, msgspec.UnsetType):
        command = household_command(customer, data.household)
        answer = await put_household(door.handler, caller.workspace_id, command)
    return answered(request, answer)


@get(
    "/v1/customers/{id:str}",
    **operation(
        "customer_get",
        "Customers",
        "Read a customer",
        needs=Scope.READ,
        gives={200: CustomerView},
        refuses=(404,),
    ),
)
async def customer_get(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Attributes, memberships with their tiers, and wallets with their balances as of now."""
    door, caller = admitted(request)
    return written(await read_customer(door.handler, caller.workspace_id, plain_segment(id)))


@post(
    "/v1/customers/{id:str}/memberships",
    **operation(
        "membership_join",
        "Customers",
        "Join a program",
        needs=Scope.WRITE,
        takes=MembershipBody,
        gives={200: Decided, 201: Decided},
        refuses=(409,),
    ),
)
async def membership_join(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Makes the customer a member of the program; joining twice changes nothing.

    Programs that enroll automatically do this by themselves with the first order or event.
    """
    door, caller = admitted(request)
    data = await body_of(request, MembershipBody)
    command = membership_command(plain_segment(id), data)
    return answered(request, await door.intake.submit(caller.workspace_id, command))


@delete(
    "/v1/customers/{id:str}/memberships/{program:str}",
    status_code=200,
    **operation(
        "membership_leave",
        "Customers",
        "Leave a program",
        needs=Scope.WRITE,
        gives={200: Decided},
        refuses=(404, 409),
    ),
)
async def membership_leave(
    request: Request[Any, Any, Any], id: ExternalId, program: ExternalId
) -> Response[Any]:
    """Nothing is earned from now on; the balance stays until it is closed. Leaving twice changes nothing."""
    door, caller = admitted(request)
    command = LeaveProgram(customer=plain_segment(id), program=plain_segment(program), at=None)
    return answered(request, await door.intake.submit(caller.workspace_id, command))


class LedgerPage(msgspec.Struct, frozen=True):
    """A page of a statement, newest first; ``next_cursor`` is null on the last page."""

    data: tuple[LedgerLine, ...]
    next_cursor: str | None


class TimelinePage(msgspec.Struct, frozen=True):
    """A page of a timeline, the latest first; ``next_cursor`` is null on the last page."""

    data: tuple[TimelineItem, ...]
    next_cursor: str | None


@get(
    "/v1/customers/{id:str}/ledger",
    **operation(
        "ledger_list",
        "Customers",
        "Read the statement",
        needs=Scope.READ,
        gives={200: LedgerPage},
        refuses=(404,),
    ),
)
async def ledger_list(
    request: Request[Any, Any, Any],
    id: ExternalId,
    wallet: WalletName = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response[Any]:
    """Every movement of the wallets, newest first, each with the balance after it and what caused it.

    A customer of a household reads the statement of the household's wallets.
    """
    door, caller = admitted(request)
    lines, following = await read_ledger_page(
        door.handler,
        caller.workspace_id,
        plain_segment(id),
        wallet=wallet or None,
        cursor=read_cursor(cursor, StatementCursor),
        limit=limit,
    )
    return written(LedgerPage(tuple(lines), write_cursor(following)))


@get(
    "/v1/customers/{id:str}/timeline",
    **operation(
        "timeline_list",
        "Customers",
        "Read the timeline",
        needs=Scope.READ,
        gives={200: TimelinePage},
        refuses=(404,),
    ),
)
async def timeline_list(
    request: Request[Any, Any, Any], id: ExternalId, limit: Limit = 50, cursor: Cursor = ""
) -> Response[Any]:
    """Everything that happened to the customer, the latest first, with what each program made of it."""
    door, caller = admitted(request)
    items, following = await read_timeline_page(
        door.handler,
        caller.workspace_id,
        plain_segment(id),
        cursor=read_cursor(cursor, TimelineCursor),
        limit=limit,
    )
    return written(TimelinePage(tuple(items), write_cursor(following)))


CUSTOMER_ROUTES = [ledger_list, timeline_list, customer_put, customer_get, membership_join, membership_leave]
