"""Which households a batch has to lock besides those of its customers, where they lie, and who lives in them.

Members are locked before households, and each in the order of their ids. What is found out only behind the
locks is remembered for the next try.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

import asyncpg
from asyncpg import Connection

from perennial.core.member import Household, Member
from perennial.flows.batch import Batch
from perennial.flows.commands import ChangeEntitlement, Command, PutHousehold, ReferralPair, RunTimers
from perennial.store.customers.customers import CustomerRow, find_companions, read_customers
from perennial.store.external_ids import IdKind, find_external_ids
from perennial.store.workspaces import WorkspaceRow

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


async def homes_of(conn: Connection, batch: Batch, households: AbstractSet[UUID]) -> dict[UUID, int]:
    """Return the buckets in which households lie: that of who founded it, for good, so it is remembered."""
    row = batch.workspace.row
    if len(row.buckets) == 1:
        return dict.fromkeys(households, batch.bucket)
    found = {each: batch.homes[each] for each in households if each in batch.homes}
    unknown = households - found.keys()
    if unknown:
        new = await places_of_households(conn, row.workspace_id, unknown)
        if len(batch.homes) > _REMEMBERED:
            batch.homes.clear()
        batch.homes.update(new)
        found |= new
    return found


async def places_of_households(conn: Connection, ws: int, households: Collection[UUID]) -> dict[UUID, int]:
    """Return the bucket in which each household lies."""
    if not households:
        return {}
    found = await find_external_ids(conn, ws, IdKind.HOUSEHOLD, sorted(households))
    return {each: bucket for each, (bucket, _) in found.items()}


async def check_companions(
    conn: Connection, batch: Batch, households: set[UUID], rows: dict[UUID, CustomerRow]
) -> None:
    """Make sure that everybody who lives in the households, which are locked, is locked as well.

    What one does to the wallet that they share may move the others in and out of segments.
    """
    ids, buckets = sorted(households), batch.workspace.row.buckets
    found = await find_companions(conn, batch.workspace.workspace_id, buckets, ids)
    missing: dict[UUID, frozenset[tuple[int, UUID]]] = {}
    for household_id, lived in found.items():
        people = {customer_id for _, customer_id in lived}
        if not people <= rows.keys():
            # Who enters does not live there yet: so it is remembered by the household, too.
            missing.update(dict.fromkeys((*people, household_id), frozenset(lived)))
        elif batch.companions:
            # Who has moved out is not waited for any longer.
            remembered = batch.companions.keys() & {*people, household_id}
            batch.companions.update(dict.fromkeys(remembered, frozenset(lived)))
    if missing:
        if len(batch.companions) > _REMEMBERED:
            batch.companions.clear()
        batch.companions.update(missing)
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


async def homes_elsewhere(
    conn: Connection, workspace: WorkspaceRow, bucket: int, rows: Mapping[UUID, CustomerRow]
) -> dict[UUID, int]:
    """Return the buckets of the households of customers, of those that lie in another bucket; unlocked."""
    if len(workspace.buckets) == 1:
        return {}
    households = {row.household_id for row in rows.values() if row.household_id is not None}
    homes = await places_of_households(conn, workspace.workspace_id, households)
    return {each: home for each, home in homes.items() if home != bucket}


async def home_of(conn: Connection, workspace: WorkspaceRow, bucket: int, row: CustomerRow) -> int:
    """Return the bucket in which the wallets lie that a customer of ``bucket`` uses."""
    homes = await homes_elsewhere(conn, workspace, bucket, {row.customer_id: row})
    return homes.get(row.owner, bucket)


async def with_companions(
    conn: Connection, workspace: WorkspaceRow, bucket: int, rows: Mapping[UUID, CustomerRow]
) -> tuple[dict[UUID, CustomerRow], dict[UUID, int]]:
    """Return the rows of customers with those of their households and of who lives there, unlocked.

    With them come the buckets of those that lie in another one.
    """
    households = sorted({row.household_id for row in rows.values() if row.household_id is not None})
    if not households:
        return dict(rows), {}
    ws = workspace.workspace_id
    places = await homes_elsewhere(conn, workspace, bucket, rows)
    found = await find_companions(conn, ws, workspace.buckets, households)
    wanted = {place for lived in found.values() for place in lived if place[1] not in rows}
    wanted |= {(places.get(each, bucket), each) for each in households}
    whole = dict(rows)
    for place in sorted({each for each, _ in wanted}):
        ids = sorted(customer_id for each, customer_id in wanted if each == place)
        whole |= await read_customers(conn, ws, place, ids)
        if place != bucket:
            places |= dict.fromkeys(ids, place)
    return whole, places
