"""The command line: one file per group of commands."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from types import FrameType
from typing import Annotated

import asyncpg
import typer

from perennial import __version__
from perennial.cli.console import ERRORS
from perennial.config import SettingsError
from perennial.flows.garbage import loading
from perennial.flows.problems import ProblemError
from perennial.store.server.backup import BackupError
from perennial.store.server.binaries import BinariesNotFoundError
from perennial.store.server.embedded import EmbeddedServerError
from perennial.store.server.migrate import MigrationError

_EXPECTED = (
    BackupError,
    BinariesNotFoundError,
    EmbeddedServerError,
    MigrationError,
    SettingsError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)

_FILES = {
    "start": ("start",),
    "serve": ("serve",),
    "work": ("work",),
    "data": ("migrate", "backup", "restore", "audit"),
    "templates": ("init",),
    "programs": ("plan", "apply", "export"),
    "switches": ("stop", "resume", "switches"),
    "documents": ("schema", "cases", "check"),
    "simulate": ("simulate",),
    "keys": ("keys", "workspaces"),
    "staff": ("staff",),
    "vouchers": ("vouchers",),
    "convert": ("convert",),
    "replay": ("replay",),
    "bench": ("bench",),
}
"""The files and what they have: only that of the command is read, because all together take seconds."""


def command_line(command: str | None = None) -> typer.Typer:
    """Return the command line with this command; with all of them if there is no such one."""
    line = typer.Typer(
        name="perennial",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    line.callback()(_perennial)
    files = [file for file, names in _FILES.items() if command in names]
    if not files and command not in ("version", "--version"):
        files = list(_FILES)
    for file in files:
        for name, found in import_module(f"perennial.cli.{file}").COMMANDS.items():
            if isinstance(found, typer.Typer):
                line.add_typer(found)
            else:
                line.command(name)(found)
    line.command()(version)
    return line


def _print_version(asked: bool) -> None:
    if asked:
        version()
        raise typer.Exit


def _perennial(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """A self-hosted, all-in-one loyalty platform."""


def version() -> None:
    """Print the version."""
    print(__version__)


def main() -> None:
    """Run the command that the arguments name; what can go wrong ends with one line and status 1."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        with loading():
            line = command_line(sys.argv[1] if len(sys.argv) > 1 else None)
        line()
    except ProblemError as error:
        fields = [f"{field.path}: {field.message}" for field in error.problem.errors]
        _fail(error.problem.detail, *(f"  {words}" for words in fields if words != error.problem.detail))
    except _EXPECTED as error:
        _fail(str(error) or type(error).__name__)


def _fail(words: str, *more: str) -> None:
    ERRORS.print("[red]error:[/]", end=" ")
    for line in (words, *more):
        ERRORS.print(line, highlight=False, markup=False, soft_wrap=True)
    sys.exit(1)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """End on SIGTERM as after any error: what was opened is closed, the embedded server too."""
    sys.exit(0)


__all__ = ["command_line", "main"]
