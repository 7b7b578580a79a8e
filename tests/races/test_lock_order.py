"""Batches of two buckets need the same households: whoever comes second waits, and nobody for ever."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

import pytest
from asyncpg import Connection, DeadlockDetectedError

from perennial.core.orders.order import Line, Order, OrderStatus
from perennial.flows.batch import Batch
from perennial.flows.commands import JoinProgram, PutHousehold, PutOrder
from perennial.flows.customers.household import put_household
from perennial.flows.loading import locking
from perennial.store.customers.customers import CustomerRow, lock_customers
from perennial.units import bucket_of
from tests.races.shop import PROGRAM
from tests.races.test_controls import Rivals, connected_rivals


class Meeting:
    """Stands in for the locks: who has locked a household waits a moment for another who has locked one."""

    def __init__(self, own_first: int | None) -> None:
        self.deadlocks = 0
        self._own_first = own_first
        self._came = 0
        self._met = asyncio.Event()

    async def lock_customers(
        self, conn: Connection, ws: int, bucket: int, ids: list[UUID]
    ) -> dict[UUID, CustomerRow]:
        """Lock rows as the product does; count it if that would have been for ever."""
        try:
            rows = await lock_customers(conn, ws, bucket, ids)
        except DeadlockDetectedError:
            self.deadlocks += 1
            raise
        if {each.external_id for each in rows.values()} <= {"one", "two"}:
            self._came += 1
            if self._came == 2:
                self._met.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._met.wait(), 0.5)
            self._met.set()
        return rows

    async def lock_households(
        self, conn: Connection, batch: Batch, homes: dict[UUID, int]
    ) -> dict[UUID, CustomerRow]:
        """Lock households bucket by bucket, in one bucket's batches the other way round."""
        rows: dict[UUID, CustomerRow] = {}
        for bucket in sorted(set(homes.values()), reverse=batch.bucket == self._own_first):
            ids = [each for each, home in homes.items() if home == bucket]
            rows |= await self.lock_customers(conn, batch.workspace.workspace_id, bucket, ids)
        return rows


async def _move_in(rivals: Rivals, names: tuple[list[str], list[str]]) -> None:
    """Let two of each bucket live in each of two households, of which each bucket has one."""
    for number, people in enumerate(zip(*names, strict=True)):
        for name, home in zip(people, ("two", "one") if number == 1 else ("one", "two"), strict=True):
            await rivals.do(JoinProgram(customer=name, program="points", source="test", at=None))
            command = PutHousehold(customer=name, household=home)
            assert (await put_household(rivals.handlers[0], rivals.workspace_id, command)).status == 200


@pytest.mark.parametrize("turned", [False, True])
async def test_batches_of_two_buckets(url: str, monkeypatch: pytest.MonkeyPatch, turned: bool) -> None:
    """Each has people of a household here and of one there: they lock both in the same order.

    The control: where one of them begins with its own bucket, each has what the other one waits for.
    """
    async with connected_rivals(url, PROGRAM, 4) as rivals:
        (row,) = await rivals.rows("select bucket_base, bucket_count from workspaces")
        of = {name: bucket_of(name, *row) - row[0] for name in (f"p{number}" for number in range(60))}
        here, there = ([name for name in of if of[name] == place][:2] for place in (0, 1))
        await _move_in(rivals, (here, there))
        meeting = Meeting(row[0] + 1 if turned else None)
        monkeypatch.setattr(locking, "lock_customers", meeting.lock_customers)
        if turned:
            monkeypatch.setattr(locking, "_lock_households", meeting.lock_households)
        work = zip(rivals.handlers[:2], (row[0], row[0] + 1), (here, there), strict=True)
        answers = await asyncio.gather(
            *(
                handler.handle_batch(rivals.workspace_id, bucket, [_order(name) for name in names])
                for handler, bucket, names in work
            )
        )
        assert {answer.status for both in answers for answer in both} == {201}
        assert (meeting.deadlocks > 0) is turned
        assert await rivals.ask("select sum(balance) from wallets") == 10 * 4


def _order(customer: str) -> PutOrder:
    order = Order(status=OrderStatus.PAID, lines=(Line(id="1", sku="tea", amount=1_000),), currency="USD")
    return PutOrder(id=f"of-{customer}", customer=customer, at=None, order=order)
