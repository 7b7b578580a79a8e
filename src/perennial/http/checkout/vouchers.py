"""Vouchers: batches of codes, one voucher by its code, and codes for members."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream
from litestar.types import ASGIApp
from msgspec import Meta

from perennial.core.orders.order import Name
from perennial.flows.answers import Decided
from perennial.flows.staff.scopes import Scope
from perennial.flows.vouchers.assign_voucher import AssignVoucher, assign_voucher
from perennial.flows.vouchers.batches import MAX_CODES, BatchView, NewBatch, check_batch, create_batch
from perennial.flows.vouchers.export import BatchPage, ExportedCode, batches_of, export_codes
from perennial.flows.vouchers.pools import PoolPage, PoolView, codes_of, read_batch
from perennial.flows.vouchers.vouchers import VoucherView, read_voucher, void_voucher
from perennial.http.checkout.making import BatchStep, watched_batch
from perennial.http.door.exchange import headers_of, idempotency_key
from perennial.http.door.instants import read_instant
from perennial.http.door.operation import (
    Cursor,
    ExternalId,
    Limit,
    admitted,
    answered,
    body_of,
    connection_of,
    identity_of,
    operation,
    spoken_in,
    told,
    written,
)
from perennial.http.door.paths import plain_segment
from perennial.http.requests import OnceId, Reason, Reference, When, once_id

CSV = "text/csv"
NDJSON = "application/x-ndjson"

_CODES_OF_A_REQUEST = 10_000

Code = Annotated[
    str, PathParameter(min_length=1, max_length=600, description="a code, as somebody enters it")
]
Format = Annotated[
    str, QueryParameter(pattern="^(csv|ndjson)$", description="`csv` with a header, or `ndjson`")
]
GivenCode = Annotated[str, Meta(max_length=200)]
"""An empty one is a row that is refused, like others that are no codes: it costs no other row."""


class BatchBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Codes of a reward: ``count`` to be made, or ``codes`` to be imported, up to 10,000 in one request.

    A body has at most 1,000,000 bytes: send long codes, or many with customers, in several batches.
    The first code is for the first of ``customers``, and so on; without them the codes are nobody's.
    Rows that are wrong are left out and told, unless ``all_or_nothing``. Imported codes that are easy to
    guess and carry money are refused, unless ``allow_weak``.
    """

    reward: Reference
    id: OnceId | None = None
    count: Annotated[int, Meta(ge=1, le=MAX_CODES)] | None = None
    codes: Annotated[tuple[GivenCode, ...], Meta(min_length=1, max_length=_CODES_OF_A_REQUEST)] | None = None
    customers: Annotated[tuple[Name, ...], Meta(max_length=_CODES_OF_A_REQUEST)] = ()
    starts_at: When | None = None
    expires_at: When | None = None
    all_or_nothing: bool = False
    allow_weak: bool = False


class CodesBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Codes of a reward that are to be imported, with their customers, as they would be sent.

    Up to 10,000, and a body of at most 1,000,000 bytes.
    """

    reward: Reference
    codes: Annotated[tuple[GivenCode, ...], Meta(min_length=1, max_length=_CODES_OF_A_REQUEST)]
    customers: Annotated[tuple[Name, ...], Meta(max_length=_CODES_OF_A_REQUEST)] = ()
    allow_weak: bool = False


class AssignBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A code of ``reward`` for a customer, out of one ``batch`` or of any.

    With `for_friends` it is to be passed on: everybody may use it but the customer, and guests.
    """

    reward: Reference
    customer: Name
    id: OnceId | None = None
    batch: Name | None = None
    for_friends: bool = False


class VoidBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why a voucher is taken back.

    `refunded` says that what is left on a gift card was paid back to whoever bought it. Otherwise it is
    closed: nobody is owed it any more.
    """

    reason: Reason
    refunded: bool = False


@post(
    "/v1/vouchers/batches",
    **operation(
        "batch_create",
        "Vouchers",
        "Make or import codes",
        needs=Scope.VOUCHERS,
        takes=BatchBody,
        once=True,
        gives={200: BatchView, 201: BatchView},
    ),
)
async def batch_create(request: Request[Any, Any, Any]) -> Response[Any]:
    """Makes up to a million codes by the pattern of their reward, or takes yours over, once per id.

    All of them are there at the end, or none. The codes are not in the answer: export the batch.
    """
    door, caller = admitted(request)
    command = await _command_of(request)
    return answered(request, await create_batch(door.handler, caller.workspace_id, command, caller.actor))


@post(
    "/v1/vouchers/batches/watched",
    status_code=200,
    **operation(
        "batch_watch",
        "Vouchers",
        "Make or import codes, and see how far it is",
        needs=Scope.VOUCHERS,
        takes=BatchBody,
        once=True,
        gives={200: BatchStep},
    ),
)
async def batch_watch(request: Request[Any, Any, Any]) -> ASGIApp:
    """The same, answered as NDJSON: lines that say how many codes are written, and at last the batch.

    Hang up before that, and there is no batch.
    """
    door, caller = admitted(request)
    command = await _command_of(request)
    return watched_batch(door.handler, caller, command, identity_of(request), spoken_in(request))


async def _command_of(request: Request[Any, Any, Any]) -> NewBatch:
    data = await body_of(request, BatchBody)
    return NewBatch(
        id=once_id(data.id, idempotency_key(headers_of(connection_of(request)))),
        reward=data.reward,
        count=data.count,
        codes=data.codes,
        customers=data.customers,
        starts_at=None if data.starts_at is None else read_instant(data.starts_at, "$.starts_at"),
        expires_at=None if data.expires_at is None else read_instant(data.expires_at, "$.expires_at"),
        all_or_nothing=data.all_or_nothing,
        allow_weak=data.allow_weak,
    )


@get(
    "/v1/vouchers/batches",
    **operation("batch_list", "Vouchers", "List the batches", needs=Scope.READ, gives={200: BatchPage}),
)
async def batch_list(
    request: Request[Any, Any, Any], limit: Limit = 50, cursor: Cursor = ""
) -> Response[Any]:
    """Every batch of codes, the latest first, without its codes."""
    door, caller = admitted(request)
    page = await batches_of(door.handler, caller.workspace_id, cursor=cursor or None, limit=limit)
    return written(page)


@post(
    "/v1/vouchers/batches/check",
    status_code=200,
    **operation(
        "batch_check",
        "Vouchers",
        "Look at codes before they are imported",
        needs=Scope.VOUCHERS,
        takes=CodesBody,
        gives={200: BatchView},
    ),
)
async def batch_check(request: Request[Any, Any, Any]) -> Response[Any]:
    """Says how many codes would go in and which rows would be left out, and why. It writes nothing."""
    door, caller = admitted(request)
    data = await body_of(request, CodesBody)
    command = NewBatch(
        id="", reward=data.reward, codes=data.codes, customers=data.customers, allow_weak=data.allow_weak
    )
    return told(request, await check_batch(door.handler, caller.workspace_id, command))


@get(
    "/v1/vouchers/batches/{id:str}",
    **operation(
        "batch_get", "Vouchers", "Look at a batch", needs=Scope.READ, gives={200: PoolView}, refuses=(404,)
    ),
)
async def batch_get(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """One batch, and how many of its codes are given, used, taken back and expired now."""
    door, caller = admitted(request)
    return told(request, await read_batch(door.handler, caller.workspace_id, plain_segment(id)))


@get(
    "/v1/vouchers/batches/{id:str}/vouchers",
    **operation(
        "batch_vouchers",
        "Vouchers",
        "List the codes of a batch",
        needs=Scope.READ,
        gives={200: PoolPage},
        refuses=(404,),
    ),
)
async def batch_vouchers(
    request: Request[Any, Any, Any], id: ExternalId, limit: Limit = 50, cursor: Cursor = ""
) -> Response[Any]:
    """The codes by their last characters, with state and holder; first those that somebody has."""
    door, caller = admitted(request)
    batch = plain_segment(id)
    page = await codes_of(door.handler, caller.workspace_id, batch, cursor=cursor or None, limit=limit)
    return written(page)


@get(
    "/v1/vouchers/batches/{id:str}/codes",
    **operation(
        "batch_export",
        "Vouchers",
        "Export the codes of a batch",
        needs=Scope.VOUCHERS,
        gives={200: (CSV, NDJSON)},
        refuses=(404,),
    ),
)
async def batch_export(request: Request[Any, Any, Any], id: ExternalId, format: Format = "csv") -> Stream:
    """Every code of the batch in full, with its state and whose it is, line by line. It is audited."""
    door, caller = admitted(request)
    pages = await export_codes(door.handler, caller.workspace_id, plain_segment(id), caller.actor)
    if format == "csv":
        return Stream(csv_lines(pages), media_type=CSV)
    return Stream(ndjson_lines(pages), media_type=NDJSON)


async def csv_lines(pages: AsyncIterator[list[ExportedCode]]) -> AsyncIterator[bytes]:
    """Write pages of codes as CSV, with a header."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(ExportedCode.__struct_fields__)
    async for page in pages:
        lines.writerows(msgspec.structs.astuple(each) for each in page)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


