"""At the till: rotating codes, scanning, devices, and what they redeemed while they were offline."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from msgspec import Meta

from perennial.core.codes.till_allowance import Overspend
from perennial.core.codes.till_code import STEP, TOLERANCE
from perennial.core.orders.order import Name, NonNegative, Redeemer
from perennial.flows.answers import FieldProblem
from perennial.flows.checkout.scanning import ScanAnswer, scan
from perennial.flows.commands import PointsAsked
from perennial.flows.problems import ProblemError
from perennial.flows.staff.scopes import Scope
from perennial.flows.till.codes import TillCodeAnswer, member_code, voucher_code
from perennial.flows.till.devices import (
    IssueAllowance,
    RegisterDevice,
    devices_of,
    issue_allowance,
    register_device,
)
from perennial.flows.till.uploads import Entry, UploadAnswer, merge_upload
from perennial.http.checkout.checkout import CartBody, Code, order_of
from perennial.http.door.exchange import headers_of, idempotency_key
from perennial.http.door.instants import read_instant
from perennial.http.door.operation import (
    ExternalId,
    admitted,
    body_of,
    connection_of,
    operation,
    written,
)
from perennial.http.door.paths import plain_segment
from perennial.http.door.problems import bad_fields
from perennial.http.requests import DeviceName, OnceId, PositivePoints, Reference, When, once_id
from perennial.store.codes.till import DeviceRow
from perennial.units import MAX_AMOUNT, SECOND, format_instant

MAX_ENTRIES = 200
_AT_THE_TILL = (Scope.TILL,)

PublicKey = Annotated[
    str, Meta(pattern="^[A-Za-z0-9+/]{43}=$", description="the 32 bytes of an Ed25519 public key, in base64")
]
Signature = Annotated[
    str, Meta(pattern="^[A-Za-z0-9+/]{86}==$", description="64 bytes of Ed25519, in base64")
]
Given = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
Number = Annotated[int, Meta(ge=1, le=MAX_AMOUNT)]


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    pass


class ScanBody(_Body, frozen=True, kw_only=True):
    """What was scanned or typed. ``location`` and ``device`` say where: guesses are counted for each."""

    text: Annotated[str, Meta(min_length=1, max_length=300)]
    location: Name | None = None
    device: DeviceName | None = None


class DeviceBody(_Body, frozen=True, kw_only=True):
    """A device that signs with its own key, and the location whose limits its redemptions count for."""

    id: DeviceName
    location: Name
    name: Name
    public_key: PublicKey


class AllowanceBody(_Body, frozen=True, kw_only=True):
    """What a device may give while it is offline, for ``expires_in`` seconds.

    Without ``members`` to anybody. ``max_points`` is for each member, ``max_points_total`` for all together
    (without it as many as the redemptions allow), ``max_amount`` in minor units for everything given.
    ``overspend`` says what happens to what was no longer there when it is uploaded.
    """

    id: OnceId | None = None
    members: Annotated[tuple[Name, ...], Meta(max_length=1_000)] | None = None
    max_points: Given
    max_points_total: Given | None = None
    max_amount: Given
    max_redemptions: Annotated[int, Meta(ge=1, le=10_000)]
    expires_in: Annotated[int, Meta(ge=60, le=31 * 86_400, description="in seconds")]
    overspend: Overspend = Overspend.ACCEPT


class EntryCodeBody(_Body, frozen=True, kw_only=True):
    """A code that was used offline: as it was entered, or the rotating one that was scanned."""

    code: Code


class EntryPointsBody(_Body, frozen=True, kw_only=True):
    """Points that paid offline."""

    wallet: Reference
    points: PositivePoints


class EntryBody(_Body, frozen=True, kw_only=True):
    """One redemption that happened offline ``at`` its time; entries are numbered 1, 2, 3, and so on.

    ``amount`` is everything that the customer did not have to pay because of it, in minor units. Whose it
    is, ``customer`` says, or ``token``: the member's rotating code as it was scanned. ``signature`` is the
    device's.
    """

    sequence: Number
    at: When
    cart: CartBody
    amount: NonNegative
    customer: Name | None = None
    token: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    order: Name | None = None
    redeem: Annotated[tuple[EntryCodeBody, ...], Meta(max_length=30)] = ()
    points: Annotated[tuple[EntryPointsBody, ...], Meta(max_length=10)] = ()
    signature: Signature


class UploadBody(_Body, frozen=True, kw_only=True):
    """What a device redeemed under an ``allowance`` while it was offline."""

    allowance: Name
    entries: Annotated[tuple[EntryBody, ...], Meta(min_length=1, max_length=MAX_ENTRIES)]


class TillKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key with which devices check codes and allowances offline, in base64.

    A code is current for ``step_seconds``, and ``tolerance_steps`` before and after.
    """

    id: str
    algorithm: str
    public_key: str
    step_seconds: int
    tolerance_steps: int


