"""Roles that a workspace has made, and what it demands of its staff."""

from __future__ import annotations

import msgspec
from asyncpg import Connection


class RoleRow(msgspec.Struct, frozen=True):
    """One row of ``roles``; without a limit on credits None."""

    role: str
    name: str
    scopes: list[str]
    credit_most: int | None
    credit_per_day: int | None


class RulesRow(msgspec.Struct, frozen=True):
    """What a workspace demands: a second factor, and two people to publish, or to credit above so much."""

    second_factor: bool = False
    two_to_publish: bool = False
    two_to_credit_above: int | None = None


_COLUMNS = "role, name, scopes, credit_most, credit_per_day"

_LIST_ROLES = f"select {_COLUMNS} from roles where workspace_id = $1 order by role"

_PUT_ROLE = f"""
insert into roles (workspace_id, {_COLUMNS}) values ($1, $2, $3, $4, $5, $6)
on conflict (workspace_id, role) do update
set name = excluded.name, scopes = excluded.scopes, credit_most = excluded.credit_most,
    credit_per_day = excluded.credit_per_day
"""

_DELETE_ROLE = "delete from roles where workspace_id = $1 and role = $2"

_IS_ROLE_USED = """
select exists (select from staff_roles where workspace_id = $1 and role = $2)
    or exists (select from invitations where workspace_id = $1 and role = $2 and used_at is null
        and revoked_at is null)
"""

_READ_RULES = """
select second_factor, two_to_publish, two_to_credit_above from staff_rules where workspace_id = $1
"""

_PUT_RULES = """
insert into staff_rules (workspace_id, second_factor, two_to_publish, two_to_credit_above)
values ($1, $2, $3, $4)
on conflict (workspace_id) do update
set second_factor = excluded.second_factor, two_to_publish = excluded.two_to_publish,
    two_to_credit_above = excluded.two_to_credit_above
"""


async def list_roles(conn: Connection, workspace_id: int) -> list[RoleRow]:
    """Return the roles that a workspace has made."""
    return [RoleRow(*row) for row in await conn.fetch(_LIST_ROLES, workspace_id)]


async def put_role(conn: Connection, workspace_id: int, row: RoleRow) -> None:
    """Make or change a role."""
    await conn.execute(
        _PUT_ROLE, workspace_id, row.role, row.name, row.scopes, row.credit_most, row.credit_per_day
    )


async def delete_role(conn: Connection, workspace_id: int, role: str) -> None:
    """Delete a role."""
    await conn.execute(_DELETE_ROLE, workspace_id, role)


async def is_role_used(conn: Connection, workspace_id: int, role: str) -> bool:
    """Tell whether somebody has the role or is invited to it."""
    used: bool = await conn.fetchval(_IS_ROLE_USED, workspace_id, role)
    return used


async def read_rules(conn: Connection, workspace_id: int) -> RulesRow:
    """Return what a workspace demands; nothing if it never said."""
    record = await conn.fetchrow(_READ_RULES, workspace_id)
    return RulesRow() if record is None else RulesRow(*record)


async def put_rules(conn: Connection, workspace_id: int, row: RulesRow) -> None:
    """Let a workspace demand this from now on."""
    await conn.execute(
        _PUT_RULES, workspace_id, row.second_factor, row.two_to_publish, row.two_to_credit_above
    )
