"""Rows made up from the types of the columns: one in every table of a workspace."""

from __future__ import annotations

from asyncpg import Connection


async def tables_with(conn: Connection, column: str) -> set[str]:
    """Return the tables that have a column of this name."""
    rows = await conn.fetch(
        "select table_name::text from information_schema.columns "
        "where table_schema = 'public' and column_name = $1::text",
        column,
    )
    return {name for (name,) in rows}


async def fill_every_table(owner: Connection, workspace_id: int) -> None:
    """Put one row of the workspace, which must not exist yet, into every table."""
    order = ["workspaces", "programs"]
    tables = await tables_with(owner, "workspace_id")
    await owner.execute(_SOMEBODY)
    for table in order + sorted(tables - set(order)):
        columns = await owner.fetch(
            "select column_name::text, udt_name::text from information_schema.columns "
            "where table_schema = 'public' and table_name = $1::text",
            table,
        )
        values = ", ".join(
            str(workspace_id) if column == "workspace_id" else _made_up(column, kind, workspace_id)
            for column, kind in columns
        )
        await owner.execute(
            f"insert into {table} ({', '.join(name for name, _ in columns)}) values ({values})"
        )


# Who a role is given to is of no workspace, so that no wall stands around it.
_SOMEBODY = """
insert into staff (staff_id, email, name, created_at)
values ('00000000-0000-0000-0000-000000000001', 'somebody', 'Somebody', now()) on conflict do nothing
"""


def _made_up(column: str, kind: str, number: int) -> str:
    if kind.startswith("_"):
        return "'{}'"
    if column == "erased_at":
        return "null"  # who was erased has no name
    if column == "staff_id":
        return "'00000000-0000-0000-0000-000000000001'"
    if column in {"credit", "to_xact"}:
        return "2"  # not the account of the debit, and later than the beginning
    literals = {
        "bool": "true",
        "bytea": f"'x{number}'",
        "jsonb": """'{"a": "\\n"}'""",
        "text": f"E'x\\ty\\n\\\\{number}'",
        "timestamptz": "now()",
        "uuid": "gen_random_uuid()",
    }
    return literals.get(kind, "1")
