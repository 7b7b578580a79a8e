"""``perennial bench``: the benchmarks, each beside its baseline in the same run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from perennial.bench import bulk, decide, ingest, price, quote, search, segments, simulate, vouchers
from perennial.cli.console import ERRORS, OUT
from perennial.cli.examples import examples_folder
from perennial.core.document.stacking import Sequence
from perennial.flows.replaying.replay import sample_program

BENCH = typer.Typer(name="bench", help="Measure on this machine.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_Rules = Annotated[int, typer.Option(min=1, max=5_000, help="Earning rules of the program.")]
_Members = Annotated[int, typer.Option(min=100, max=5_000_000, help="Members of the workspace.")]


@BENCH.command("decide")
def bench_decide(
    rules: _Rules = 20,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="How long to measure.")] = 5.0,
    json: _Json = False,
) -> None:
    """Decisions per second of the pure core on one core, and what its rules alone cost."""
    _show(decide.run(rules, seconds), json)


@BENCH.command("price")
def bench_price(
    rewards: Annotated[int, typer.Option(min=0, max=2_000, help="Campaigns, each with one reward.")] = 1_000,
    codes: Annotated[int, typer.Option(min=0, max=30, help="Codes entered.")] = 5,
    lines: Annotated[int, typer.Option(min=1, max=1_000, help="Lines of a cart.")] = 10,
    sequence: Annotated[Sequence, typer.Option(help="How rewards stack.")] = Sequence.LEVELS,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="How long to measure.")] = 5.0,
    json: _Json = False,
) -> None:
    """Quotes per second of the pure core on one core."""
    _show(price.run(rewards, codes, lines, seconds, sequence), json)


@BENCH.command("ingest")
def bench_ingest(
    seconds: Annotated[float, typer.Option(min=1, max=120, help="Length of each measurement.")] = 10.0,
    members: _Members = 10_000,
    rules: _Rules = 20,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Interleaved rounds.")] = ingest.ROUNDS,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Worker processes.")] = 2,
    json: _Json = False,
) -> None:
    """Orders through the HTTP API, in turns with pgbench writing the same rows the usual way."""
    with ERRORS.status("starting") as status:
        figures = ingest.run(
            seconds=seconds,
            members=members,
            rules=rules,
            rounds=rounds,
            workers=workers,
            progress=status.update,
        )
    _show(figures, json)


@BENCH.command("bulk")
def bench_bulk(
    orders: Annotated[int, typer.Option(min=1_000, max=1_000_000, help="Orders of a round.")] = 20_000,
    members: _Members = 10_000,
    rules: _Rules = 20,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 3,
    json: _Json = False,
) -> None:
    """Orders from stored lines down the batch path, beside COPY of the same rows."""
    with ERRORS.status("measuring"):
        figures = bulk.run(orders=orders, members=members, rules=rules, rounds=rounds)
    _show(figures, json)


@BENCH.command("quote")
def bench_quote(
    seconds: Annotated[float, typer.Option(min=1, max=60, help="Length of each measurement.")] = 8.0,
    members: _Members = 100_000,
    campaigns: Annotated[int, typer.Option(min=1, max=2_000, help="Campaigns with a reward each.")] = 1_000,
    vouchers: Annotated[int, typer.Option(min=1_000, max=1_000_000, help="Codes that are out.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Interleaved rounds.")] = 3,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Worker processes.")] = 2,
    json: _Json = False,
) -> None:
    """Quotes and redemptions of carts with five codes, in turns with pgbench doing the same rows."""
    with ERRORS.status("starting") as status:
        figures = quote.run(
            seconds=seconds,
            members=members,
            campaigns=campaigns,
            vouchers=vouchers,
            rounds=rounds,
            workers=workers,
            progress=status.update,
        )
    _show(figures, json)


@BENCH.command("segments")
def bench_segments(
    seconds: Annotated[float, typer.Option(min=1, max=120, help="Length of each measurement.")] = 10.0,
    members: _Members = 1_000_000,
    orders: Annotated[int, typer.Option(min=100, max=50_000_000, help="Orders of the past.")] = 5_000_000,
    rules: _Rules = 20,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds in turns.")] = 5,
    previews: Annotated[int, typer.Option(min=1, max=1_000, help="Previews that are timed.")] = 20,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Worker processes.")] = 2,
    keep: Annotated[
        Path | None, typer.Option(help="Folder in which what is prepared is kept for the next run.")
    ] = None,
    json: _Json = False,
) -> None:
    """Fifty live segments: judging everybody, previews, and what an order costs more."""
    with ERRORS.status("starting") as status:
        figures = segments.run(
            seconds=seconds,
            members=members,
            orders=orders,
            rules=rules,
            rounds=rounds,
            previews=previews,
            workers=workers,
            keep=keep,
            progress=status.update,
        )
    _show(figures, json)


@BENCH.command("vouchers")
def bench_vouchers(
    count: Annotated[int, typer.Option(min=1_000, max=1_000_000, help="Codes to be made.")] = 1_000_000,
    json: _Json = False,
) -> None:
    """A pool of codes made in one go, beside COPY of the same rows."""
    with ERRORS.status("measuring"):
        figures = vouchers.run(count=count)
    _show(figures, json)


@BENCH.command("simulate")
def bench_simulate(
    limit: Annotated[int | None, typer.Option(min=100, help="Only the first so many baskets.")] = None,
    processes: Annotated[int, typer.Option(min=1, max=16, help="Processes of a simulation.")] = 2,
    buckets: Annotated[int, typer.Option(min=1, max=64, help="Buckets of the workspace.")] = 1,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 3,
    json: _Json = False,
) -> None:
    """The real baskets of a year played under two versions; an event is one basket under one version."""
    with ERRORS.status("measuring"):
        document = sample_program(examples_folder())
        figures = simulate.run(
            document=document, limit=limit, processes=processes, buckets=buckets, rounds=rounds
        )
    _show(figures, json)


@BENCH.command("search")
def bench_search(
    members: Annotated[int, typer.Option(min=1_000, max=5_000_000, help="Members to be found.")] = 1_000_000,
    searches: Annotated[int, typer.Option(min=20, max=10_000, help="Searches of each kind.")] = 200,
    json: _Json = False,
) -> None:
    """Members found by name, address, id and number among a million."""
    with ERRORS.status("writing members"):
        figures = search.run(members=members, searches=searches)
    _show(figures, json)


def _show(figures: dict[str, Any], json: bool) -> None:
    if json:
        print(msgspec.json.encode(figures).decode())
        return
    table = Table(show_header=False)
    for name, value in figures.items():
        table.add_row(name, str(value))
    OUT.print(table)


COMMANDS = {"bench": BENCH}
