"""Programs as code: plan, apply, export."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from perennial.cli.console import ERRORS, OUT
from perennial.cli.keys import Workspace, actor
from perennial.cli.session import with_database
from perennial.core.program_diff import Change
from perennial.flows.program_versions import Plan, document_of, plan_document
from perennial.flows.programs import Author, Published, apply_document
from perennial.flows.workspaces import require_workspace
from perennial.store.database import Database

Document = Annotated[Path, typer.Argument(help="The program, as YAML or JSON.", exists=True, dir_okay=False)]


def plan(workspace: Workspace, file: Document) -> None:
    """Say what applying a document would change; writes nothing."""

    async def ask(database: Database) -> Plan:
        row = await require_workspace(database, workspace)
        return await plan_document(database, row.workspace_id, _text_of(file))

    found = with_database(ask)
    if found.problems:
        for each in found.problems:
            ERRORS.print(f"{each.path}: {each.words} ({each.code})", markup=False, highlight=False)
        raise typer.Exit(1)
    basis = f"version {found.version}" if found.version else "nothing yet"
    OUT.print(f"Program {found.program}, compared with {basis}:")
    _print_changes(found.changes)


def apply(
    workspace: Workspace,
    file: Document,
    note: Annotated[str, typer.Option(help="Why, for the list of versions.")] = "",
) -> None:
    """Publish a document as a new version of the program that it names."""

    async def publish(database: Database) -> Published:
        row = await require_workspace(database, workspace)
        author = Author(actor=actor(), at=time.time_ns() // 1000, note=note)
        return await apply_document(database, row.workspace_id, _text_of(file), author)

    done = with_database(publish)
    if done.unchanged:
        OUT.print(f"Program {done.program} is unchanged: version {done.version} stays.")
        return
    OUT.print(f"Published {done.program}, version {done.version}:")
    _print_changes(done.changes)


def export(
    workspace: Workspace,
    program: Annotated[str, typer.Argument(help="The code of the program.")],
    version: Annotated[int | None, typer.Option(help="A version; default: the newest.")] = None,
) -> None:
    """Print a published program as YAML."""

    async def read(database: Database) -> str:
        row = await require_workspace(database, workspace)
        return await document_of(database, row.workspace_id, program, version)

    sys.stdout.write(with_database(read))


def _text_of(file: Path) -> str:
    """Return a document's text, or end with a word about what is wrong with it."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        ERRORS.print(f"{file}: is not UTF-8 text (byte {error.start})", markup=False, highlight=False)
        raise typer.Exit(1) from error


def _print_changes(changes: tuple[Change, ...]) -> None:
    for change in changes:
        OUT.print(
            f"  {change.path}: {change.words}" if change.path else f"  {change.words}",
            markup=False,
            soft_wrap=True,
        )
    if not changes:
        OUT.print("  no change")


PROGRAM_COMMANDS = (plan, apply, export)
