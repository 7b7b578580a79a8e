"""Which households a batch has to lock besides those of its customers, and who lives in them.

Members are locked before households, and each in the order of their ids. What is found out only behind the
locks is remembered for the next try.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

import asyncpg
from asyncpg import Connection

from perennial.core.member import Household, Member
from perennial.flows.batch import Batch
from perennial.flows.commands import ChangeEntitlement, Command, PutHousehold, ReferralPair, RunTimers
from perennial.store.customers.customers import CustomerRow, find_companions, read_customers
from perennial.store.external_ids import IdKind, find_external_ids

_REMEMBERED = 10_000


async def households_named(
    conn: Connection, batch: Batch, commands: Sequence[Command], ids: AbstractSet[tuple[int, UUID]]
) -> set[UUID]:
    """Return the households that commands are about: that are entered, due, or keep points.

    ``ids`` are those of the orders and other things that the commands name.
    """
    found: set[UUID] = set()
    timed = [UUID(hex=command.customer_id) for command in commands if type(command) is RunTimers]
    if timed:
        found.update(await find_external_ids(conn, batch.workspace.workspace_id, IdKind.HOUSEHOLD, timed))
    for command in commands:
        if type(command) is PutHousehold and command.household is not None:
            found.add(batch.name("household", command.household))
        if type(command) is ReferralPair:
            found.update(UUID(hex=each) for bucket, each in command.kept_by if bucket == batch.bucket)
    if batch.keepers:
        about = {order_id for kind, order_id in ids if kind == IdKind.ORDER}
        about |= {UUID(hex=each.entitlement_id) for each in commands if type(each) is ChangeEntitlement}
        found.update(batch.keepers[known] for known in about & batch.keepers.keys())
    return found


def check_keepers(batch: Batch) -> None:
    """Make sure that the households are locked that keep points of what was loaded."""
    keeping = {
        order.order_id: order.kept_by
        for order in batch.orders.values()
        if order.kept_by is not None and order.customer_id in batch.customers
    }
    for known, loaded in batch.entitlements.items():
        if loaded.kept_by is not None:
            keeping[known] = loaded.kept_by
    unlocked = {
        known: household
        for known, household in keeping.items()
        if household not in batch.customers and household not in batch.erased
    }
    if unlocked:
        if len(batch.keepers) > _REMEMBERED:
            batch.keepers.clear()
        batch.keepers.update(unlocked)
        raise asyncpg.SerializationError("a household keeps the points")


async def check_companions(
    conn: Connection, batch: Batch, households: set[UUID], rows: dict[UUID, CustomerRow]
) -> None:
    """Make sure that everybody who lives in the households, which are locked, is locked as well.

    What one does to the wallet that they share may move the others in and out of segments.
    """
    ids = sorted(households)
    found = await find_companions(conn, batch.workspace.workspace_id, batch.bucket, ids)
    for household_id, lived in found.items():
        if not lived <= rows.keys():
            if len(batch.companions) > _REMEMBERED:
                batch.companions.clear()
            # Who enters does not live there yet: so it is remembered by the household, too.
            batch.companions.update(dict.fromkeys((*lived, household_id), frozenset(lived)))
            raise asyncpg.SerializationError("others live in the household")


def bring_together(members: Mapping[UUID, Member], rows: Mapping[UUID, CustomerRow]) -> None:
    """Tell members of whom they live with; all of them are loaded, and their households as well."""
    households: dict[UUID, Household] = {}
    for customer_id in sorted(members):
        household_id = rows[customer_id].household_id
        if household_id is None or household_id not in members:
            continue
        household = households.get(household_id)
        if household is None:
            household = households[household_id] = household_of(members, rows, household_id)
        members[customer_id].household = household
        household.people.append(members[customer_id])


def household_of(
    members: Mapping[UUID, Member], rows: Mapping[UUID, CustomerRow], household_id: UUID
) -> Household:
    """Return a loaded household, empty still, with what is written as used of its limits."""
    return Household(household_id, rows[household_id].external_id, [], members[household_id].limits)


async def with_companions(
    conn: Connection, workspace_id: int, bucket: int, rows: Mapping[UUID, CustomerRow]
) -> dict[UUID, CustomerRow]:
    """Return the rows of customers with those of their households and of who lives there, unlocked."""
    households = sorted({row.household_id for row in rows.values() if row.household_id is not None})
    if not households:
        return dict(rows)
    found = await find_companions(conn, workspace_id, bucket, households)
    others = {each for lived in found.values() for each in lived} - rows.keys()
    return {**rows, **await read_customers(conn, workspace_id, bucket, sorted({*others, *households}))}
