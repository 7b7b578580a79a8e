"""Lives as the simulator plays them, beside the members that the live path has left in the database."""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.core.member import Member, Wallet
from perennial.core.simulation.playing import Playing
from perennial.core.simulation.simulator import Simulator
from perennial.core.version import Version
from perennial.flows.loading.households import homes_elsewhere
from perennial.flows.loading.wherever import load_members_of
from perennial.flows.simulation.past_lives import LifeReader
from perennial.flows.simulation.sides import Compiled, compile_sides
from perennial.flows.simulation.simulate import Simulate, prepare, slices
from perennial.ledger.lot import LotKey
from perennial.store.customers.customers import read_customers
from perennial.store.database import Database
from perennial.store.members import Periods
from perennial.store.past import export_snapshot, reading
from perennial.store.workspaces import read_workspace
from perennial.units import Instant


async def played(
    db: Database, url: str, workspace: int, code: str, asked: Simulate
) -> tuple[list[list[Playing]], Compiled]:
    """Play every life in this process, and return them as they ended on each side."""
    prepared = await prepare(db, url, workspace, code, asked)
    found: list[list[Playing]] = []
    async with reading(url, workspace) as conn:
        task = msgspec.structs.replace(prepared.task, snapshot=await export_snapshot(conn))
        compiled = await compile_sides(conn, task)
        simulator = Simulator(compiled.sides, task.begins, task.until)
        row = prepared.row
        reader = LifeReader(conn, compiled.wanted)
        for part in slices(range(row.bucket_base, row.bucket_base + row.bucket_count), 2):
            after: UUID | None = UUID(hex=part.after)
            while after is not None:
                lives, after = await reader.lives(part, after)
                found += [simulator.play(life) for life in lives]
    return found, compiled


async def stored(conn: Connection, workspace: int, buckets: range, version: Version) -> dict[UUID, Member]:
    """Load every member with all that a version counts and all lots."""
    members: dict[UUID, Member] = {}
    metrics = {metric.number: 0 for metric in version.metrics}
    limits = {limit.number: 0 for limit in version.limits}

    def everything(_: Instant | None) -> tuple[Periods, Periods]:
        return metrics, limits

    for bucket in buckets:
        ids = [
            row[0]
            for row in await conn.fetch(
                "select customer_id from customers where bucket = $2 and workspace_id = $1", workspace, bucket
            )
        ]
        rows = await read_customers(conn, workspace, bucket, ids)
        members |= await load_members_of(
            conn,
            workspace,
            bucket,
            rows,
            await homes_elsewhere(conn, await read_workspace(conn, workspace), bucket, rows),
            lots_for=frozenset(row.owner for row in rows.values()),
            reads=everything,
            segments={},
        )
    return members


def state(member: Member, program: int) -> dict[str, object]:
    """Return everything of a member that both must agree on: not which tiers of before are at hand."""
    membership = member.memberships.get(program)
    return {
        "membership": None if membership is None else msgspec.structs.replace(membership, moves=()),
        "wallets": {
            unit: (msgspec.structs.replace(wallet, lots=None), _lots(wallet))
            for unit, wallet in sorted(member.wallets.items())
            if msgspec.structs.replace(wallet, lots=None) != Wallet()
        },
        "counters": _filled(member.counters),
        "limits": _filled(member.limits),
    }


def _lots(wallet: Wallet) -> dict[int, tuple[LotKey, int]]:
    return {number: (lot.key, lot.remaining) for number, lot in (wallet.lots or {}).items() if lot.remaining}


def _filled(figures: dict[int, dict[int, int]]) -> dict[int, dict[int, int]]:
    kept = {
        number: {period: value for period, value in periods.items() if value}
        for number, periods in figures.items()
    }
    return {number: periods for number, periods in kept.items() if periods}