class TillKeyList(msgspec.Struct, frozen=True):
    """The keys of the workspace."""

    data: tuple[TillKey, ...]


class DeviceView(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A device, and the number of the last entry that was merged of it.

    Of one that was lost, since when nothing is granted that it says, and why.
    """

    id: str
    location: str
    name: str
    public_key: str
    created_at: str
    last_sequence: int
    blocked_since: str | None = None
    block_reason: str | None = None


class DeviceList(msgspec.Struct, frozen=True):
    """All devices, by their ids."""

    data: tuple[DeviceView, ...]


class AllowanceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A signed allowance: ``document`` is the JSON text that ``signature`` (base64) signs with ``key``."""

    id: str
    device: str
    document: str
    signature: str
    key: str
    expires_at: str


@get(
    "/v1/till/keys",
    **operation(
        "till_keys",
        "Till",
        "Read the public key for offline checks",
        needs=Scope.READ,
        instead=_AT_THE_TILL,
        gives={200: TillKeyList},
    ),
)
async def till_keys(request: Request[Any, Any, Any]) -> Response[Any]:
    """With this key a device tells without a connection whether a code or an allowance is genuine."""
    door, caller = admitted(request)
    signer = door.handler.codebook.till
    key = TillKey(
        id=signer.key_id(caller.workspace_id),
        algorithm="Ed25519",
        public_key=b64encode(signer.public_key(caller.workspace_id)).decode(),
        step_seconds=STEP // SECOND,
        tolerance_steps=TOLERANCE,
    )
    return written(TillKeyList((key,)))


@post(
    "/v1/customers/{id:str}/till-code",
    status_code=200,
    **operation(
        "member_code",
        "Till",
        "Make a member's rotating code",
        needs=Scope.WRITE,
        gives={200: TillCodeAnswer},
        refuses=(404,),
    ),
)
async def member_code_post(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """The text of a QR code that stands for the member for 30 seconds; then ask for the next one."""
    door, caller = admitted(request)
    return written(await member_code(door.handler, caller.workspace_id, plain_segment(id)))


@post(
    "/v1/vouchers/{code:str}/till-code",
    status_code=200,
    **operation(
        "voucher_code",
        "Till",
        "Make a voucher's rotating code",
        needs=Scope.WRITE,
        gives={200: TillCodeAnswer},
        refuses=(404,),
    ),
)
async def voucher_code_post(request: Request[Any, Any, Any], code: ExternalId) -> Response[Any]:
    """The text of a QR code that stands for the voucher for 30 seconds, without giving its code away."""
    door, caller = admitted(request)
    return written(await voucher_code(door.handler, caller.workspace_id, plain_segment(code)))


@post(
    "/v1/scan",
    status_code=200,
    **operation(
        "scan_post",
        "Till",
        "Find out what was scanned",
        needs=Scope.READ,
        instead=_AT_THE_TILL,
        takes=ScanBody,
        gives={200: ScanAnswer},
        refuses=(404, 409, 429),
    ),
)
async def scan_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """Understands every code of ours, and whatever identifies a customer.

    That is: rotating codes, codes of vouchers and gift cards, shared codes, cards, aliases, phone numbers,
    e-mail addresses, and your own ids of customers. Whatever is nothing of ours is answered in the same
    way, and counts as a guess: after too many of them within a minute the device, or the key, has to wait.
    """
    door, caller = admitted(request)
    data = await body_of(request, ScanBody)
    place = f"{data.location or ''}\x1f{data.device or ''}"
    door.guesses.check(caller.workspace_id, caller.key_id, place)
    try:
        return written(await scan(door.handler, caller.workspace_id, data.text))
    except ProblemError as error:
        if error.problem.status == 404:
            door.guesses.miss(caller.workspace_id, caller.key_id, place)
        raise


@post(
    "/v1/till/devices",
    **operation(
        "device_post",
        "Till",
        "Register a device",
        needs=Scope.WRITE,
        takes=DeviceBody,
        gives={200: DeviceView, 201: DeviceView},
    ),
)
async def device_post(request: Request[Any, Any, Any]) -> Response[Any]:
    """A device makes its key pair itself, and never gives the private key away."""
    door, caller = admitted(request)
    data = await body_of(request, DeviceBody)
    command = RegisterDevice(
        id=data.id,
        location=data.location,
        name=data.name,
        public_key=_bytes(data.public_key, "$.public_key"),
    )
    row, fresh = await register_device(door.database, caller.workspace_id, command, caller.actor)
    return written(device_view(row), 201 if fresh else 200)


@get(
    "/v1/till/devices",
    **operation("device_list", "Till", "List the devices", needs=Scope.READ, gives={200: DeviceList}),
)
async def device_list(request: Request[Any, Any, Any]) -> Response[Any]:
    """Every device, with the number of its last entry."""
    door, caller = admitted(request)
    rows = await devices_of(door.database, caller.workspace_id)
    return written(DeviceList(tuple(device_view(row) for row in rows)))


@post(
    "/v1/till/devices/{id:str}/allowance",
    **operation(
        "allowance_post",
        "Till",
        "Allow a device to redeem offline",
        needs=Scope.WRITE,
        takes=AllowanceBody,
        once=True,
        gives={200: AllowanceAnswer, 201: AllowanceAnswer},
        refuses=(404, 409),
    ),
)
async def allowance_post(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Whatever happens, no more is granted under it than it says: that is what a lost device can cost."""
    door, caller = admitted(request)
    data = await body_of(request, AllowanceBody)
    command = IssueAllowance(
        id=once_id(data.id, idempotency_key(headers_of(connection_of(request)))),
        device=plain_segment(id),
        members=data.members,
        max_points=data.max_points,
        max_points_total=data.max_points_total,
        max_amount=data.max_amount,
        max_redemptions=data.max_redemptions,
        lasts=data.expires_in * SECOND,
        overspend=data.overspend,
    )
    signed, fresh = await issue_allowance(door.handler, caller.workspace_id, command, caller.actor)
    answer = AllowanceAnswer(
        id=command.id,
        device=command.device,
        document=signed.text,
        signature=b64encode(signed.signature).decode(),
        key=door.handler.codebook.till.key_id(caller.workspace_id),
        expires_at=format_instant(signed.bounds.expires_at),
    )
    return written(answer, 201 if fresh else 200)


@post(
    "/v1/till/devices/{id:str}/uploads",
    status_code=200,
    **operation(
        "upload_post",
        "Till",
        "Upload what was redeemed offline",
        needs=Scope.WRITE,
        instead=_AT_THE_TILL,
        takes=UploadBody,
        gives={200: UploadAnswer},
        refuses=(404, 409),
    ),
)
async def upload_post(request: Request[Any, Any, Any], id: ExternalId) -> Response[Any]:
    """Merges entries in the order of their numbers, each exactly once: send them again until it answers.

    What was no longer there is an overspend, and what lies outside of the allowance is refused; both are
    said, and stand in the audit log. A wrong signature, or a gap, refuses the whole upload.
    """
    door, caller = admitted(request)
    data = await body_of(request, UploadBody)
    device = plain_segment(id)
    sent: dict[str, Any] = msgspec.json.decode(await request.body())
    entries = [
        _entry(place, body, caller.redeemer(device), data.allowance, sent["entries"][place])
        for place, body in enumerate(data.entries)
    ]
    return written(
        await merge_upload(door.handler, caller.workspace_id, device, data.allowance, entries, caller.actor)
    )


def _entry(place: int, body: EntryBody, redeemer: Redeemer, allowance: str, sent: dict[str, Any]) -> Entry:
    path = f"$.entries[{place}]"
    signed = {name: value for name, value in sent.items() if name != "signature"}
    signed |= {"device": redeemer.device, "allowance": allowance}
    codes = tuple(asked.code for asked in body.redeem)
    return Entry(
        sequence=body.sequence,
        at=read_instant(body.at, f"{path}.at"),
        order=order_of(body.cart, codes, redeemer),
        amount=body.amount,
        customer=body.customer,
        token=body.token,
        order_id=body.order,
        codes=codes,
        points=tuple(PointsAsked(wallet=asked.wallet, points=asked.points) for asked in body.points),
        signed=msgspec.json.encode(signed, order="sorted"),
        signature=_bytes(body.signature, f"{path}.signature"),
    )


def _bytes(text: str, path: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        raise bad_fields(
            422, FieldProblem(path=path, code="invalid_format", message="is no base64")
        ) from None


def device_view(row: DeviceRow) -> DeviceView:
    """Return a device in the words of the API."""
    return DeviceView(
        id=row.external_id,
        location=row.location,
        name=row.name,
        public_key=b64encode(row.public_key).decode(),
        created_at=format_instant(row.created_at),
        last_sequence=row.last_sequence,
        blocked_since=None if row.blocked_since is None else format_instant(row.blocked_since),
        block_reason=row.block_reason,
    )


TILL_ROUTES = [
    till_keys,
    member_code_post,
    voucher_code_post,
    scan_post,
    device_post,
    device_list,
    allowance_post,
    upload_post,
]
