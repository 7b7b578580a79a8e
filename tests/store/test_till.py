"""Devices, allowances and entries as they are stored: bounds hold at the write, the audit watches."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import msgspec
import pytest
from asyncpg import Connection

from perennial.core.codes.till_allowance import EntryState
from perennial.store.audits.audit import audit
from perennial.store.codes.till import (
    GRANT_ALLOWANCE,
    AllowanceRow,
    DeviceRow,
    EntryRow,
    insert_allowance,
    insert_device,
    insert_entry,
    read_allowance,
    read_device,
    read_entries,
    read_member_points,
)
from perennial.store.database import Database, attempt
from perennial.store.effects import GuardError
from tests.store.book import NOW

DEVICE, ALLOWANCE, MEMBER = UUID(int=1), UUID(int=2), UUID(int=3)
ROW = DeviceRow(DEVICE, "till-1", "berlin", "A till", bytes(32), "test", NOW)
ALLOWED = AllowanceRow(DEVICE, ALLOWANCE, b"{}", b"", "test", NOW, NOW + 1, 500, 1_000, 5)
ENTRY = EntryRow(DEVICE, 1, ALLOWANCE, MEMBER, b"body", NOW, NOW, EntryState.REDEEMED, 100, 200, 0, 0, b"{}")
CLIENTS = 24


@pytest.fixture
async def till(db: Database, workspace: int) -> int:
    """A workspace with one device that has one allowance: 500 points, 10.00, five times."""
    async with db.transaction(workspace) as conn:
        assert await insert_device(conn, workspace, ROW)
        assert await insert_allowance(conn, workspace, ALLOWED)
    return workspace


async def put(db: Database, ws: int, sequence: int, **changes: object) -> None:
    """Store an entry in a transaction of its own."""
    async with db.transaction(ws) as conn:
        await insert_entry(conn, ws, msgspec.structs.replace(ENTRY, sequence=sequence, **changes))


async def test_what_is_stored_is_read(db: Database, till: int) -> None:
    """Rows come back as they were, with what was granted; the same id again inserts nothing."""
    await put(db, till, 1)
    await put(db, till, 2, state=EntryState.REFUSED, points=0, amount=0)
    async with db.transaction(till) as conn:
        assert await read_device(conn, till, DEVICE) == msgspec.structs.replace(ROW, last_sequence=2)
        granted = msgspec.structs.replace(ALLOWED, points=100, amount=200, redemptions=1)
        assert await read_allowance(conn, till, DEVICE, ALLOWANCE) == granted
        assert (await read_entries(conn, till, DEVICE, [1, 7])) == {1: ENTRY}
        assert await read_member_points(conn, till, DEVICE, ALLOWANCE, MEMBER) == 100
        assert not await insert_device(conn, till, ROW)
        assert not await insert_allowance(conn, till, ALLOWED)


@pytest.mark.parametrize(("points", "amount"), [(501, 0), (0, 1_001)])
async def test_the_bounds_hold_at_the_write(db: Database, till: int, points: int, amount: int) -> None:
    """Whatever the code above forgot, one more than the bound is not written, nor anything with it."""
    with pytest.raises(GuardError):
        await put(db, till, 1, points=points, amount=amount)
    async with db.transaction(till) as conn:
        assert await read_entries(conn, till, DEVICE, [1]) == {}
    await put(db, till, 1, points=500, amount=1_000)


async def test_numbers_have_no_gap(db: Database, till: int) -> None:
    """The next entry has the next number, and only once."""
    with pytest.raises(GuardError):
        await put(db, till, 2)
    await put(db, till, 1)
    with pytest.raises(asyncpg.UniqueViolationError):
        await put(db, till, 1)


async def granted_at_once(url: str, ws: int, sql: str) -> int:
    """Let many clients grant 100 points and 2.00 at the same moment; return how many did."""
    async with await Database.connect(url, largest=CLIENTS) as crowd:

        async def grant() -> bool:
            try:
                async with crowd.transaction(ws) as conn:
                    return await conn.execute(sql, ws, DEVICE, ALLOWANCE, 100, 200) == "UPDATE 1"
            except asyncpg.CheckViolationError:
                return False

        return sum(await asyncio.gather(*(grant() for _ in range(CLIENTS))))


async def test_many_at_once_are_granted_what_is_allowed(
    db: Database, till: int, database_url: str, superuser: Connection
) -> None:
    """Five of twenty-four fit. The control: the same statement without its guard and check grants all."""
    assert await granted_at_once(database_url, till, GRANT_ALLOWANCE) == 5
    async with db.transaction(till) as conn:
        row = await read_allowance(conn, till, DEVICE, ALLOWANCE)
    assert row is not None
    assert (row.points, row.amount, row.redemptions) == (500, 1_000, 5)
    guard = (
        "and points + $4 <= max_points and amount + $5 <= max_amount and redemptions + 1 <= max_redemptions"
    )
    assert guard in GRANT_ALLOWANCE
    without = GRANT_ALLOWANCE.replace(guard, "")
    await superuser.execute("update till_allowances set points = 0, amount = 0, redemptions = 0")
    assert await granted_at_once(database_url, till, without) == 5  # the check alone also holds
    await superuser.execute(
        "create table unguarded as select * from till_allowances; update unguarded set points = 0,"
        " amount = 0, redemptions = 0; grant all on unguarded to perennial_worker"
    )
    free = without.replace("update till_allowances", "update unguarded")
    assert await granted_at_once(database_url, till, free) == CLIENTS
    await superuser.execute("drop table unguarded")


@pytest.mark.parametrize(
    "damage",
    [
        "update till_allowances set points = points + 1",
        "update till_allowances set redemptions = redemptions + 1",
        "update till_entries set amount = amount + 1",
        "delete from till_entries",
        "update till_devices set last_sequence = 7",
    ],
)
async def test_the_audit_watches(db: Database, till: int, superuser: Connection, damage: str) -> None:
    """Sound rows are clean; each damage breaks the check of the till alone."""
    await put(db, till, 1)
    await put(db, till, 2, state=EntryState.REFUSED, points=0, amount=0)
    async with db.unbound() as conn:
        assert (await audit(conn, till)).clean
        await superuser.execute(f"{damage} where workspace_id = $1", till)
        report = await audit(conn, till)
    assert {check.name for check in report.broken} == {"till"}


async def test_an_attempt_is_undone_alone(db: Database, till: int) -> None:
    """What fails within a transaction leaves no trace, and what is around it is committed."""
    async with db.transaction(till) as conn:
        await insert_entry(conn, till, ENTRY)
        with pytest.raises(GuardError):
            async with attempt(conn):
                await insert_entry(conn, till, msgspec.structs.replace(ENTRY, sequence=3))
        async with attempt(conn):
            await insert_entry(conn, till, msgspec.structs.replace(ENTRY, sequence=2))
    async with db.transaction(till) as conn:
        assert sorted(await read_entries(conn, till, DEVICE, [1, 2, 3])) == [1, 2]
