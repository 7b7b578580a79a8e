"""Programs as code: plan, apply, export."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from perennial.cli.console import ERRORS, OUT
from perennial.cli.keys import Workspace, actor
from perennial.cli.session import with_database, with_handler
from perennial.core.cases.program_cases import play_case, stage_of, words_of
from perennial.core.document.program import Program
from perennial.core.explaining.program_diff import Change
from perennial.core.find_flaws import find_flaws, kinds_of_flaws
from perennial.core.rehearsal.gives_back import Advice
from perennial.core.segments.segment import Segment
from perennial.core.validation.assessment import Assessment
from perennial.flows.handle_events import Handler
from perennial.flows.programs.life import Author, Published, apply_document
from perennial.flows.programs.versions import Plan, document_of, plan_document
from perennial.flows.workspaces import require_workspace
from perennial.store.database import Database

_SECONDS = 10
Document = Annotated[Path, typer.Argument(help="The program, as YAML or JSON.", exists=True, dir_okay=False)]


def plan(
    workspace: Workspace,
    file: Document,
    *,
    check: Annotated[bool, typer.Option(help="Search for flaws too, for at most 10 seconds.")] = True,
) -> None:
    """Say what applying a document would change, and what it would give away; writes nothing."""

    async def ask(handler: Handler) -> Plan:
        row = await require_workspace(handler.database, workspace)
        return await plan_document(handler.database, row.workspace_id, _text_of(file), handler.codebook)

    found = with_handler(ask)
    if found.problems:
        for each in found.problems:
            ERRORS.print(f"{each.path}: {each.words} ({each.code})", markup=False, highlight=False)
        raise typer.Exit(1)
    basis = f"version {found.version}" if found.version else "nothing yet"
    OUT.print(f"Program {found.program}, compared with {basis}:")
    _print_changes(found.changes)
    if found.assessment is not None:
        print_assessment(found.assessment)
    failed = found.whole is not None and not _print_cases(found.whole, found.segments)
    if check and found.whole is not None:
        _print_findings(found.whole)
    if failed:
        raise typer.Exit(1)


def _print_cases(program: Program, segments: Iterable[Segment]) -> bool:
    """Play the test cases of a program and say how they went; return whether all of them hold."""
    stage = stage_of(program, segments)
    outcomes = [play_case(case, stage, kinds_of_flaws) for case in program.cases]
    for outcome in outcomes:
        said = "case holds" if outcome.passed else "case does not hold"
        OUT.print(f"  {said}: {outcome.title}", markup=False, highlight=False, soft_wrap=True)
        for words in words_of(outcome):
            OUT.print(f"    {words}", markup=False, highlight=False, soft_wrap=True)
    return all(outcome.passed for outcome in outcomes)


def _print_findings(program: Program) -> None:
    """Say what the finder finds within its time; `perennial check` tells more, with the proofs."""
    ends = time.monotonic() + _SECONDS
    found = find_flaws(program, time.time_ns() // 1_000, stop=lambda: time.monotonic() >= ends)
    warnings = [f"{flaw.path}: {flaw.words} ({flaw.kind})" for flaw in found.flaws]
    warnings += [f"{each.wallet}: {each.words}" for each in found.gives_back if each.advice != Advice.FINE]
    for words in warnings:
        OUT.print(f"  [yellow]warning:[/] {escape(words)}", highlight=False, soft_wrap=True)
    if found.unfinished:
        OUT.print(
            f"  not searched to the end: {', '.join(found.unfinished)}", highlight=False, soft_wrap=True
        )


def apply(
    workspace: Workspace,
    file: Document,
    note: Annotated[str, typer.Option(help="Why, for the list of versions.")] = "",
    *,
    despite_cases: Annotated[bool, typer.Option(help="Although test cases do not hold.")] = False,
) -> None:
    """Publish a document as a new version of the program that it names."""

    async def publish(handler: Handler) -> Published:
        row = await require_workspace(handler.database, workspace)
        author = Author(
            actor=actor(),
            at=time.time_ns() // 1000,
            note=note,
            despite_cases=despite_cases,
            codebook=handler.codebook,
        )
        return await apply_document(handler.database, row.workspace_id, _text_of(file), author)

    done = with_handler(publish)
    if done.unchanged:
        OUT.print(f"Program {done.program} is unchanged: version {done.version} stays.")
        return
    OUT.print(f"Published {done.program}, version {done.version}:")
    _print_changes(done.changes)
    if done.assessment is not None:
        print_assessment(done.assessment)


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


def print_assessment(assessment: Assessment) -> None:
    """Print warnings about conditions, and what the most expensive event may take."""
    for warning in assessment.warnings:
        said = f"warning: {warning.path}: {warning.words} ({warning.code})"
        OUT.print(said, markup=False, highlight=False, soft_wrap=True)
    cost = assessment.cost
    OUT.print(f"At worst {cost.comparisons:,} comparisons for one event, of {cost.most:,}.", highlight=False)


COMMANDS = {"plan": plan, "apply": apply, "export": export}
