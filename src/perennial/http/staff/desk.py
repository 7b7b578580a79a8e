"""The desk over HTTP: notes about members, blocks, and everything that is known of one."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post, put
from msgspec import Meta

from perennial.flows.customers.blocks import block_customer, unblock_customer
from perennial.flows.customers.desk import (
    CustomerExport,
    NoteView,
    add_note,
    export_customer,
    notes_of,
    remove_note,
)
from perennial.flows.reading import BlockView
from perennial.flows.staff.scopes import Scope
from perennial.http.door.operation import ExternalId, GivenReason, admitted, body_of, operation, written
from perennial.http.door.paths import plain_segment
from perennial.http.staff.me import read_uuid


class NoteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be noted."""

    note: Annotated[str, Meta(min_length=1, max_length=2_000)]


class BlockBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a customer may not do any more, and why. At least one of the two is true."""

    reason: Annotated[str, Meta(min_length=1, max_length=1_000)]
    earning: bool = True
    spending: bool = True


class NoteList(msgspec.Struct, frozen=True):
    """The notes about a customer, the latest first: 200 at most."""

    data: tuple[NoteView, ...]


@get(
    "/v1/customers/{id:str}/notes",
    **operation(
        "note_list",
        "Customers",
        "Read the notes",
        needs=Scope.MEMBERS,
        instead=(Scope.READ,),
        gives={200: NoteList},
        refuses=(404,),
    ),
)
async def note_list(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """What staff has noted about the customer, each with who did and when."""
    door, caller = admitted(request)
    return written(NoteList(await notes_of(door.handler, caller.workspace_id, plain_segment(id))))


@post(
    "/v1/customers/{id:str}/notes",
    **operation(
        "note_post",
        "Customers",
        "Note something",
        needs=Scope.MEMBERS,
        takes=NoteBody,
        gives={201: NoteView},
        refuses=(404,),
    ),
)
async def note_post(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Goes with the customer when that is erased; the audit log keeps that it was noted, and not what."""
    door, caller = admitted(request)
    data = await body_of(request, NoteBody)
    return written(await add_note(door.handler, caller, plain_segment(id), data.note), 201)


@delete(
    "/v1/customers/{id:str}/notes/{note:str}",
    status_code=204,
    **operation(
        "note_delete",
        "Customers",
        "Delete a note",
        needs=Scope.MEMBERS,
        gives={204: None},
        refuses=(404,),
    ),
)
async def note_delete(request: Request[Any, Any, Any], id: ExternalId, note: ExternalId) -> None:
    """The note is gone; that it was deleted, and by whom, stays in the audit log."""
    door, caller = admitted(request)
    await remove_note(door.handler, caller, plain_segment(id), read_uuid(note, "note_unknown"))


@get(
    "/v1/customers/{id:str}/export",
    **operation(
        "customer_export",
        "Customers",
        "Export everything about a person",
        needs=Scope.MEMBERS,
        instead=(Scope.ERASE,),
        gives={200: CustomerExport},
        refuses=(404,),
    ),
)
async def customer_export(
    request: Request[Any, Any, Any], id: ExternalId, reason: GivenReason = ""
) -> Response[Any]:
    """Data, wallets, notes, statement, timeline, vouchers as JSON; the audit log keeps who asked, and why."""
    door, caller = admitted(request)
    return written(await export_customer(door.handler, caller, plain_segment(id), reason.strip()))


@put(
    "/v1/customers/{id:str}/block",
    **operation(
        "block_put",
        "Customers",
        "Block a customer",
        needs=Scope.MEMBERS,
        takes=BlockBody,
        gives={200: BlockView},
        refuses=(404, 410),
    ),
)
async def block_put(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """From the very next decision on. Orders are still recorded, and returns, releases and expiry go on.

    While earning is blocked nothing is given for what happens, and it is not made up for later; points by
    hand still can be. While spending is blocked no points, rewards, codes and gift cards can be used, and
    what was held can only be released.
    """
    door, caller = admitted(request)
    data = await body_of(request, BlockBody)
    block = await block_customer(
        door.handler, caller, plain_segment(id), data.reason, earning=data.earning, spending=data.spending
    )
    return written(block)


@delete(
    "/v1/customers/{id:str}/block",
    status_code=204,
    **operation(
        "block_delete",
        "Customers",
        "Unblock a customer",
        needs=Scope.MEMBERS,
        gives={204: None},
        refuses=(404, 410),
    ),
)
async def block_delete(request: Request[Any, Any, Any], id: ExternalId) -> None:
    """Everything is allowed again from the very next decision on; unblocking twice changes nothing."""
    door, caller = admitted(request)
    await unblock_customer(door.handler, caller, plain_segment(id))


DESK_ROUTES = [note_list, note_post, note_delete, customer_export, block_put, block_delete]
