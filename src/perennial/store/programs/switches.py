"""Switches of a workspace: a row for everything that is off. Who turned what off and on is audited.

Whoever writes here holds the lock of the configuration and raises its revision.
"""

from __future__ import annotations

from asyncpg import Connection

from perennial.core.switches import Switch, SwitchKind, SwitchObject

_LIST_SWITCHES = """
select kind, program, object_id, reason, actor, off_at from switches
where workspace_id = $1 order by off_at, kind, program, object_id
"""

_PUT_SWITCH = """
insert into switches (workspace_id, kind, program, object_id, reason, actor, off_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (workspace_id, kind, program, object_id)
do update set reason = excluded.reason, actor = excluded.actor
"""

_DELETE_SWITCH = """
delete from switches where workspace_id = $1 and kind = $2 and program = $3 and object_id = $4
"""


async def list_switches(conn: Connection, workspace_id: int) -> list[Switch]:
    """Return everything that is off, the longest first."""
    return [
        Switch(
            object=SwitchObject(kind=SwitchKind(kind), program=program or None, id=object_id or None),
            reason=reason,
            actor=actor,
            off_at=off_at,
        )
        for kind, program, object_id, reason, actor, off_at in await conn.fetch(_LIST_SWITCHES, workspace_id)
    ]


async def put_switch(conn: Connection, workspace_id: int, switch: Switch) -> None:
    """Turn something off; what is off already gets the reason and the actor, and keeps its ``off_at``."""
    key = _key(switch.object)
    await conn.execute(_PUT_SWITCH, workspace_id, *key, switch.reason, switch.actor, switch.off_at)


async def delete_switch(conn: Connection, workspace_id: int, switched: SwitchObject) -> None:
    """Turn something on again."""
    await conn.execute(_DELETE_SWITCH, workspace_id, *_key(switched))


def _key(switched: SwitchObject) -> tuple[str, str, str]:
    return switched.kind.value, switched.program or "", switched.id or ""
