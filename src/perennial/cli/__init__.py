"""The command line: one file per group of commands."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import asyncpg
import typer

from perennial import __version__
from perennial.cli.bench import BENCH
from perennial.cli.console import ERRORS
from perennial.cli.convert import CONVERT
from perennial.cli.data import DATA_COMMANDS
from perennial.cli.documents import DOCUMENT_COMMANDS
from perennial.cli.keys import KEYS, WORKSPACES
from perennial.cli.programs import PROGRAM_COMMANDS
from perennial.cli.replay import REPLAY
from perennial.cli.serve import SERVE_COMMANDS
from perennial.cli.simulate import simulate_program
from perennial.cli.staff import STAFF
from perennial.cli.start import start
from perennial.cli.switches import SWITCH_COMMANDS
from perennial.cli.templates import TEMPLATE_COMMANDS
from perennial.cli.vouchers import VOUCHERS
from perennial.config import SettingsError
from perennial.flows.problems import ProblemError
from perennial.store.backup import BackupError
from perennial.store.binaries import BinariesNotFoundError
from perennial.store.embedded import EmbeddedServerError
from perennial.store.migrate import MigrationError

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

app = typer.Typer(
    name="perennial",
    help="A self-hosted, all-in-one loyalty platform.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(start)
for _command in (
    *SERVE_COMMANDS,
    *DATA_COMMANDS,
    *TEMPLATE_COMMANDS,
    *PROGRAM_COMMANDS,
    *SWITCH_COMMANDS,
    *DOCUMENT_COMMANDS,
):
    app.command()(_command)
app.command("simulate")(simulate_program)
app.add_typer(KEYS)
app.add_typer(WORKSPACES)
app.add_typer(STAFF)
app.add_typer(VOUCHERS)
app.add_typer(CONVERT)
app.add_typer(REPLAY)
app.add_typer(BENCH)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def main() -> None:
    """Run the command that the arguments name; what can go wrong ends with one line and status 1."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        app()
    except ProblemError as error:
        _fail(error.problem.detail, *(f"  {field.path}: {field.message}" for field in error.problem.errors))
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


__all__ = ["app", "main"]
