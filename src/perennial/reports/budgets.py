"""What was used of budgets: by day, and by those who hold a part of one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from asyncpg import Connection

_READ_DAYS = """
select budget_days.budget_id, budget_days.day, budget_days.used
from unnest($2::bigint[], $3::int[], $4::int[]) as wanted (budget_id, first_day, last_day)
join budget_days on budget_days.workspace_id = $1 and budget_days.budget_id = wanted.budget_id
    and budget_days.day between wanted.first_day and wanted.last_day
"""

_COUNT_HOLDERS = """
select wanted.limit_id, count(*), count(*) filter (where budgets.used >= wanted.cap)
from unnest($2::bigint[], $3::int[], $4::bigint[]) as wanted (limit_id, period, cap)
join budgets on budgets.workspace_id = $1 and budgets.limit_id = wanted.limit_id
    and budgets.period = wanted.period and budgets.used > 0
group by wanted.limit_id
"""

_READ_HOLDERS = """
select found.*
from unnest($2::bigint[], $3::int[]) as wanted (limit_id, period)
cross join lateral (
    select limit_id, holder, used
    from budgets
    where workspace_id = $1 and limit_id = wanted.limit_id and period = wanted.period and used > 0
        and holder is not null
    order by used desc, holder collate "C"
    limit $4
) as found
"""


class Holders(msgspec.Struct):
    """How many have used their part of a budget, how many all of it, and what the named ones used."""

    count: int = 0
    full: int = 0
    most_used: list[tuple[str, int]] = []


async def read_budget_days(
    conn: Connection, workspace_id: int, wanted: Sequence[tuple[int, int, int]]
) -> dict[int, dict[int, int]]:
    """Return what was used on each day, by budget; ``wanted`` is (budget, first day, last day)."""
    found: dict[int, dict[int, int]] = {}
    if wanted:
        for budget_id, day, used in await conn.fetch(_READ_DAYS, workspace_id, *zip(*wanted, strict=True)):
            found.setdefault(budget_id, {})[day] = used
    return found


async def read_holders(
    conn: Connection, workspace_id: int, wanted: Sequence[tuple[int, int, int]], most: int
) -> dict[int, Holders]:
    """Return who used a budget that is kept by holder, by limit; ``wanted`` is (limit, period, cap).

    At most ``most`` holders are named, who used most of it.
    """
    found: dict[int, Holders] = {}
    if not wanted:
        return found
    limits, periods, caps = zip(*wanted, strict=True)
    for limit_id, count, full in await conn.fetch(_COUNT_HOLDERS, workspace_id, limits, periods, caps):
        found[limit_id] = Holders(count, full)
    for limit_id, holder, used in await conn.fetch(_READ_HOLDERS, workspace_id, limits, periods, most):
        found[limit_id].most_used.append((holder, used))
    return found
