"""The stop button: stop something at once, let it go on, list what is off."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from perennial.cli.console import OUT, print_table
from perennial.cli.keys import Workspace, actor
from perennial.cli.session import with_database
from perennial.core.switches import Switch, SwitchKind, SwitchObject
from perennial.flows.programs.life import Author
from perennial.flows.switches import switches_of, turn_off, turn_on
from perennial.flows.workspaces import require_workspace
from perennial.store.database import Database
from perennial.units import format_instant

Kind = Annotated[SwitchKind, typer.Argument(help="What it is.")]
Named = Annotated[
    str, typer.Argument(metavar="[PROGRAM[/ID]]", help="The program, and the id of the part of it.")
]
Why = Annotated[str, typer.Option(help="Why, for the audit log.")]


def stop(workspace: Workspace, kind: Kind, reason: Why, named: Named = "") -> None:
    """Stop a reward, a rule, a campaign, a program or everything at once, on every worker."""
    switched = _object(kind, named)

    async def switch_off(database: Database) -> Switch:
        row = await require_workspace(database, workspace)
        return await turn_off(database, row.workspace_id, switched, _author(reason))

    done = with_database(switch_off)
    OUT.print(
        f"Off since {format_instant(done.off_at)[:19]}: {done.object.words} ({done.reason}).",
        markup=False,
        soft_wrap=True,
    )


def resume(workspace: Workspace, kind: Kind, reason: Why, named: Named = "") -> None:
    """Let what was stopped go on."""
    switched = _object(kind, named)

    async def switch_on(database: Database) -> None:
        row = await require_workspace(database, workspace)
        await turn_on(database, row.workspace_id, switched, _author(reason))

    with_database(switch_on)
    OUT.print(f"On: {switched.words}.", markup=False, soft_wrap=True)


def switches(workspace: Workspace) -> None:
    """List what is off."""

    async def read(database: Database) -> list[Switch]:
        row = await require_workspace(database, workspace)
        return await switches_of(database, row.workspace_id)

    found = with_database(read)
    if not found:
        OUT.print("Nothing is off.")
        return
    print_table(
        ("off", "since", "by", "why"),
        [
            (switch.object.path, format_instant(switch.off_at)[:19], switch.actor, switch.reason)
            for switch in found
        ],
    )


def _author(reason: str) -> Author:
    return Author(actor=actor(), at=time.time_ns() // 1000, note=reason)


def _object(kind: SwitchKind, named: str) -> SwitchObject:
    program, _, part = named.partition("/")
    return SwitchObject(kind=kind, program=program or None, id=part or None)


COMMANDS = {"stop": stop, "resume": resume, "switches": switches}
