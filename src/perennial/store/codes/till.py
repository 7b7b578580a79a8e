"""Devices at the till, their allowances, and what they uploaded.

Found by the device alone, not by a customer. Whoever uploads locks the device, then the allowance, and only
then customers; so the entries of one device are merged one after the other.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.codes.till_allowance import EntryState, Granted
from perennial.store.one_statement import GuardError
from perennial.units import Instant, Minor, Points


class DeviceRow(msgspec.Struct, frozen=True):
    """A device: where it stands, and the key with which it signs.

    Of one that was lost: from when on (business time) nothing is granted, when that was said, by whom and
    why.
    """

    device_id: UUID
    external_id: str
    location: str
    name: str
    public_key: bytes
    actor: str
    created_at: Instant
    last_sequence: int = 0
    blocked_since: Instant | None = None
    blocked_at: Instant | None = None
    blocked_by: str | None = None
    block_reason: str | None = None


class AtRisk(msgspec.Struct, frozen=True):
    """What open allowances of a device still leave to be granted, the last of them ``until`` its end."""

    points: Points
    amount: Minor
    redemptions: int
    until: Instant | None


class AllowanceRow(msgspec.Struct, frozen=True):
    """An allowance: its signed document, a keyed hash of what was asked for, and what was granted."""

    device_id: UUID
    allowance_id: UUID
    document: bytes
    body: bytes
    actor: str
    issued_at: Instant
    expires_at: Instant
    max_points: Points
    max_amount: Minor
    max_redemptions: int
    points: Points = 0
    amount: Minor = 0
    redemptions: int = 0

    def granted(self, member_points: Points) -> Granted:
        """Return what was granted so far, ``member_points`` of it to one member."""
        return Granted(
            redemptions=self.redemptions, points=self.points, amount=self.amount, member_points=member_points
        )


class EntryRow(msgspec.Struct, frozen=True):
    """An entry of an upload: ``points`` and ``amount`` were granted, ``owed`` and ``lost`` are of those."""

    device_id: UUID
    sequence: int
    allowance_id: UUID
    member_id: UUID | None
    body: bytes
    at: Instant
    recorded_at: Instant
    state: EntryState
    points: Points
    amount: Minor
    owed: Points
    lost: Minor
    answer: bytes


_DEVICE = """device_id, external_id, location, name, public_key, actor, created_at, last_sequence,
    blocked_since, blocked_at, blocked_by, block_reason"""

_ALLOWANCE = """device_id, allowance_id, document, body, actor, issued_at, expires_at, max_points, max_amount,
    max_redemptions, points, amount, redemptions"""

_ENTRY = """device_id, sequence, allowance_id, member_id, body, at, recorded_at, state, points, amount, owed,
    lost, answer"""

_INSERT_DEVICE = """
insert into till_devices (
    workspace_id, device_id, external_id, location, name, public_key, actor, created_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing
"""

_READ_DEVICE = f"""
select {_DEVICE} from till_devices where workspace_id = $1 and device_id = $2
"""

_LOCK_DEVICE = f"{_READ_DEVICE} for update"

_LIST_DEVICES = f"""
select {_DEVICE} from till_devices where workspace_id = $1 order by external_id collate "C"
"""

_BLOCK_DEVICE = """
update till_devices
set blocked_since = $3, blocked_at = $4, blocked_by = $5, block_reason = $6
where workspace_id = $1 and device_id = $2
"""

_READ_RISK = """
select coalesce(sum(max_points - points), 0)::bigint, coalesce(sum(max_amount - amount), 0)::bigint,
    coalesce(sum(max_redemptions - redemptions), 0)::bigint, max(expires_at)
from till_allowances
where workspace_id = $1 and device_id = $2 and expires_at > $3
"""

_INSERT_ALLOWANCE = """
insert into till_allowances (
    workspace_id, device_id, allowance_id, document, body, actor, issued_at, expires_at, max_points,
    max_amount, max_redemptions
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict do nothing
"""

_READ_ALLOWANCE = f"""
select {_ALLOWANCE} from till_allowances
where workspace_id = $1 and device_id = $2 and allowance_id = $3
"""

_LOCK_ALLOWANCE = f"{_READ_ALLOWANCE} for update"

_READ_MEMBER_POINTS = """
select coalesce(sum(points), 0)::bigint from till_entries
where workspace_id = $1 and device_id = $2 and allowance_id = $3 and member_id = $4
"""

_READ_ENTRIES = f"""
select {_ENTRY} from till_entries
where workspace_id = $1 and device_id = $2 and sequence = any($3::bigint[])
"""

_INSERT_ENTRY = f"""
insert into till_entries (workspace_id, {_ENTRY})
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""

_COUNT_ENTRY = """
update till_devices set last_sequence = $3
where workspace_id = $1 and device_id = $2 and last_sequence = $3 - 1
"""

GRANT_ALLOWANCE = """
update till_allowances
set points = points + $4, amount = amount + $5, redemptions = redemptions + 1
where workspace_id = $1 and device_id = $2 and allowance_id = $3
    and points + $4 <= max_points and amount + $5 <= max_amount and redemptions + 1 <= max_redemptions
"""


async def insert_device(conn: Connection, ws: int, row: DeviceRow) -> bool:
    """Add a device; return False if its id is taken."""
    done = await conn.execute(
        _INSERT_DEVICE,
        ws,
        row.device_id,
        row.external_id,
        row.location,
        row.name,
        row.public_key,
        row.actor,
        row.created_at,
    )
    return bool(done == "INSERT 0 1")


async def read_device(conn: Connection, ws: int, device_id: UUID, *, lock: bool = False) -> DeviceRow | None:
    """Return a device, or None; with ``lock`` nobody else merges its entries until the transaction ends."""
    row = await conn.fetchrow(_LOCK_DEVICE if lock else _READ_DEVICE, ws, device_id)
    return None if row is None else DeviceRow(*row)


async def list_devices(conn: Connection, ws: int) -> list[DeviceRow]:
    """Return all devices, by their ids."""
    return [DeviceRow(*row) for row in await conn.fetch(_LIST_DEVICES, ws)]


async def block_device(conn: Connection, ws: int, row: DeviceRow) -> None:
    """Store from when on a device is blocked, or that it is not; it must be locked."""
    block = row.blocked_since, row.blocked_at, row.blocked_by, row.block_reason
    _demand(await conn.execute(_BLOCK_DEVICE, ws, row.device_id, *block), "till_devices")


async def read_risk(conn: Connection, ws: int, device_id: UUID, now: Instant) -> AtRisk:
    """Return what the allowances of a device that are open at ``now`` still leave."""
    row = await conn.fetchrow(_READ_RISK, ws, device_id, now)
    assert row is not None
    return AtRisk(*row)


async def insert_allowance(conn: Connection, ws: int, row: AllowanceRow) -> bool:
    """Add an allowance of which nothing was granted yet; return False if its id is taken."""
    done = await conn.execute(
        _INSERT_ALLOWANCE,
        ws,
        row.device_id,
        row.allowance_id,
        row.document,
        row.body,
        row.actor,
        row.issued_at,
        row.expires_at,
        row.max_points,
        row.max_amount,
        row.max_redemptions,
    )
    return bool(done == "INSERT 0 1")


async def read_allowance(
    conn: Connection, ws: int, device_id: UUID, allowance_id: UUID, *, lock: bool = False
) -> AllowanceRow | None:
    """Return an allowance of a device, or None; with ``lock`` nothing else is granted under it meanwhile."""
    row = await conn.fetchrow(_LOCK_ALLOWANCE if lock else _READ_ALLOWANCE, ws, device_id, allowance_id)
    return None if row is None else AllowanceRow(*row)


async def read_member_points(
    conn: Connection, ws: int, device_id: UUID, allowance_id: UUID, member_id: UUID
) -> Points:
    """Return how many points were granted to one member under an allowance, which must be locked."""
    points: Points = await conn.fetchval(_READ_MEMBER_POINTS, ws, device_id, allowance_id, member_id)
    return points


async def read_entries(
    conn: Connection, ws: int, device_id: UUID, sequences: Collection[int]
) -> dict[int, EntryRow]:
    """Return the entries of a device that have one of these numbers."""
    rows = [EntryRow(*row) for row in await conn.fetch(_READ_ENTRIES, ws, device_id, list(sequences))]
    return {row.sequence: msgspec.structs.replace(row, state=EntryState(row.state)) for row in rows}


async def insert_entry(conn: Connection, ws: int, row: EntryRow) -> None:
    """Add the next entry of a device that is locked, and count what it was granted.

    Raises :class:`GuardError` if it is not the next one, or passes the bounds of its allowance.
    """
    await conn.execute(_INSERT_ENTRY, ws, *msgspec.structs.astuple(row))
    _demand(await conn.execute(_COUNT_ENTRY, ws, row.device_id, row.sequence), "till_devices")
    if row.state is not EntryState.REFUSED:
        done = await conn.execute(
            GRANT_ALLOWANCE, ws, row.device_id, row.allowance_id, row.points, row.amount
        )
        _demand(done, "till_allowances")


def _demand(done: str, table: str) -> None:
    if done != "UPDATE 1":
        raise GuardError(table, 1, 0)
