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
from perennial.store.customers.merges import Place


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

    def people(self) -> set[Place]:
        """Return where everybody is who is needed: whom they live with is remembered of earlier tries."""
        batch = self.batch
        known = self.named.keys() | self.households
        together = {place for each in known for place in batch.companions.get(each, ())}
        return {(batch.bucket, each) for each in self.named.keys() - self.households} | together


async def lock(conn: Connection, sides: Sequence[Wanted]) -> None:
    """Lock whom the batches of one transaction need, and tell each of its own; buckets come ascending."""
    people = await _lock_people(conn, sides)
    homes: dict[UUID, int] = {}
    pooled: list[set[UUID]] = []
    for side in sides:
        lived_in = {
            each: row.household_id for each, row in _of(side, people).items() if row.household_id is not None
        }
        side.households |= {household for each, household in lived_in.items() if each in side.leaving}
        pooled.append(side.households | set(lived_in.values()))
        homes |= await homes_of(conn, side.batch, pooled[-1])
    households = await _lock_households(conn, sides[0].batch, homes)
    for side, lived_in_by_its_own in zip(sides, pooled, strict=True):
        await _take_over(conn, side, _of(side, people), households, homes, lived_in_by_its_own)


def _of(side: Wanted, people: dict[Place, CustomerRow]) -> dict[UUID, CustomerRow]:
    return {place[1]: people[place] for place in side.people() if place in people}


async def _lock_people(conn: Connection, sides: Sequence[Wanted]) -> dict[Place, CustomerRow]:
    """Lock the rows of customers, creating those that an event may create."""
    workspace_id = sides[0].batch.workspace.workspace_id
    wanted = {place for side in sides for place in side.people()}
    own = {side.batch.bucket: side for side in sides}
    people: dict[Place, CustomerRow] = {}
    for bucket in sorted({bucket for bucket, _ in wanted}):
        ids = sorted(each for place, each in wanted if place == bucket)
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
        people |= {(bucket, each): row for each, row in rows.items()}
    return people


async def _lock_households(conn: Connection, batch: Batch, homes: dict[UUID, int]) -> dict[UUID, CustomerRow]:
    workspace_id = batch.workspace.workspace_id
    rows: dict[UUID, CustomerRow] = {}
    for bucket in sorted(set(homes.values())):
        ids = sorted(each for each, home in homes.items() if home == bucket)
        rows |= await lock_customers(conn, workspace_id, bucket, ids)
    for each in homes.keys() - rows.keys():
        # Whoever founded it there has failed since.
        batch.homes.pop(each, None)
        raise asyncpg.SerializationError("a household lies elsewhere")
    return rows


async def _take_over(
    conn: Connection,
    side: Wanted,
    rows: dict[UUID, CustomerRow],
    households: dict[UUID, CustomerRow],
    homes: dict[UUID, int],
    pooled: set[UUID],
) -> None:
    """Tell a batch whom it has locked, and make sure that nobody is missing who moves with them."""
    batch = side.batch
    workspace = batch.workspace
    places = dict.fromkeys(rows, batch.bucket) | {each: bucket for bucket, each in side.people()}
    places |= {each: homes[each] for each in pooled}
    batch.places = {each: bucket for each, bucket in places.items() if bucket != batch.bucket}
    if pooled:
        if workspace.pools:
            side.households |= pooled
        rows.update((each, households[each]) for each in side.households)
        shares = workspace.segments is not None and workspace.segments.wallets
        if shares or workspace.pools:
            await check_companions(conn, batch, pooled, rows)
    batch.households = pooled
    batch.erased = {each for each, row in rows.items() if row.erased_at is not None}
    batch.customers = {each: row for each, row in rows.items() if each not in batch.erased}
    gone = batch.erased - batch.places.keys()
    if gone:
        batch.merged = await survivor_names(conn, workspace.workspace_id, batch.bucket, gone)
