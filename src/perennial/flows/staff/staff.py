"""The people of a workspace: who is there, who may come, what each may do. Every change is in the audit log.

Nobody gives what they do not have: who makes a role, gives one or makes a key stays within the own scopes,
and only an owner makes or unmakes an owner. A workspace always keeps one.
"""

from __future__ import annotations

from uuid import UUID

import msgspec
from asyncpg import Connection

from perennial.flows.problems import ProblemError, field_problem, problem
from perennial.flows.staff.keys import Key
from perennial.flows.staff.records import note
from perennial.flows.staff.roles import BUILT_IN, OWNER, Role
from perennial.flows.staff.scopes import Scope
from perennial.flows.staff.sessions import now_of
from perennial.store.database import Database
from perennial.store.staff.roles import (
    RoleRow,
    RulesRow,
    delete_role,
    is_role_used,
    list_roles,
    put_role,
    put_rules,
    read_rules,
)
from perennial.store.staff.staff import (
    ColleagueRow,
    grant_role,
    list_colleagues,
    lock_roles,
    read_staff,
    take_role,
)


async def roles_of(database: Database, workspace_id: int) -> dict[str, Role]:
    """Return every role of a workspace by its code: those that all have, then its own."""
    async with database.transaction(workspace_id) as conn:
        own = await list_roles(conn, workspace_id)
    return {**BUILT_IN, **{row.role: _role(row) for row in own}}


def _role(row: RoleRow) -> Role:
    return Role(
        role=row.role,
        name=row.name,
        scopes=frozenset(Scope(each) for each in row.scopes if each in Scope.__members__.values()),
        credit_most=row.credit_most,
        credit_per_day=row.credit_per_day,
    )


async def change_role(database: Database, caller: Key, role: Role) -> Role:
    """Make or change a role of the workspace; raises 409 for a built-in one, 403 beyond the own scopes."""
    if role.role in BUILT_IN:
        raise problem(409, "role_built_in", f"The role {role.role!r} is the same everywhere; make another.")
    if not role.scopes:
        raise field_problem("$.scopes", "required", "name at least one scope")
    within(caller, role)
    row = RoleRow(role.role, role.name, sorted(role.scopes), role.credit_most, role.credit_per_day)
    async with database.transaction(caller.workspace_id) as conn:
        before = {each.role: each for each in await list_roles(conn, caller.workspace_id)}.get(role.role)
        if before is not None:
            within(caller, _role(before))
        await put_role(conn, caller.workspace_id, row)
        await note(
            conn,
            caller.workspace_id,
            caller.actor,
            "role.changed" if before else "role.created",
            f"role/{role.role}",
            before=_plain(before),
            after=_plain(row),
        )
    return role


async def remove_role(database: Database, caller: Key, role: str) -> None:
    """Delete a role that nobody has; raises 404, or 409 while somebody has it."""
    async with database.transaction(caller.workspace_id) as conn:
        await lock_roles(conn, caller.workspace_id)
        before = {each.role: each for each in await list_roles(conn, caller.workspace_id)}.get(role)
        if before is None:
            raise problem(404, "role_unknown", f"The workspace has made no role {role!r}.")
        if await is_role_used(conn, caller.workspace_id, role):
            raise problem(409, "role_in_use", "Somebody has the role, or is invited to it.")
        await delete_role(conn, caller.workspace_id, role)
        await note(
            conn,
            caller.workspace_id,
            caller.actor,
            "role.deleted",
            f"role/{role}",
            before=_plain(before),
        )


def within(caller: Key, role: Role) -> None:
    """Raise the 403 for a role that may do more than the caller."""
    if role.role == OWNER and not _is_owner(caller):
        raise _beyond("Only an owner makes or unmakes an owner.")
    if Scope.ADMIN in caller.scopes:
        return
    if not role.scopes <= caller.scopes:
        raise _beyond("The role may do more than you.")
    person = caller.person
    if Scope.ADJUST in role.scopes and person is not None:
        for own, given in (
            (person.credit_most, role.credit_most),
            (person.credit_per_day, role.credit_per_day),
        ):
            if own is not None and (given is None or given > own):
                raise _beyond("The role may credit more than you.")


