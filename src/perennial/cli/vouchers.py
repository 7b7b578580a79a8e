"""Pools of codes: make, import, export them, and look one up."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import msgspec
import typer
from rich.table import Table

from perennial.cli.console import ERRORS, OUT
from perennial.cli.keys import Workspace, actor
from perennial.cli.session import with_handler
from perennial.flows.answers import Answer
from perennial.flows.handle_events import Handler
from perennial.flows.vouchers.batches import MAX_CODES, BatchView, NewBatch, create_batch
from perennial.flows.vouchers.export import ExportedCode, export_codes
from perennial.flows.vouchers.vouchers import VoucherView, read_voucher
from perennial.flows.workspaces import require_workspace
from perennial.units import Instant, parse_instant

VOUCHERS = typer.Typer(
    name="vouchers", help="Codes of vouchers: create, import, export, show.", no_args_is_help=True
)

_SHOWN = 20

_Reward = Annotated[str, typer.Argument(help="The reward, as program/reward.")]
_Id = Annotated[str, typer.Option("--id", help="Your id of the batch; sent twice, it happens once.")]
_Starts = Annotated[str | None, typer.Option(help="From when they are valid, such as 2027-01-01T00:00:00Z.")]
_Expires = Annotated[str | None, typer.Option(help="Until when they are valid.")]


@VOUCHERS.command()
def create(
    workspace: Workspace,
    reward: _Reward,
    count: Annotated[int, typer.Option(min=1, max=MAX_CODES, help="How many codes to make.")],
    batch: _Id,
    starts: _Starts = None,
    expires: _Expires = None,
) -> None:
    """Make codes by the pattern of their reward."""
    begin, end = _instant(starts, "--starts"), _instant(expires, "--expires")
    _make(workspace, NewBatch(id=batch, reward=reward, count=count, starts_at=begin, expires_at=end))


@VOUCHERS.command("import")
def import_codes(
    workspace: Workspace,
    reward: _Reward,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV: a code in each line, and whose it is behind it, if anybody's.",
            exists=True,
            dir_okay=False,
        ),
    ],
    batch: _Id,
    starts: _Starts = None,
    expires: _Expires = None,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Take nothing if a line is wrong.")
    ] = False,
    allow_weak: Annotated[
        bool, typer.Option("--allow-weak", help="Take codes that are easy to guess and carry money.")
    ] = False,
) -> None:
    """Take over codes that were made elsewhere; a line that is wrong is told and left out.

    A first line "code" or "code,customer" is taken for a header.
    """
    codes, customers = _read(file)
    wanted = NewBatch(
        id=batch,
        reward=reward,
        codes=codes,
        customers=customers,
        starts_at=_instant(starts, "--starts"),
        expires_at=_instant(expires, "--expires"),
        all_or_nothing=all_or_nothing,
        allow_weak=allow_weak,
    )
    _make(workspace, wanted)


@VOUCHERS.command()
def export(
    workspace: Workspace,
    batch: Annotated[str, typer.Argument(help="Your id of the batch.")],
    file: Annotated[Path | None, typer.Option(help="A new file; default: the terminal.")] = None,
) -> None:
    """Write all codes of a batch as CSV; it is noted in the audit log."""

    async def work(handler: Handler) -> None:
        row = await require_workspace(handler.database, workspace)
        pages = await export_codes(handler, row.workspace_id, batch, actor())
        with _writing(file) as out:
            lines = csv.writer(out, lineterminator="\n")
            lines.writerow(ExportedCode.__struct_fields__)
            async for page in pages:
                lines.writerows(msgspec.structs.astuple(each) for each in page)

    with_handler(work)


@VOUCHERS.command()
def show(workspace: Workspace, code: Annotated[str, typer.Argument(help="The code, as entered.")]) -> None:
    """Say what a code is good for."""

    async def work(handler: Handler) -> VoucherView:
        row = await require_workspace(handler.database, workspace)
        return await read_voucher(handler, row.workspace_id, code)

    table = Table(show_header=False)
    for name, value in msgspec.structs.asdict(with_handler(work)).items():
        if value is not None:
            table.add_row(name, str(value))
    OUT.print(table)


def _make(workspace: str, wanted: NewBatch) -> None:
    async def work(handler: Handler) -> Answer:
        row = await require_workspace(handler.database, workspace)
        return await create_batch(handler, row.workspace_id, wanted, actor())

    with ERRORS.status("making codes"):
        answer = with_handler(work)
    view = msgspec.json.decode(answer.body, type=BatchView)
    for refused in view.refused[:_SHOWN]:
        ERRORS.print(f"  line {refused.row}: {refused.message} ({refused.code})", markup=False)
    if len(view.refused) > _SHOWN:
        ERRORS.print(f"  and {len(view.refused) - _SHOWN} more")
    before = "were made before" if answer.replayed else "are there"
    OUT.print(f"{view.made:,} codes of {view.reward} {before}, in batch {view.id}.")
    if view.refused:
        OUT.print(f"{len(view.refused):,} lines were left out.")
        raise typer.Exit(1)


def _read(file: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codes of a file and the customers, of whom there is one in every line or in none."""
    try:
        with open(file, encoding="utf-8-sig", newline="") as text:
            lines = [line for line in csv.reader(text, strict=True) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise typer.BadParameter(f"{file} is not CSV in UTF-8: {error}") from error
    if lines and lines[0][0].strip().lower() == "code":
        lines = lines[1:]
    wide = [bool(len(line) > 1 and line[1].strip()) for line in lines]
    if any(wide) and not all(wide):
        number = wide.index(not wide[0]) + 1
        raise typer.BadParameter(f"row {number} of {file}: name a customer in every line, or in none")
    return tuple(line[0] for line in lines), tuple(line[1].strip() for line in lines if any(wide))


@contextmanager
def _writing(file: Path | None) -> Iterator[IO[str]]:
    if file is None:
        yield sys.stdout
        return
    with open(file, "x", encoding="utf-8", newline="") as out:
        file.chmod(0o600)
        yield out


def _instant(text: str | None, option: str) -> Instant | None:
    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


COMMANDS = {"vouchers": VOUCHERS}
