"""``perennial simulate``: a program's draft beside what is published, on what really happened."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from perennial.cli.console import ERRORS, OUT
from perennial.cli.keys import Workspace
from perennial.cli.session import ready_database, settings_of_environment
from perennial.core.languages import ENGLISH
from perennial.flows.simulation.result import SideResult, SimulationResult, WalletResult
from perennial.flows.simulation.simulate import Simulate, prepare, simulate
from perennial.flows.workspaces import require_workspace
from perennial.store.database import Database
from perennial.units import Instant, Points, parse_instant

_SIDE = "`draft`, `history`, or the number of a version"


def simulate_program(
    workspace: Workspace,
    program: Annotated[str, typer.Argument(help="The code of the program.")],
    version: Annotated[str, typer.Option(help=f"What to try: {_SIDE}.")] = "draft",
    against: Annotated[str | None, typer.Option(help=f"Beside what: {_SIDE}. Default: the newest.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="A document to try as the draft.", exists=True, dir_okay=False)
    ] = None,
    begins: Annotated[str | None, typer.Option("--from", help="The period begins (RFC 3339).")] = None,
    until: Annotated[str | None, typer.Option(help="It ends, this instant included. Default: now.")] = None,
    processes: Annotated[int | None, typer.Option(min=1, max=16, help="Default: one per core.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Play the past again under a draft, beside what is published. Writes nothing; Ctrl-C cancels."""
    asked = Simulate(
        version=_side(version, "--version"),
        against=None if against is None else _side(against, "--against"),
        begins=_instant(begins, "--from"),
        until=_instant(until, "--until"),
        document=None if file is None else file.read_text(encoding="utf-8"),
    )
    with ready_database(settings_of_environment()) as settings:
        assert settings.database_url is not None, "a ready database has a URL"
        result = asyncio.run(_run(settings.database_url, workspace, program, asked, processes))
    if json:
        print(msgspec.json.encode(result).decode())
    else:
        _print(result)


async def _run(
    url: str, workspace: str, program: str, asked: Simulate, processes: int | None
) -> SimulationResult:
    async with await Database.connect(url) as database:
        row = await require_workspace(database, workspace)
        prepared = await prepare(database, url, row.workspace_id, program, asked)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=ERRORS, transient=True) as bar:
        task = bar.add_task("customers", total=None)
        async with contextlib.aclosing(simulate(prepared, processes)) as steps:
            async for step in steps:
                if isinstance(step, SimulationResult):
                    return step
                words = "in the order of time" if step.ordering else "customers"
                bar.update(task, completed=step.people, total=max(step.of_people, 1), description=words)
    raise AssertionError("a simulation ends with its result")


def _side(name: str, option: str) -> str:
    if not re.fullmatch("draft|history|[1-9][0-9]{0,8}", name):
        raise typer.BadParameter(f"{name!r} is neither draft nor history nor a number", param_hint=option)
    return name


def _instant(text: str | None, option: str) -> Instant | None:
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _print(result: SimulationResult) -> None:
    """Print the sides beside each other, then who gains and who loses."""
    table = Table(title=f"{result.program}, {result.begins or 'from the beginning'} to {result.until}")
    table.add_column("")
    for side in result.sides:
        table.add_column(side.name, justify="right")
    columns = [_figures(side, result.currency) for side in result.sides]
    for name in dict.fromkeys(name for column in columns for name in column):
        table.add_row(name, *(column.get(name, "-") for column in columns))
    OUT.print(table)
    if len(result.sides) > 1:
        OUT.print(f"{result.gained:,} customers gain, {result.lost:,} lose.")
        for words, movers in (("gains", result.gainers), ("loses", result.losers)):
            for mover in movers[:5]:
                points = ENGLISH.number(abs(mover.change), result.decimals)
                OUT.print(f"  {mover.customer} {words} {points} points", markup=False)
    for kind, count in result.left_out.items():
        ERRORS.print(f"left out: {count:,} of the kind {kind}", markup=False, highlight=False)


def _figures(side: SideResult, currency: str) -> dict[str, str]:
    """Return the column of a side by the heads of its rows: points in the unit of their wallet."""
    figures = {"orders": f"{side.orders:,}", "members": f"{side.members:,}"}
    units = {wallet.wallet: wallet for wallet in side.wallets}
    for wallet in side.wallets:
        figures |= {
            f"{wallet.wallet} awarded": _points(wallet.awarded, wallet),
            f"{wallet.wallet} taken back": _points(wallet.taken_back, wallet),
            f"{wallet.wallet} used": _points(wallet.used, wallet),
            f"{wallet.wallet} expired": _points(wallet.expired, wallet),
            f"{wallet.wallet} liability": _points(wallet.liability, wallet),
        }
        if wallet.liability_value is not None:
            figures[f"{wallet.wallet} liability is worth"] = ENGLISH.amount(wallet.liability_value, currency)
    figures["handed out"] = ENGLISH.amount(side.cost, currency)
    figures |= {
        f"rule {rule.rule}, {rule.wallet}": _points(rule.points, units[rule.wallet]) for rule in side.rules
    }
    figures |= {f"message {message.message}": f"{message.times:,}" for message in side.messages}
    figures |= {f"tier {tier.tier or 'none'}": f"{tier.members:,}" for tier in side.tiers}
    for budget in side.budgets:
        over = f", used up {budget.ran_out_at}" if budget.ran_out_at else ""
        figures[f"{budget.budget}, {budget.period}"] = f"{budget.used:,} of {budget.cap:,}{over}"
    return figures


def _points(points: Points, wallet: WalletResult) -> str:
    return f"{ENGLISH.number(points, wallet.decimals)} {wallet.name}"


COMMANDS = {"simulate": simulate_program}
