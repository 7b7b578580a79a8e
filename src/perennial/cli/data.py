"""The life of the data: migrate, back up, restore, audit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from perennial.cli.console import ERRORS, OUT
from perennial.cli.heads import read_heads, write_heads
from perennial.cli.session import ready_database, running_database, settings_of_environment
from perennial.flows.segments.audit import audit_everything
from perennial.store.audits.audit import AuditReport, KeptHead
from perennial.store.database import WORKER_ROLE, connect
from perennial.store.server.backup import Tell, restore_backup, write_backup
from perennial.store.server.migrate import migrate as run_migrations
from perennial.store.workspaces import find_workspace


def migrate() -> None:
    """Bring the database up to this release; safe beside running workers."""
    with running_database(settings_of_environment()) as url:
        ran = asyncio.run(run_migrations(url, lambda words: ERRORS.print(words, highlight=False)))
    OUT.print(f"{len(ran)} migrations ran." if ran else "The database is up to date.")


def backup(file: Annotated[Path, typer.Argument(help="The new file.", dir_okay=False)]) -> None:
    """Write everything into one file, as of one moment, while the server goes on."""
    with ready_database(settings_of_environment()) as settings, _telling("backing up") as tell:
        assert settings.database_url is not None, "a ready database has a URL"
        manifest = asyncio.run(write_backup(settings.database_url, file, tell))
    size = file.stat().st_size
    OUT.print(
        f"{manifest.rows:,} rows of {len(manifest.tables)} tables in {file} ({size:,} bytes).", markup=False
    )


def restore(file: Annotated[Path, typer.Argument(help="A backup.", exists=True, dir_okay=False)]) -> None:
    """Fill an empty database from a backup; refuses a database with rows and a damaged file."""
    with running_database(settings_of_environment()) as url:
        with _telling("restoring") as tell:
            manifest = asyncio.run(restore_backup(url, file, tell))
        OUT.print(f"{manifest.rows:,} rows of {len(manifest.tables)} tables are back.")
        _print_report(asyncio.run(_audit(url)))


def audit(
    workspace: Annotated[str | None, typer.Option(help="The code of one workspace; default: all.")] = None,
    since: Annotated[int | None, typer.Option(help="Replay only what is newer than this point.")] = None,
    heads: Annotated[
        Path | None,
        typer.Option(help="Check the sealed history against the heads in this file, then keep the new ones."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Check that everything holds that must always hold; ends with status 1 and says what does not."""
    kept = read_heads(heads) if heads is not None else []
    with ready_database(settings_of_environment()) as settings:
        assert settings.database_url is not None, "a ready database has a URL"
        report = asyncio.run(_audit(settings.database_url, workspace, since, kept))
    if heads is not None and report.clean:
        write_heads(heads, kept, report.heads)
    if as_json:
        print(msgspec.json.encode(report).decode())
        raise typer.Exit(0 if report.clean else 1)
    _print_report(report)
    if heads is not None:
        checked = f"{len(kept)} kept before lead to them" if kept else "none were kept before"
        OUT.print(f"{len(report.heads)} heads are kept in {heads}; {checked}.", soft_wrap=True)


async def _audit(
    url: str, workspace: str | None = None, since: int | None = None, kept: Iterable[KeptHead] = ()
) -> AuditReport:
    """Audit in the role of a worker: the walls are part of what is checked."""
    conn = await connect(url, role=WORKER_ROLE, statement_timeout="0")
    try:
        found = await find_workspace(conn, workspace) if workspace else None
        if workspace and found is None:
            raise typer.BadParameter(f"there is no workspace {workspace!r}")
        return await audit_everything(conn, found.workspace_id if found else None, since, kept)
    finally:
        await conn.close()


def _print_report(report: AuditReport) -> None:
    for check in report.broken:
        of = "" if check.workspace_id is None else f" (workspace {check.workspace_id})"
        ERRORS.print(f"{check.name}{of}: {check.words}", style="red", markup=False)
        for finding in check.findings:
            operations = "".join(f" {operation}" for operation in finding.operations)
            ERRORS.print(f"  {finding.words}{operations}", markup=False, highlight=False)
    if not report.clean:
        raise typer.Exit(1)
    OUT.print(f"{len(report.checks)} checks, and everything holds (up to {report.until_xact}).")


@contextmanager
def _telling(what: str) -> Iterator[Tell]:
    """Show which table is being copied, on a terminal."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=ERRORS, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda table, rows: progress.update(task, description=f"{what}: {table}, {rows:,} rows")


COMMANDS = {"migrate": migrate, "backup": backup, "restore": restore, "audit": audit}
