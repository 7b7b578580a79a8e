"""``perennial replay``: a public year of shopping through the live path, with its summary and audit."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from perennial.cli.console import ERRORS, OUT
from perennial.cli.examples import examples_folder
from perennial.cli.session import ready_installation, settings_of_environment
from perennial.config import Settings, installation_secret
from perennial.connectors.complete_journey import BASKETS, NotInstalled, Statistics, read_baskets
from perennial.connectors.complete_journey_coupons import read_coupons
from perennial.flows.batcher import Intake
from perennial.flows.garbage import collect_seldom
from perennial.flows.handle_events import Handler
from perennial.flows.replaying.replay import ReplaySummary, replay, sample_program
from perennial.flows.segments.audit import audit_everything
from perennial.flows.workspaces import all_workspaces, create_workspace
from perennial.store.audits.audit import AuditReport
from perennial.store.codes.codebook import Codebook
from perennial.store.database import WORKER_ROLE, Database, connect
from perennial.store.server.installation import read_generation
from perennial.units import datetime_of

BUCKETS = 2
"""One bucket is decided while the other is written."""

REPLAY = typer.Typer(name="replay", help="Replay public shopping data.", no_args_is_help=True)


@REPLAY.callback()
def _group() -> None:
    """Replay public shopping data through the live path."""


@REPLAY.command("complete-journey")
def complete_journey(
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many baskets.")] = None,
    members: Annotated[int | None, typer.Option(min=1, help="Only the first so many households.")] = None,
) -> None:
    """Send a year of grocery baskets, in the order of time, into a new sandbox, and audit the books."""
    document = sample_program(examples_folder())
    with ready_installation(settings_of_environment()) as settings:
        try:
            summary, report = asyncio.run(_run(settings, document, limit, members))
        except NotInstalled as error:
            ERRORS.print(f"[red]error:[/] {error}", highlight=False)
            raise typer.Exit(1) from error
    _print_summary(summary, report)
    if not report.clean:
        raise typer.Exit(1)


async def _run(
    settings: Settings, document: str, limit: int | None, members: int | None
) -> tuple[ReplaySummary, AuditReport]:
    assert settings.database_url is not None, "a ready database has a URL"
    codebook = Codebook(installation_secret(settings))
    async with await Database.connect(settings.database_url, largest=settings.connections) as database:
        async with database.unbound() as conn:
            handler = Handler(database, codebook, await read_generation(conn))
        collect_seldom()
        workspace_id = await _new_sandbox(database)
        read = Statistics()
        baskets = read_baskets(read, limit=limit, members=members)
        with _bar() as bar:
            total = min(limit or BASKETS, BASKETS) if members is None else None
            task = bar.add_task("", total=total)
            intake = Intake(handler)
            summary = await replay(
                intake,
                workspace_id,
                document,
                baskets,
                read,
                lambda step: bar.update(
                    task, completed=step.baskets, description=f"{datetime_of(step.at):%d %B %Y}"
                ),
                read_coupons(),
            )
            await intake.close()
    with ERRORS.status("audit"):
        return summary, await _audit(settings.database_url, workspace_id)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("baskets"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=ERRORS,
    )


async def _new_sandbox(database: Database) -> int:
    """Create a sandbox of its own for this replay: a clock goes only forward."""
    taken = {row.code for row in await all_workspaces(database)}
    code = next(name for number in range(1, len(taken) + 2) if (name := f"replay-{number}") not in taken)
    name = f"The Complete Journey, {time.strftime('%Y-%m-%d %H:%M')}"
    return (await create_workspace(database, code, name, sandbox=True, buckets=BUCKETS)).workspace_id


async def _audit(url: str, workspace_id: int) -> AuditReport:
    conn = await connect(url, role=WORKER_ROLE, statement_timeout="0")
    try:
        return await audit_everything(conn, workspace_id)
    finally:
        await conn.close()


def _print_summary(summary: ReplaySummary, report: AuditReport) -> None:
    read, wallet, coupons = summary.read, summary.totals.wallet, summary.coupons
    mix = ", ".join(f"{name or 'no tier'} {count:,}" for name, count in sorted(summary.totals.tiers.items()))
    rows = [
        ("members", f"{summary.totals.members:,}"),
        (
            "orders",
            f"{summary.totals.orders:,} of {read.lines:,} lines, {read.net // 100:,}.{read.net % 100:02} USD",
        ),
        ("zero lines", f"{read.zero_lines:,} of net 0, {read.zero_quantities:,} of quantity 0"),
        ("negative lines", f"{read.negative_lines:,}"),
        ("unknown products", f"{read.unknown_products:,} lines"),
        ("points issued", f"{wallet.issued:,}"),
        ("points used", f"{wallet.used:,} in {summary.claims:,} claims ({summary.tries:,} tries)"),
        (
            "coupons",
            (
                f"{coupons.codes:,} codes of {coupons.campaigns} campaigns, {coupons.attributed:,} of"
                f" {coupons.redemptions:,} redemptions attributed to a later basket"
            ),
        ),
        ("points expired", f"{wallet.expired:,}"),
        ("points taken back", f"{wallet.taken_back:,}"),
        ("liability", f"{wallet.liability:,} points, {wallet.pending:,} of them pending"),
        ("tier mix", mix),
        ("speed", f"{summary.orders_per_second:,.0f} orders/s ({summary.seconds:,.1f} s, timers included)"),
        ("audit", f"{len(report.checks)} checks, {'clean' if report.clean else 'NOT clean'}"),
    ]
    table = Table(show_header=False, title="The Complete Journey")
    for name, words in rows:
        table.add_row(name, words)
    OUT.print(table)
    for check in report.broken:
        ERRORS.print(f"{check.name}: {check.words}", style="red", markup=False)


COMMANDS = {"replay": REPLAY}
