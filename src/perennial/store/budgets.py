"""Budgets: what members of a workspace have used together of a limit, per period.

The counter row itself is locked: a batch locks its members first, then its budgets in sorted order,
decides in memory and writes each budget once (``store/effects.py``, which alone changes ``used``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from asyncpg import Connection

_INSERT_BUDGETS = """
insert into budgets (workspace_id, budget_id, period, used, cap, limit_id, holder)
select $1, wanted.budget_id, wanted.period, 0, wanted.cap, wanted.limit_id, wanted.holder
from unnest($2::bigint[], $3::int[], $4::bigint[], $5::bigint[], $6::text[])
    as wanted (budget_id, period, cap, limit_id, holder)
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


class BudgetKey(NamedTuple):
    """A budget's row as it is wanted: its number, its period, and the cap of one that is new.

    ``limit_id`` is the limit that a holder's part belongs to, ``holder`` the location's name; both are
    None for a budget in total.
    """

    budget_id: int
    period: int
    cap: int
    limit_id: int | None = None
    holder: str | None = None


async def lock_budgets(conn: Connection, ws: int, keys: Iterable[BudgetKey]) -> dict[tuple[int, int], int]:
    """Lock the budgets of ``keys`` and return what is used by ``(budget_id, period)``.

    A budget that was never used in its period is inserted with nothing used. The locks are taken in
    the order of budget and period, and held until the end of the transaction.
    """
    wanted = {(key.budget_id, key.period): key for key in sorted(keys, key=_place)}
    if not wanted:
        return {}
    used = await _fetch(conn, _LOCK_BUDGETS, ws, wanted)
    missing = [key for place, key in wanted.items() if place not in used]
    if missing:
        await conn.execute(_INSERT_BUDGETS, ws, *zip(*missing, strict=True))
        used = await _fetch(conn, _LOCK_BUDGETS, ws, wanted)
    return {place: used[place] for place in wanted}


async def read_budgets(conn: Connection, ws: int, keys: Iterable[BudgetKey]) -> dict[tuple[int, int], int]:
    """Return what is used of the budgets of ``keys`` by ``(budget_id, period)``, without any lock.

    What was never used is left out.
    """
    wanted = {(key.budget_id, key.period): key for key in keys}
    return await _fetch(conn, _READ_BUDGETS, ws, wanted) if wanted else {}


def _place(key: BudgetKey) -> tuple[int, int, int]:
    return key[:3]


async def _fetch(
    conn: Connection, sql: str, ws: int, wanted: dict[tuple[int, int], BudgetKey]
) -> dict[tuple[int, int], int]:
    budgets, periods = zip(*wanted, strict=True)
    rows = await conn.fetch(sql, ws, budgets, periods)
    return {(budget_id, period): used for budget_id, period, used in rows}
