"""What is in the books, compared with what the callers know."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.flows.segments.audit import audit_everything
from perennial.ledger.account import Account
from perennial.units import named_id
from tests.torture.load import Write, owner_of, totals

Entry = tuple[UUID, UUID]
"""Whoever keeps the points, and the order or event behind a change of the balance."""


class Difference(msgspec.Struct):
    """Writes that are not there although they were acknowledged, and changes beyond what was sent."""

    lost: list[str] = []
    doubled: list[str] = []
    unsent: list[UUID] = []


_CHANGES = f"""
select customer_id, source_id, count(distinct operation_id) as operations,
    sum(case when credit = {Account.WALLET:d} then amount else -amount end)::bigint as points
from postings
where workspace_id = $1 and {Account.WALLET:d} in (debit, credit)
group by customer_id, source_id
"""

_BALANCES = """
select external_id, sum(balance)::bigint
from wallets join customers using (bucket, workspace_id, customer_id)
where workspace_id = $1
group by external_id
having sum(balance) <> 0
"""


def compare(ws: int, writes: list[Write], found: dict[Entry, tuple[int, int]]) -> Difference:
    """Compare acknowledged writes with the operations and points found per member and source."""
    difference = Difference()
    left = dict(found)
    for write in writes:
        source = named_id(ws, write.kind, write.name)
        for change in write.changes:
            there = left.pop((named_id(ws, *owner_of(change.member)), source), None)
            if there is None:
                difference.lost.append(write.name)
            elif there != (1, change.points):
                difference.doubled.append(write.name)
    difference.unsent = sorted({source for _, source in left})
    return difference


async def check(conn: Connection, ws: int, writes: list[Write], before: set[UUID]) -> Difference:
    """Audit the database, and compare the books with the writes, all of which are answered.

    ``before`` are the sources of what was there when the writes began.
    """
    report = await audit_everything(conn)
    assert report.clean, [(each.name, each.findings) for each in report.broken]
    rows = await conn.fetch(_CHANGES, ws)
    found = {(row[0], row[1]): (row[2], row[3]) for row in rows if row[1] not in before}
    difference = compare(ws, writes, found)
    balances = Counter({row[0]: row[1] for row in await conn.fetch(_BALANCES, ws)})
    assert difference != Difference() or balances == totals(writes)
    return difference


async def sources(conn: Connection, ws: int) -> set[UUID]:
    """Return the sources of everything that is in the books."""
    return {row[0] for row in await conn.fetch("select source_id from postings where workspace_id = $1", ws)}
