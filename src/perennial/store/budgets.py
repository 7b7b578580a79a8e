"""Budgets: what all members of a workspace together have used of a limit, per period.

The counter row itself is locked: a batch locks its members first, then its budgets in sorted order,
decides in memory and writes each budget once (``store/effects.py``, which alone changes ``used``).
"""

from __future__ import annotations

from asyncpg import Connection

_INSERT_BUDGETS = """
insert into budgets (workspace_id, budget_id, period, used, cap)
select $1, wanted.budget_id, wanted.period, 0, wanted.cap
from unnest($2::bigint[], $3::int[], $4::bigint[]) as wanted (budget_id, period, cap)
on conflict (workspace_id, budget_id, period) do nothing
"""

# One after the other, in the order in which they are given.
_LOCK_BUDGETS = """
select found.*
from unnest($2::bigint[], $3::int[]) as wanted (budget_id, period)
cross join lateral (
    select budget_id, period, used
    from budgets
    where workspace_id = $1 and budget_id = wanted.budget_id and period = wanted.period
    offset 0
    for update
) as found
"""


async def lock_budgets(
    conn: Connection, ws: int, keys: list[tuple[int, int, int]]
) -> dict[tuple[int, int], int]:
    """Lock ``(budget_id, period, cap)`` and return what is used by ``(budget_id, period)``.

    A budget that was never used in its period is inserted with nothing used. The locks are taken in
    the order of budget and period, and held until the end of the transaction.
    """
    wanted = {(budget_id, period): cap for budget_id, period, cap in sorted(keys)}
    if not wanted:
        return {}
    used = await _lock(conn, ws, wanted)
    missing = {key: cap for key, cap in wanted.items() if key not in used}
    if missing:
        budgets, periods = zip(*missing, strict=True)
        await conn.execute(_INSERT_BUDGETS, ws, budgets, periods, list(missing.values()))
        used = await _lock(conn, ws, wanted)
    return {key: used[key] for key in wanted}


async def _lock(conn: Connection, ws: int, wanted: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    budgets, periods = zip(*wanted, strict=True)
    rows = await conn.fetch(_LOCK_BUDGETS, ws, budgets, periods)
    return {(budget_id, period): used for budget_id, period, used in rows}


_READ_BUDGETS = """
select found.*
from unnest($2::bigint[], $3::int[]) as wanted (budget_id, period)
cross join lateral (
    select budget_id, period, used
    from budgets
    where workspace_id = $1 and budget_id = wanted.budget_id and period = wanted.period
    offset 0
) as found
"""


async def read_budgets(
    conn: Connection, ws: int, keys: list[tuple[int, int, int]]
) -> dict[tuple[int, int], int]:
    """Return what is used by ``(budget_id, period)`` of the keys, without locking anything."""
    budgets, periods, _ = zip(*keys, strict=True)
    rows = await conn.fetch(_READ_BUDGETS, ws, budgets, periods)
    return {(budget_id, period): used for budget_id, period, used in rows}
