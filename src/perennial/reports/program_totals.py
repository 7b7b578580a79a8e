"""What a program came to: points issued, used, expired and outstanding, and its members by tier.

Points are sums of postings over all buckets, so that they are what the ledger says and nothing else;
the liability is the sum of the wallets, which the audit compares with the postings.
"""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.ledger.account import Account
from perennial.units import Points

_READ_FLOWS = """
select debit, credit, sum(amount)::bigint
from postings
where workspace_id = $1 and unit_id = $2
group by debit, credit
"""

_READ_OUTSTANDING = """
select coalesce(sum(balance), 0)::bigint, coalesce(sum(pending), 0)::bigint, coalesce(sum(debt), 0)::bigint
from wallets
where workspace_id = $1 and unit_id = $2
"""

_READ_TIERS = """
select tier, count(*)
from memberships
where workspace_id = $1 and program_id = $2 and left_at is null
group by tier
"""

_READ_ORDERS = "select count(*) from orders where workspace_id = $1"


class WalletTotals(msgspec.Struct, frozen=True):
    """The figures of one unit. ``liability`` is what members hold, ``pending`` of it cannot be spent yet.

    Where there are no debts, transfers and closed balances, ``issued`` less ``taken_back``, ``used`` and
    ``expired`` plus ``adjusted`` is the ``liability``.
    """

    issued: Points
    taken_back: Points
    used: Points
    expired: Points
    adjusted: Points
    liability: Points
    pending: Points
    debt: Points


class ProgramTotals(msgspec.Struct, frozen=True):
    """The figures of one program; ``tiers`` counts members (under the empty text: without a tier)."""

    members: int
    orders: int
    tiers: dict[str, int]
    wallet: WalletTotals


async def read_wallet_totals(conn: Connection, workspace_id: int, unit: int) -> WalletTotals:
    """Return the figures of a unit; the transaction must be set to the workspace."""
    flows = {(row[0], row[1]): row[2] for row in await conn.fetch(_READ_FLOWS, workspace_id, unit)}

    def net(source: Account, target: Account) -> Points:
        return int(flows.get((source, target), 0) - flows.get((target, source), 0))

    outstanding = await conn.fetchrow(_READ_OUTSTANDING, workspace_id, unit)
    assert outstanding is not None, "a sum is always one row"
    return WalletTotals(
        issued=flows.get((Account.ISSUED, Account.WALLET), 0),
        taken_back=flows.get((Account.WALLET, Account.ISSUED), 0),
        used=net(Account.WALLET, Account.REDEEMED),
        expired=net(Account.WALLET, Account.EXPIRED),
        adjusted=net(Account.ADJUSTED, Account.WALLET),
        liability=outstanding[0],
        pending=outstanding[1],
        debt=outstanding[2],
    )


async def read_program_totals(
    conn: Connection, workspace_id: int, program_id: int, unit: int
) -> ProgramTotals:
    """Return the figures of a program and one of its units; the transaction must be set to the workspace."""
    tiers = {row[0] or "": row[1] for row in await conn.fetch(_READ_TIERS, workspace_id, program_id)}
    return ProgramTotals(
        members=sum(tiers.values()),
        orders=await conn.fetchval(_READ_ORDERS, workspace_id),
        tiers=tiers,
        wallet=await read_wallet_totals(conn, workspace_id, unit),
    )
