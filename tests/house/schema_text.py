"""The schema of a database as text: what ``schema.sql`` holds, and the test compares it with."""

from __future__ import annotations

from asyncpg import Connection

_TABLES = """
select c.oid::int, c.relname::text, array_to_string(c.reloptions, ', '), c.relrowsecurity,
    c.relforcerowsecurity
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
order by c.relname collate "C"
"""

_TYPES = """
select c.oid::int, c.relname::text
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind = 'c'
order by c.relname collate "C"
"""

_COLUMNS = """
select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = $1::int::oid and a.attnum > 0 and not a.attisdropped
order by a.attnum
"""

_CONSTRAINTS = """
select conname::text, pg_get_constraintdef(oid)
from pg_constraint
where conrelid = $1::int::oid and contype in ('p', 'u', 'f', 'c', 'x')
order by contype = 'p' desc, contype::text collate "C" desc, conname collate "C"
"""

_INDEXES = """
select pg_get_indexdef(indexrelid)
from pg_index
where indrelid = $1::int::oid
    and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
order by pg_get_indexdef(indexrelid) collate "C"
"""

_POLICIES = """
select polname::text, polcmd::text, polroles::regrole[]::text[], pg_get_expr(polqual, polrelid),
    pg_get_expr(polwithcheck, polrelid), polpermissive
from pg_policy
where polrelid = $1::int::oid
order by polname collate "C"
"""

# One row per privilege, role and (for grants on columns) column; the owner's own are left out.
_GRANTS = """
select grantee::regrole::text, lower(privilege_type), null::text
from pg_class, aclexplode(relacl)
where pg_class.oid = $1::int::oid and grantee <> relowner
union all
select grantee::regrole::text, lower(privilege_type), attname::text
from pg_attribute, aclexplode(attacl)
where attrelid = $1::int::oid
order by 1, 2, 3
"""

_TRIGGERS = """
select pg_get_triggerdef(oid) from pg_trigger where tgrelid = $1::int::oid and not tgisinternal order by 1
"""

_COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}


async def schema_text(conn: Connection) -> str:
    """Return the types and tables of the schema ``public`` with everything that hangs on them, as SQL."""
    parts = ["-- Written by `make generate` from a migrated database. Change the migrations, not this file."]
    for oid, name in await conn.fetch(_TYPES):
        fields = ",\n".join(f"    {field} {kind}" for field, kind, *_ in await conn.fetch(_COLUMNS, oid))
        parts.append(f"create type {name} as (\n{fields}\n);")
    for oid, name, stored, secured, forced in await conn.fetch(_TABLES):
        parts.append("\n".join(await _table(conn, oid, name)))
        lines = [f"{definition.replace('public.', '')};" for (definition,) in await conn.fetch(_INDEXES, oid)]
        lines += [f"{definition};" for (definition,) in await conn.fetch(_TRIGGERS, oid)]
        if stored:
            lines.append(f"alter table {name} set ({stored});")
        if secured:
            lines.append(f"alter table {name} enable row level security;")
        if forced:
            lines.append(f"alter table {name} force row level security;")
        lines += [_policy(name, *row) for row in await conn.fetch(_POLICIES, oid)]
        lines += await _grants(conn, oid, name)
        if lines:
            parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


async def _table(conn: Connection, oid: int, name: str) -> list[str]:
    items = []
    for column, kind, required, default in await conn.fetch(_COLUMNS, oid):
        needs = " not null" if required else ""
        items.append(f"    {column} {kind}{needs}{f' default {default}' if default else ''}")
    items += [f"    constraint {key} {text}" for key, text in await conn.fetch(_CONSTRAINTS, oid)]
    return [f"create table {name} (", ",\n".join(items), ");"]


def _policy(
    table: str,
    name: str,
    command: str,
    roles: list[str],
    using: str | None,
    check: str | None,
    permissive: bool,
) -> str:
    kind = "" if permissive else " as restrictive"
    text = f"create policy {name} on {table}{kind} for {_COMMANDS[command]}"
    if roles != ["-"]:  # that is how a policy for everybody reads
        text += f" to {', '.join(sorted(roles))}"
    for word, condition in (("using", using), ("with check", check)):
        if condition is not None:
            text += f" {word} ({' '.join(condition.split())})"
    return f"{text};"


async def _grants(conn: Connection, oid: int, table: str) -> list[str]:
    granted: dict[tuple[str, str], list[str]] = {}
    privileges: dict[str, list[str]] = {}
    for role, privilege, column in await conn.fetch(_GRANTS, oid):
        if column is None:
            privileges.setdefault(role, []).append(privilege)
        else:
            granted.setdefault((role, privilege), []).append(column)
    whole = [f"grant {', '.join(names)} on {table} to {role};" for role, names in privileges.items()]
    by_column = [
        f"grant {privilege} ({', '.join(columns)}) on {table} to {role};"
        for (role, privilege), columns in granted.items()
    ]
    return whole + by_column
