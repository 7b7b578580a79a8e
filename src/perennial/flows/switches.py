"""The stop button: something is switched off or on again, at once and on every worker.

A switch is no version: nothing is published and nothing compiled. It raises the workspace's revision,
which every batch and every quote reads first, so that the very next one obeys it.
"""

from __future__ import annotations

import msgspec
from asyncpg import Connection

from perennial.core.switches import Switch, SwitchKind, SwitchObject, parts_of
from perennial.flows.ids import Ids
from perennial.flows.problems import ProblemError, field_problem
from perennial.flows.programs.life import Author
from perennial.store.database import Database
from perennial.store.programs.programs import load_versions, lock_configuration, raise_revision
from perennial.store.programs.switches import delete_switch, list_switches, put_switch
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry

MAX_REASON = 1_000
_WITHOUT_ID = (SwitchKind.EVERYTHING, SwitchKind.PROGRAM)
_ids = Ids()


async def switches_of(database: Database, workspace_id: int) -> list[Switch]:
    """Return everything that is off, the longest first."""
    async with database.transaction(workspace_id) as conn:
        return await list_switches(conn, workspace_id)


async def turn_off(database: Database, workspace_id: int, switched: SwitchObject, author: Author) -> Switch:
    """Turn something off, for the reason in the author's note; raise a 422 for what does not exist.

    What is off already stays off, since when it was; another reason replaces the first one.
    """
    _check_reason(author)
    async with database.transaction(workspace_id) as conn:
        before = await _lock(conn, workspace_id, switched)
        if before is not None and before.reason == author.note:
            return before
        off_at = before.off_at if before is not None else author.at
        after = Switch(object=switched, reason=author.note, actor=author.actor, off_at=off_at)
        await put_switch(conn, workspace_id, after)
        await _note(conn, workspace_id, author, switched, before, after)
        return after


async def turn_on(database: Database, workspace_id: int, switched: SwitchObject, author: Author) -> None:
    """Turn something on again, for the reason in the author's note; nothing happens to what is on.

    Raises a 422 for what does not exist.
    """
    _check_reason(author)
    async with database.transaction(workspace_id) as conn:
        before = await _lock(conn, workspace_id, switched)
        if before is not None:
            await delete_switch(conn, workspace_id, switched)
            await _note(conn, workspace_id, author, switched, before, None)


def _check_reason(author: Author) -> None:
    if not 1 <= len(author.note) <= MAX_REASON:
        raise field_problem("$.reason", "required", f"say why, in 1 to {MAX_REASON:,} characters")


async def _lock(conn: Connection, workspace_id: int, switched: SwitchObject) -> Switch | None:
    """Let changes of the configuration queue up, and return the switch if the thing is off."""
    await lock_configuration(conn, workspace_id)
    known = {switch.object: switch for switch in await list_switches(conn, workspace_id)}
    if switched not in known:
        await _require(conn, workspace_id, switched)
    return known.get(switched)


async def _require(conn: Connection, workspace_id: int, switched: SwitchObject) -> None:
    """Raise a problem for what cannot be switched: nothing of this kind and name was ever published."""
    kind, program = switched.kind, switched.program
    if kind is SwitchKind.EVERYTHING:
        if program is not None:
            raise _not_taken("program", kind)
    elif program is None:
        raise field_problem("$.object.program", "required", "name the program")
    if kind in _WITHOUT_ID:
        if switched.id is not None:
            raise _not_taken("id", kind)
    elif switched.id is None:
        raise field_problem("$.object.id", "required", f"name the {_words(kind)}")
    if program is None:
        return
    stored = await load_versions(conn, workspace_id)
    versions = [each.program for each in stored if each.program.program == program]
    if not versions:
        raise field_problem("$.object.program", "program_unknown", f"no program {program!r} is published")
    if switched.id is not None and not any(switched.id in parts_of(each)[kind] for each in versions):
        words = f"program {program} has no {_words(kind)} {switched.id!r}"
        raise field_problem("$.object.id", "switch_unknown", words)


def _not_taken(field: str, kind: SwitchKind) -> ProblemError:
    return field_problem(f"$.object.{field}", "not_allowed", f"kind {kind} has no {field}: leave it out")


def _words(kind: SwitchKind) -> str:
    return kind.value.replace("_", " ")


async def _note(
    conn: Connection,
    workspace_id: int,
    author: Author,
    switched: SwitchObject,
    before: Switch | None,
    after: Switch | None,
) -> None:
    """Write who did it, when and why, and tell every worker."""
    entry = AuditEntry(
        entry_id=_ids.next(),
        at=author.at,
        actor=author.actor,
        action="switch.turned_on" if after is None else "switch.turned_off",
        object=switched.path,
        reason=author.note,
        before=_state(before),
        after=_state(after),
    )
    await insert_audit_entry(conn, workspace_id, entry)
    await raise_revision(conn, workspace_id)


def _state(switch: Switch | None) -> dict[str, object]:
    if switch is None:
        return {"off": False}
    return {"off": True, **msgspec.to_builtins(switch, builtin_types=())}