def _is_owner(caller: Key) -> bool:
    return caller.person is not None and caller.person.role == OWNER


def _beyond(words: str) -> ProblemError:
    return problem(403, "beyond_own_role", words)


async def colleagues_of(database: Database, workspace_id: int) -> list[ColleagueRow]:
    """Return everybody who has a role in a workspace, by address."""
    async with database.transaction(workspace_id) as conn:
        return await list_colleagues(conn, workspace_id)


async def give_role(database: Database, caller: Key, staff_id: UUID, code: str) -> None:
    """Give a colleague another role; it counts from the very next call of every session."""
    roles = await roles_of(database, caller.workspace_id)
    role = roles.get(code)
    if role is None:
        raise field_problem("$.role", "role_unknown", f"there is no role {code!r}")
    within(caller, role)
    async with database.transaction(caller.workspace_id) as conn:
        there = await lock_roles(conn, caller.workspace_id)
        before = _colleague(there, staff_id)
        _may_lose(caller, there, roles, staff_id, code)
        await grant_role(conn, caller.workspace_id, staff_id, code, now_of(), caller.actor)
        await note(
            conn,
            caller.workspace_id,
            caller.actor,
            "staff.role_changed",
            f"staff/{staff_id}",
            before=await _described(conn, staff_id, before),
            after=await _described(conn, staff_id, code),
        )


async def dismiss(database: Database, caller: Key, staff_id: UUID) -> None:
    """Take somebody out of the workspace; what they can do there ends with the very next call."""
    roles = await roles_of(database, caller.workspace_id)
    async with database.transaction(caller.workspace_id) as conn:
        there = await lock_roles(conn, caller.workspace_id)
        before = _colleague(there, staff_id)
        _may_lose(caller, there, roles, staff_id, None)
        await take_role(conn, caller.workspace_id, staff_id)
        await note(
            conn,
            caller.workspace_id,
            caller.actor,
            "staff.dismissed",
            f"staff/{staff_id}",
            before=await _described(conn, staff_id, before),
        )


def _colleague(there: dict[UUID, str], staff_id: UUID) -> str:
    if staff_id not in there:
        raise problem(404, "staff_unknown", "Nobody with this id has a role in the workspace.")
    return there[staff_id]


def _may_lose(
    caller: Key, there: dict[UUID, str], roles: dict[str, Role], staff_id: UUID, code: str | None
) -> None:
    """Raise unless the caller may take this person's role, and an owner stays."""
    held = roles.get(there[staff_id])
    if held is not None:
        within(caller, held)
    owners = {each for each, role in there.items() if role == OWNER}
    if code != OWNER and owners == {staff_id}:
        raise problem(409, "last_owner", "A workspace has an owner; make another one first.")


async def _described(conn: Connection, staff_id: UUID, role: str) -> dict[str, str]:
    row = await read_staff(conn, staff_id)
    return {"email": "" if row is None else row.email, "role": role}


async def rules_of(database: Database, workspace_id: int) -> RulesRow:
    """Return what a workspace demands of its staff."""
    async with database.transaction(workspace_id) as conn:
        return await read_rules(conn, workspace_id)


async def change_rules(database: Database, caller: Key, rules: RulesRow) -> RulesRow:
    """Let the workspace demand this from now on; only an owner may."""
    if not _is_owner(caller):
        raise _beyond("Only an owner changes what the workspace demands of its staff.")
    if rules.second_factor and caller.person is not None and not caller.person.strong:
        raise problem(
            409, "second_factor_needed", "Add a second factor to your own account and sign in with it first."
        )
    async with database.transaction(caller.workspace_id) as conn:
        before = await read_rules(conn, caller.workspace_id)
        await put_rules(conn, caller.workspace_id, rules)
        await note(
            conn,
            caller.workspace_id,
            caller.actor,
            "staff.rules_changed",
            "staff/rules",
            before=msgspec.structs.asdict(before),
            after=msgspec.structs.asdict(rules),
        )
    return rules


def _plain(row: RoleRow | None) -> dict[str, object] | None:
    return None if row is None else msgspec.structs.asdict(row)
