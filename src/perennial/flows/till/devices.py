"""Devices at the till: registered with their public keys, and given allowances for when they are offline."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.codes.till_allowance import Bounds, Overspend
from perennial.flows.answers import FieldProblem
from perennial.flows.configuration import business_now
from perennial.flows.handle_events import Handler
from perennial.flows.ids import Ids
from perennial.flows.once import body_of, differing_fields
from perennial.flows.problems import ProblemError, field_problem, problem
from perennial.flows.reading import load_customer
from perennial.flows.signed_codes import wall_now
from perennial.store.codes.signing import is_public_key
from perennial.store.codes.till import (
    AllowanceRow,
    AtRisk,
    DeviceRow,
    block_device,
    insert_allowance,
    insert_device,
    list_devices,
    read_allowance,
    read_device,
    read_risk,
)
from perennial.store.database import Database
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry
from perennial.units import MAX_AMOUNT, SECOND, Instant, Minor, Points, format_instant, named_id

_SIGNED = b"perennial till allowance\n"
_ids = Ids()


class RegisterDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device ``id`` that stands at a ``location`` and signs with the key of ``public_key``."""

    id: str
    location: str
    name: str
    public_key: bytes


class IssueAllowance(msgspec.Struct, frozen=True, kw_only=True):
    """What a device may give offline for ``lasts`` microseconds; ``members`` None is anybody."""

    id: str
    device: str
    members: tuple[str, ...] | None
    max_points: Points
    max_points_total: Points | None
    max_amount: Minor
    max_redemptions: int
    lasts: Instant
    overspend: Overspend


class AllowanceDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON that the workspace signs and the device keeps; ``members`` are the subjects of their codes."""

    version: int
    allowance: str
    device: str
    location: str
    issued_at: str
    expires_at: str
    members: tuple[UUID, ...] | None
    max_points: Points
    max_points_total: Points
    max_amount: Minor
    max_redemptions: int
    overspend: Overspend


class SignedAllowance(msgspec.Struct, frozen=True):
    """An allowance as it is stored: the text of the document, its signature, and its bounds."""

    text: str
    signature: bytes
    bounds: Bounds


async def register_device(
    database: Database, workspace_id: int, command: RegisterDevice, actor: str
) -> tuple[DeviceRow, bool]:
    """Register a device; return it, and whether it is new. The same again is done before; else the 422."""
    if not is_public_key(command.public_key):
        raise field_problem("$.public_key", "invalid_format", "is the base64 of the 32 bytes of Ed25519")
    row = DeviceRow(
        device_id=device_id_of(workspace_id, command.id),
        external_id=command.id,
        location=command.location,
        name=command.name,
        public_key=command.public_key,
        actor=actor,
        created_at=wall_now(),
    )
    async with database.transaction(workspace_id) as conn:
        if await insert_device(conn, workspace_id, row):
            after = {"location": row.location, "name": row.name, "public_key": row.public_key.hex()}
            await note(
                conn, workspace_id, actor, "till_device.registered", f"till_device/{row.external_id}", after
            )
            return row, True
        known = await require_device(conn, workspace_id, command.id)
    for name in ("location", "name", "public_key"):
        if getattr(known, name) != getattr(row, name):
            words = f"The device {command.id!r} was registered before with another {name}."
            raise problem(422, "id_conflict", words, _differs(name))
    return known, False


async def devices_of(database: Database, workspace_id: int) -> list[DeviceRow]:
    """Return all devices of a workspace, by their ids."""
    async with database.transaction(workspace_id) as conn:
        return await list_devices(conn, workspace_id)


async def block(
    handler: Handler, workspace_id: int, device: str, since: Instant | None, reason: str, actor: str
) -> tuple[DeviceRow, AtRisk]:
    """Grant nothing any more that a lost device says happened at ``since`` (None: now) or later.

    What happened before is merged when it turns up, within its allowances: what these leave is returned,
    and is the most that somebody who has the device can still get. Raises the 404 of an unknown device,
    and the 422 of a time to come.
    """
    async with handler.database.transaction(workspace_id) as conn:
        row = await _locked(conn, workspace_id, device)
        now = business_now(await handler.configurations.current(conn, workspace_id))
        since = now if since is None else since
        if since > now:
            raise field_problem("$.since", "in_the_future", "lies ahead")
        row = msgspec.structs.replace(
            row, blocked_since=since, blocked_at=wall_now(), blocked_by=actor, block_reason=reason
        )
        await block_device(conn, workspace_id, row)
        after = {"since": format_instant(since), "reason": reason}
        await note(conn, workspace_id, actor, "till_device.blocked", f"till_device/{device}", after)
        return row, await read_risk(conn, workspace_id, row.device_id, now)


async def unblock(database: Database, workspace_id: int, device: str, reason: str, actor: str) -> DeviceRow:
    """Let a device that was found again be used; what was refused meanwhile stays so."""
    async with database.transaction(workspace_id) as conn:
        row = await _locked(conn, workspace_id, device)
        if row.blocked_since is None:
            return row
        row = msgspec.structs.replace(
            row, blocked_since=None, blocked_at=None, blocked_by=None, block_reason=None
        )
        await block_device(conn, workspace_id, row)
        after = {"reason": reason}
        await note(conn, workspace_id, actor, "till_device.unblocked", f"till_device/{device}", after)
        return row


async def _locked(conn: Connection, workspace_id: int, name: str) -> DeviceRow:
    device = await read_device(conn, workspace_id, device_id_of(workspace_id, name), lock=True)
    if device is None:
        raise device_unknown(name)
    return device


async def issue_allowance(
    handler: Handler, workspace_id: int, command: IssueAllowance, actor: str
) -> tuple[SignedAllowance, bool]:
    """Sign and store an allowance, once per id; return it, and whether it is new."""
    allowance_id = allowance_id_of(workspace_id, command.device, command.id)
    body = body_of(command)
    if command.members is not None:  # whose it is stays out of what is stored
        digest = handler.codebook.mac(workspace_id, "till members", msgspec.json.encode(command.members))
        body = body_of(msgspec.structs.replace(command, members=(digest.hex(),)))
    async with handler.database.transaction(workspace_id) as conn:
        device = await _locked(conn, workspace_id, command.device)
        workspace = await handler.configurations.current(conn, workspace_id)
        known = await read_allowance(conn, workspace_id, device.device_id, allowance_id)
        if known is None:
            if device.blocked_since is not None:
                raise problem(409, "device_blocked", f"Device {command.device!r} is blocked.")
            members = None
            if command.members is not None:
                members = tuple(
                    [(await load_customer(conn, workspace, name))[0].customer_id for name in command.members]
                )
            row = _row(command, device, allowance_id, members, business_now(workspace), body, actor)
            if await insert_allowance(conn, workspace_id, row):
                after = msgspec.to_builtins(msgspec.structs.replace(command, members=None))
                name = f"till_device/{command.device}"
                await note(conn, workspace_id, actor, "till_allowance.issued", name, after)
                return signed_allowance(handler, workspace_id, row), True
            known = await read_allowance(conn, workspace_id, device.device_id, allowance_id)
    assert known is not None, "it was there a moment ago, and is never deleted"
    if known.body != body:
        words = f"The id {command.id!r} was used before with another body."
        raise problem(
            422, "id_conflict", words, *(_differs(name) for name in differing_fields(known.body, body))
        )
    return signed_allowance(handler, workspace_id, known), False


def _differs(name: str) -> FieldProblem:
    return FieldProblem(path=f"$.{name}", code="id_conflict", message="differs from the first use")


def _row(
    command: IssueAllowance,
    device: DeviceRow,
    allowance_id: UUID,
    members: tuple[UUID, ...] | None,
    now: Instant,
    body: bytes,
    actor: str,
) -> AllowanceRow:
    now -= now % SECOND
    total = command.max_points_total
    if total is None:
        total = min(command.max_points * command.max_redemptions, MAX_AMOUNT)
    document = AllowanceDocument(
        version=1,
        allowance=command.id,
        device=command.device,
        location=device.location,
        issued_at=format_instant(now),
        expires_at=format_instant(now + command.lasts),
        members=members,
        max_points=command.max_points,
        max_points_total=total,
        max_amount=command.max_amount,
        max_redemptions=command.max_redemptions,
        overspend=command.overspend,
    )
    return AllowanceRow(
        device_id=device.device_id,
        allowance_id=allowance_id,
        document=msgspec.json.encode(document),
        body=body,
        actor=actor,
        issued_at=now,
        expires_at=now + command.lasts,
        max_points=total,
        max_amount=command.max_amount,
        max_redemptions=command.max_redemptions,
    )


def signed_allowance(handler: Handler, workspace_id: int, row: AllowanceRow) -> SignedAllowance:
    """Return a stored allowance with its signature."""
    signature = handler.codebook.till.sign(workspace_id, _SIGNED + row.document)
    return SignedAllowance(row.document.decode(), signature, bounds_of(row))


def bounds_of(row: AllowanceRow) -> Bounds:
    """Return the bounds of a stored allowance, as its document says them."""
    document = msgspec.json.decode(row.document, type=AllowanceDocument)
    return Bounds(
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        members=document.members,
        max_points=document.max_points,
        max_points_total=row.max_points,
        max_amount=row.max_amount,
        max_redemptions=row.max_redemptions,
        overspend=document.overspend,
    )


async def require_device(conn: Connection, workspace_id: int, name: str) -> DeviceRow:
    """Return the device that the caller names, or raise the 404."""
    device = await read_device(conn, workspace_id, device_id_of(workspace_id, name))
    if device is None:
        raise device_unknown(name)
    return device


def device_unknown(name: str) -> ProblemError:
    """Build the 404 of a device."""
    return problem(404, "device_unknown", f"There is no device {name!r}.")


def device_id_of(workspace_id: int, name: str) -> UUID:
    """Return the internal id of a device."""
    return named_id(workspace_id, "till_device", name)


def allowance_id_of(workspace_id: int, device: str, name: str) -> UUID:
    """Return the internal id of an allowance: each device has ids of its own."""
    return named_id(workspace_id, "till_allowance", f"{device}\x1f{name}")


async def note(
    conn: Connection, workspace_id: int, actor: str, action: str, name: str, after: object
) -> None:
    """Write to the audit log what was done at the till."""
    entry = AuditEntry(
        entry_id=_ids.next(), at=wall_now(), actor=actor, action=action, object=name, after=after
    )
    await insert_audit_entry(conn, workspace_id, entry)
