"""What people have credited by hand in a day, bounded by the database."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Connection

_OPEN_DAY = """
insert into staff_credits (workspace_id, staff_id, day, credited, most) values ($1, $2, $3, 0, $4)
on conflict (workspace_id, staff_id, day) do nothing
"""

_LOCK_DAY = """
select credited from staff_credits where workspace_id = $1 and staff_id = $2 and day = $3 for update
"""

# The bound is looked at once more by the statement that writes, and by the CHECK of the table.
CREDIT_A_DAY = """
update staff_credits set credited = credited + $4, most = $5
where workspace_id = $1 and staff_id = $2 and day = $3 and credited + $4 <= $5
returning credited
"""


async def lock_day(conn: Connection, workspace_id: int, staff_id: UUID, day: int, most: int) -> int:
    """Lock what a person has credited on a day (since 1970, in UTC) and return how much that is.

    It is counted in millionths of a point, as ``most`` is, the bound of that day.
    """
    await conn.execute(_OPEN_DAY, workspace_id, staff_id, day, most)
    credited: int = await conn.fetchval(_LOCK_DAY, workspace_id, staff_id, day)
    return credited


async def credit_day(
    conn: Connection, workspace_id: int, staff_id: UUID, day: int, parts: int, most: int
) -> bool:
    """Add millionths of a point to what a person has credited; False, changing nothing, beyond ``most``."""
    return await conn.fetchval(CREDIT_A_DAY, workspace_id, staff_id, day, parts, most) is not None
