"""Who is locked before a batch reads anything: its customers, who lives with them, and their households.

People come before households, and each bucket by bucket, in the order of their ids: whatever buckets a batch
needs, all batches lock in this order, and none waits for another that waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec
from asyncpg import Connection

from perennial.flows.batch import Batch
from perennial.flows.loading.households import check_companions, homes_of
from perennial.flows.merged import survivor_names
from perennial.store.customers.customers import CustomerRow, insert_customers, lock_customers


class Wanted(msgspec.Struct):
    """Whom a batch needs: customers ``named`` by its commands, with the caller's own ids where they are told.

    Those whom an event ``creates`` need not be there yet. The ``households`` are loaded as members are, and
    so are those of customers who are ``leaving``.
    """

    batch: Batch
    named: dict[UUID, str | None]
    creates: set[UUID]
    households: set[UUID]
    leaving: set[UUID]

    def people(self) -> dict[int, set[UUID]]:
        """Return everybody who is needed, by bucket: whom they live with is remembered of earlier tries."""
        batch = self.batch
        found = {batch.bucket: self.named.keys() - self.households}
        for each in (*self.named, *self.households) if batch.companions else ():
            for bucket, other in batch.companions.get(each, ()):
                found.setdefault(bucket, set()).add(other)
        return found


async def lock(conn: Connection, sides: Sequence[Wanted]) -> None:
    """Lock whom the batches of one transaction need, and tell each of its own; buckets come ascending."""
    wanted = [side.people() for side in sides]
    people = await _lock_people(conn, sides, wanted)
    homes: dict[UUID, int] = {}
    for side, needed in zip(sides, wanted, strict=True):
        rows = people if len(sides) == 1 else _among(people, needed)
        lived_in = {each: row.household_id for each, row in rows.items() if row.household_id is not None}
        side.households |= {household for each, household in lived_in.items() if each in side.leaving}
        side.batch.households = side.households | set(lived_in.values())
        homes |= await homes_of(conn, side.batch, side.batch.households)
    households = await _lock_households(conn, sides[0].batch, homes)
    for side, needed in zip(sides, wanted, strict=True):
        batch, rows = side.batch, people if len(sides) == 1 else _among(people, needed)
        batch.places = {
            each: bucket for bucket, ids in needed.items() if bucket != batch.bucket for each in ids
        } | {each: homes[each] for each in batch.households if homes[each] != batch.bucket}
        await _take_over(conn, side, rows, households)


def _among(people: dict[UUID, CustomerRow], needed: dict[int, set[UUID]]) -> dict[UUID, CustomerRow]:
    return {each: people[each] for ids in needed.values() for each in ids if each in people}


async def _lock_people(
    conn: Connection, sides: Sequence[Wanted], wanted: Sequence[dict[int, set[UUID]]]
) -> dict[UUID, CustomerRow]:
    """Lock the rows of customers, creating those that an event may create."""
    workspace_id = sides[0].batch.workspace.workspace_id
    own = {side.batch.bucket: side for side in sides}
    people: dict[UUID, CustomerRow] = {}
    for bucket in sorted({bucket for needed in wanted for bucket in needed}):
        ids = sorted({each for needed in wanted for each in needed.get(bucket, ())})
        rows = await lock_customers(conn, workspace_id, bucket, ids)
        side = own.get(bucket)
        missing = [each for each in ids if side is not None and each not in rows and each in side.creates]
        if side is not None and missing:
            new = [
                CustomerRow(customer_id=each, external_id=side.named[each] or "", created_at=side.batch.now)
                for each in missing
            ]
            await insert_customers(conn, workspace_id, bucket, new)
            rows.update(await lock_customers(conn, workspace_id, bucket, missing))
            side.batch.created.update(missing)
        people |= rows
    return people


async def _lock_households(conn: Connection, batch: Batch, homes: dict[UUID, int]) -> dict[UUID, CustomerRow]:
    workspace_id = batch.workspace.workspace_id
    rows: dict[UUID, CustomerRow] = {}
    for bucket in sorted(set(homes.values())):
        ids = sorted(each for each, home in homes.items() if home == bucket)
        rows |= await lock_customers(conn, workspace_id, bucket, ids)
    lost = homes.keys() - rows.keys()
    for each in lost:
        batch.homes.pop(each, None)
    if lost:
        # Whoever founded it there has failed since.
        raise asyncpg.SerializationError("a household lies elsewhere")
    return rows


async def _take_over(
    conn: Connection, side: Wanted, rows: dict[UUID, CustomerRow], households: dict[UUID, CustomerRow]
) -> None:
    """Tell a batch whom it has locked, and make sure that nobody is missing who moves with them."""
    batch = side.batch
    workspace = batch.workspace
    for each in batch.companions.keys() & rows.keys() if batch.companions else ():
        if rows[each].household_id is None:
            del batch.companions[each]
    if batch.households:
        if workspace.pools:
            side.households |= batch.households
        rows.update((each, households[each]) for each in side.households)
        shares = workspace.segments is not None and workspace.segments.wallets
        if shares or workspace.pools:
            await check_companions(conn, batch, batch.households, rows)
    batch.erased = {each for each, row in rows.items() if row.erased_at is not None}
    batch.customers = {each: row for each, row in rows.items() if each not in batch.erased}
    gone = batch.erased - batch.places.keys()
    if gone:
        batch.merged = await survivor_names(conn, workspace.workspace_id, batch.bucket, gone)