async def ndjson_lines(pages: AsyncIterator[list[ExportedCode]]) -> AsyncIterator[bytes]:
    """Write pages of codes as lines of JSON."""
    async for page in pages:
        yield b"".join(msgspec.json.encode(each) + b"\n" for each in page)


@get(
    "/v1/vouchers/{code:str}",
    **operation(
        "voucher_get",
        "Vouchers",
        "Look a voucher up",
        needs=Scope.READ,
        gives={200: VoucherView},
        refuses=(404,),
    ),
)
async def voucher_get(request: Request[Any, Any, Any], code: Code) -> Response[Any]:
    """What the voucher of a code is good for now. Upper and lower case, spaces and dashes do not matter."""
    door, caller = admitted(request)
    return written(await read_voucher(door.handler, caller.workspace_id, plain_segment(code)))


@post(
    "/v1/vouchers/{code:str}/void",
    status_code=200,
    **operation(
        "voucher_void",
        "Vouchers",
        "Take a voucher back",
        needs=Scope.VOUCHERS,
        takes=VoidBody,
        gives={200: VoucherView},
        refuses=(404,),
    ),
)
async def voucher_void(request: Request[Any, Any, Any], code: Code) -> Response[Any]:
    """Nobody can use it any more. It is audited; voiding twice changes nothing.

    What is left on a gift card leaves it at once, and so does what comes back to it later.
    """
    door, caller = admitted(request)
    data = await body_of(request, VoidBody)
    entered = plain_segment(code)
    view = await void_voucher(
        door.handler, caller.workspace_id, entered, data.reason, caller.actor, refunded=data.refunded
    )
    return written(view)


@post(
    "/v1/vouchers/assign",
    **operation(
        "voucher_assign",
        "Vouchers",
        "Give a member a code",
        needs=Scope.VOUCHERS,
        takes=AssignBody,
        once=True,
        gives={200: Decided, 201: Decided},
        refuses=(404, 409, 410),
    ),
)
async def voucher_assign(request: Request[Any, Any, Any]) -> Response[Any]:
    """Takes a code of the reward that is nobody's yet, and makes it the customer's, once per id.

    Where the codes of the reward are valid for a span, it begins now.
    """
    door, caller = admitted(request)
    data = await body_of(request, AssignBody)
    command = AssignVoucher(
        id=once_id(data.id, idempotency_key(headers_of(connection_of(request)))),
        customer=data.customer,
        reward=data.reward,
        batch=data.batch,
        for_friends=data.for_friends or msgspec.UNSET,
    )
    return answered(request, await assign_voucher(door.handler, caller.workspace_id, command))


VOUCHER_ROUTES = [
    batch_create,
    batch_watch,
    batch_check,
    batch_list,
    batch_get,
    batch_vouchers,
    batch_export,
    voucher_assign,
    voucher_get,
    voucher_void,
]
