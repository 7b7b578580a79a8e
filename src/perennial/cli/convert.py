"""Balances are carried over into another wallet: foreseen, run, looked at, taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from perennial.cli.console import OUT, print_table
from perennial.cli.keys import Workspace, actor
from perennial.cli.session import with_handler
from perennial.core.conversion import Debts
from perennial.flows.configuration import business_now
from perennial.flows.conversions.conversions import (
    NewConversion,
    declare_conversion,
    foresee_conversion,
    read_conversion_view,
    take_conversion_back,
    try_conversion_again,
)
from perennial.flows.conversions.run_conversions import run_conversions
from perennial.flows.conversions.views import ConversionPreview, ConversionView
from perennial.flows.handle_events import Handler
from perennial.flows.workspaces import require_workspace
from perennial.store.workspaces import WorkspaceRow
from perennial.units import Rounding, parse_instant

CONVERT = typer.Typer(
    name="convert", help="Balances are carried over into another wallet, and back.", no_args_is_help=True
)

Program = Annotated[str, typer.Argument(help="The code of the program.")]
Source = Annotated[str, typer.Argument(metavar="FROM", help="The wallet that is emptied.")]
Into = Annotated[str, typer.Argument(help="The wallet that is filled.")]
Rate = Annotated[str, typer.Option(help="How many points become how many, as in 1:12.")]
Round = Annotated[Rounding, typer.Option(help="How the sum of a wallet is rounded.")]
OfDebts = Annotated[Debts, typer.Option(help="What becomes of what members owe.")]
Name = Annotated[str, typer.Option("--id", help="Your own id of the conversion.")]
Why = Annotated[str, typer.Option(help="Why, for the audit log.")]


@CONVERT.command()
def preview(
    workspace: Workspace,
    program: Program,
    source: Source,
    into: Into,
    rate: Rate,
    rounding: Round = Rounding.DOWN,
    debts: OfDebts = Debts.CARRY,
) -> None:
    """Say what carrying over would do now; nothing is changed."""
    asked = _asked("preview", program, source, into, rate, rounding, debts, "preview", None)

    async def foresee(handler: Handler) -> ConversionPreview:
        row = await require_workspace(handler.database, workspace)
        return await foresee_conversion(handler, row.workspace_id, asked)

    found = with_handler(foresee)
    OUT.print(
        f"{found.points} {source} of {found.owners} owners would become {found.become} {into};"
        f" {found.waiting} would have to wait.",
        soft_wrap=True,
    )
    if found.sample:
        print_table(
            ("owner", source, into),
            [(each.customer, str(each.points), str(each.becomes)) for each in found.sample],
        )


@CONVERT.command()
def run(
    workspace: Workspace,
    program: Program,
    source: Source,
    into: Into,
    rate: Rate,
    name: Name,
    reason: Why,
    rounding: Round = Rounding.DOWN,
    debts: OfDebts = Debts.CARRY,
    starts_at: Annotated[str | None, typer.Option(help="Announce it: begin at this instant.")] = None,
) -> None:
    """Carry all balances over; run again with the same id, it goes on where it stopped."""
    asked = _asked(name, program, source, into, rate, rounding, debts, reason, starts_at)

    async def carry_over(handler: Handler) -> ConversionView:
        row = await require_workspace(handler.database, workspace)
        await declare_conversion(handler, row.workspace_id, asked, actor())
        await try_conversion_again(handler, row.workspace_id, program, name)
        await _work(handler, row)
        return await read_conversion_view(handler, row.workspace_id, program, name)

    _tell(with_handler(carry_over))


@CONVERT.command()
def status(workspace: Workspace, program: Program, name: Name) -> None:
    """Say how far a conversion is."""

    async def read(handler: Handler) -> ConversionView:
        row = await require_workspace(handler.database, workspace)
        return await read_conversion_view(handler, row.workspace_id, program, name)

    _tell(with_handler(read))


@CONVERT.command()
def reverse(workspace: Workspace, program: Program, name: Name, reason: Why) -> None:
    """Take a conversion back: what is still there returns, lot by lot."""

    async def take_back(handler: Handler) -> ConversionView:
        row = await require_workspace(handler.database, workspace)
        await take_conversion_back(handler, row.workspace_id, program, name, actor(), reason)
        await _work(handler, row)
        return await read_conversion_view(handler, row.workspace_id, program, name)

    _tell(with_handler(take_back))


async def _work(handler: Handler, row: WorkspaceRow) -> None:
    """Do what is due in every bucket; a worker that is up does the same, and neither gets in the way."""
    async with handler.database.snapshot(row.workspace_id) as conn:
        now = business_now(await handler.configurations.current(conn, row.workspace_id))
    for bucket in row.buckets:
        await run_conversions(handler, row.workspace_id, bucket, now)


def _asked(
    name: str,
    program: str,
    source: str,
    into: str,
    rate: str,
    rounding: Rounding,
    debts: Debts,
    reason: str,
    starts_at: str | None,
) -> NewConversion:
    take, _, give = rate.partition(":")
    if not (take.isdigit() and give.isdigit() and 0 < int(take) <= 1_000_000 and 0 < int(give) <= 1_000_000):
        raise typer.BadParameter(f"{rate!r} is no rate such as 1:12", param_hint="--rate")
    try:
        begins = None if starts_at is None else parse_instant(starts_at)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--starts-at") from error
    return NewConversion(
        id=name,
        program=program,
        source=source,
        into=into,
        take=int(take),
        give=int(give),
        rounding=rounding,
        debts=debts,
        reason=reason,
        starts_at=begins,
    )


def _tell(view: ConversionView) -> None:
    OUT.print(
        f"{view.id}: {view.state}. {view.points} {view.from_wallet} became {view.become} {view.into}"
        f" ({view.owners.get('converted', 0)} owners, {view.owners.get('waiting', 0)} wait,"
        f" {view.owners.get('refused', 0)} refused).",
        soft_wrap=True,
        markup=False,
    )
    if view.taken_back or view.came_back:
        OUT.print(
            f"{view.came_back} {view.from_wallet} came back, out of {view.taken_back} {view.into}.",
            soft_wrap=True,
            markup=False,
        )


COMMANDS = {"convert": CONVERT}
