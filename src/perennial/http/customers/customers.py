"""Customers: what is known of them, the programs they belong to, and what has happened to them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.params import QueryParameter

from perennial.flows.answers import Decided
from perennial.flows.commands import Introduced, LeaveProgram
from perennial.flows.customers.desk import FoundCustomer, search_customers
from perennial.flows.customers.erase import erase_customer
from perennial.flows.customers.household import put_household
from perennial.flows.customers.statements import StatementPage, TimelinePage, statement_of, timeline_of
from perennial.flows.reading import CustomerPage, CustomerView, find_customer, read_customer
from perennial.flows.referring.introduce import introduce, with_note
from perennial.flows.staff.scopes import Scope
from perennial.flows.vouchers.vouchers import VoucherPage, vouchers_of
from perennial.http.door.exchange import bad_query
from perennial.http.door.operation import (
    Cursor,
    ExternalId,
    GivenIdentifier,
    GivenReason,
    Limit,
    admitted,
    answered,
    body_of,
    operation,
    written,
)
from perennial.http.door.paths import plain_segment
from perennial.http.requests import (
    CustomerBody,
    MembershipBody,
    customer_command,
    household_command,
    membership_command,
    read_identifier,
)

SearchText = Annotated[
    str,
    QueryParameter(
        max_length=200,
        pattern=r"^[^\u0000-\u001f\u007f-\u009f]*$",
        description="a name, address, id, code or number, or how they begin",
    ),
]


class FoundCustomers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The customers who were found, exact finds first."""

    data: tuple[FoundCustomer, ...]


@put(
    "/v1/customers/{id:str}",
    **operation(
        "customer_put",
        "Customers",
        "Create or change a customer",
        needs=Scope.WRITE,
        instead=(Scope.MEMBERS,),
        takes=CustomerBody,
        gives={200: Decided},
        refuses=(409, 410),
    ),
)
async def customer_put(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """A given attribute replaces, null removes, others stay.

    A list of identifiers replaces all that the customer had; one that another customer has is refused.
    Consents are recorded beside those of before, and the later one of a channel and a purpose stands.
    Orders and events create a bare customer by themselves, so that this call is needed for attributes,
    identifiers, consents and households only.
    """
    door, caller = admitted(request)
    data = await body_of(request, CustomerBody)
    customer = plain_segment(id)
    if isinstance(data.household, msgspec.UnsetType):
        answer = await door.intake.submit(caller.workspace_id, customer_command(customer, caller.actor, data))
    else:
        command = household_command(customer, data.household, caller.actor, data)
        answer = await put_household(door.handler, caller.workspace_id, command)
        introduced = customer_command(customer, caller.actor, data)
        if answer.status < 400 and isinstance(introduced, Introduced):
            note = await introduce(door.handler, caller.workspace_id, customer, introduced)
            answer = with_note(answer, note)
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


@delete(
    "/v1/customers/{id:str}",
    status_code=204,
    **operation(
        "customer_delete",
        "Customers",
        "Erase a customer",
        needs=Scope.ERASE,
        gives={204: None},
        refuses=(404,),
    ),
)
async def customer_delete(request: Request[Any, Any, Any], id: ExternalId, reason: GivenReason = "") -> None:
    """Everything that tells of the person goes, for good: attributes, orders, events, answers, codes.

    What the wallets hold is closed; the ledger stays, without names. The id cannot be used again. Erasing
    twice is answered alike. The audit log keeps the `reason`.
    """
    door, caller = admitted(request)
    await erase_customer(door.handler, caller.workspace_id, plain_segment(id), caller.actor, reason.strip())


@get(
    "/v1/customers",
    **operation(
        "customer_find",
        "Customers",
        "Find customers",
        needs=Scope.READ,
        gives={200: (CustomerPage | FoundCustomers)},
    ),
)
async def customer_find(
    request: Request[Any, Any, Any],
    identifier: GivenIdentifier = "",
    search: SearchText = "",
    limit: Annotated[int, QueryParameter(ge=1, le=50, description="how many are found at most")] = 20,
) -> Response[Any]:
    """With `identifier`: whom a card, an address, a phone number or an alias belongs to, as a list of one.

    With `search`: whom a person at the desk may mean. The whole id, address, number or code comes first;
    then those for whom each word begins a word of the name, the id, or the address, or for whom the digits
    begin or end a number.
    """
    door, caller = admitted(request)
    if bool(identifier) is bool(search.strip()):
        raise bad_query("search", "identifier_or_search", "send either `identifier` or `search`")
    if not identifier:
        found = await search_customers(door.handler, caller.workspace_id, search, limit)
        return written(FoundCustomers(found))
    return written(await find_customer(door.handler, caller.workspace_id, read_identifier(identifier)))


@post(
    "/v1/customers/{id:str}/memberships",
    **operation(
        "membership_join",
        "Customers",
        "Join a program",
        needs=Scope.WRITE,
        instead=(Scope.MEMBERS,),
        takes=MembershipBody,
        gives={200: Decided, 201: Decided},
        refuses=(409, 410),
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
        instead=(Scope.MEMBERS,),
        gives={200: Decided},
        refuses=(404, 409, 410),
    ),
)
async def membership_leave(
    request: Request[Any, Any, Any], id: ExternalId, program: ExternalId
) -> Response[Any]:
    """Nothing is earned from now on; the balance stays until it is closed. Leaving twice changes nothing."""
    door, caller = admitted(request)
    command = LeaveProgram(customer=plain_segment(id), program=plain_segment(program), at=None)
    return answered(request, await door.intake.submit(caller.workspace_id, command))


@get(
    "/v1/customers/{id:str}/ledger",
    **operation(
        "ledger_list",
        "Customers",
        "Read the statement",
        needs=Scope.READ,
        gives={200: StatementPage},
        refuses=(404,),
    ),
)
async def ledger_list(
    request: Request[Any, Any, Any], id: ExternalId, limit: Limit = 50, cursor: Cursor = ""
) -> Response[Any]:
    """Every movement of the wallets, newest first, each with the balance after it and what caused it.

    A customer of a household reads the statement of the household's wallets.
    """
    door, caller = admitted(request)
    customer = plain_segment(id)
    page = await statement_of(door.handler, caller.workspace_id, customer, cursor=cursor or None, limit=limit)
    return written(page)


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
    """Everything that happened to the customer, the latest first, with the points that came of it."""
    door, caller = admitted(request)
    customer = plain_segment(id)
    page = await timeline_of(door.handler, caller.workspace_id, customer, cursor=cursor or None, limit=limit)
    return written(page)


@get(
    "/v1/customers/{id:str}/vouchers",
    **operation(
        "vouchers_list",
        "Customers",
        "List the vouchers",
        needs=Scope.READ,
        gives={200: VoucherPage},
        refuses=(404,),
    ),
)
async def vouchers_list(
    request: Request[Any, Any, Any], id: ExternalId, limit: Limit = 50, cursor: Cursor = ""
) -> Response[Any]:
    """Every voucher that is the customer's, the latest first, with its code."""
    door, caller = admitted(request)
    customer = plain_segment(id)
    page = await vouchers_of(door.handler, caller.workspace_id, customer, cursor=cursor or None, limit=limit)
    return written(page)


CUSTOMER_ROUTES = [
    ledger_list,
    vouchers_list,
    timeline_list,
    customer_put,
    customer_get,
    customer_delete,
    customer_find,
    membership_join,
    membership_leave,
]
