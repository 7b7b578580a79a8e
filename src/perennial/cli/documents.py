"""Documents without a database: the JSON Schema of a program, cases that it must pass, and its flaws."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from perennial.cli.console import ERRORS, OUT
from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import CaseError, run_case
from perennial.core.cases.program_cases import play_case, stage_of, words_of
from perennial.core.document.document import read_program
from perennial.core.document.text import parse_text
from perennial.core.document_schema import schema_text
from perennial.core.find_flaws import find_flaws, kinds_of_flaws
from perennial.core.flaws.flaw import Assumptions
from perennial.core.validation.assessment import assess
from perennial.core.validation.validation import validate
from perennial.units import parse_instant


def schema() -> None:
    """Print the JSON Schema of a program document, for editors and checks."""
    print(schema_text(), end="")


class _Played(msgspec.Struct):
    """How one case file went; ``differences`` are of the file itself where it could not be played."""

    file: str
    passed: bool
    case: str = ""
    title: str = ""
    steps: int = 0
    differences: list[str] = []


def cases(
    files: Annotated[list[Path], typer.Argument(help="Case files (YAML), or folders of them.", exists=True)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")] = False,
) -> None:
    """Play case files, or the test cases that program documents hold, and say what differs."""
    played = [one for file in files for path in _case_files(file) for one in _play(path)]
    failed = sum(not one.passed for one in played)
    if as_json:
        sums = {"passed": len(played) - failed, "failed": failed, "cases": played}
        print(msgspec.json.encode(sums).decode())
    else:
        for one in played:
            _print_played(one)
        OUT.print(f"{len(played) - failed} passed, {failed} failed", highlight=False)
    if failed or not played:
        raise typer.Exit(1)


def _case_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.yaml")) if path.is_dir() else [path]


def _play(path: Path) -> list[_Played]:
    """Run what a file holds: one case, or the cases of a program."""
    plain, _ = parse_text(path.read_bytes())
    if isinstance(plain, dict) and "case" not in plain and "wallets" in plain:
        return _play_program(path)
    return [_play_file(path)]


def _play_program(path: Path) -> list[_Played]:
    """Run the cases of a program document; a document without any has none that failed."""
    program = read_program(path.read_bytes())
    problems = program if isinstance(program, list) else validate(program)
    if problems or isinstance(program, list):
        return [_Played(str(path), False, differences=[f"{one.path}: {one.words}" for one in problems])]
    stage = stage_of(program)
    outcomes = [(case, play_case(case, stage, kinds_of_flaws)) for case in program.cases]
    return [
        _Played(str(path), told.passed, case.id, case.title, len(case.steps), words_of(told))
        for case, told in outcomes
    ]


def _play_file(path: Path) -> _Played:
    """Run one case, and find out what differs or what is wrong with the file."""
    read = read_case(path.read_bytes(), lambda name: (path.parent / name).read_bytes())
    if not isinstance(read, Case):
        return _Played(str(path), False, differences=[f"{one.path}: {one.words}" for one in read])
    try:
        report = run_case(read, kinds_of_flaws)
    except CaseError as error:
        return _Played(str(path), False, read.name, read.title, len(read.steps), [str(error)])
    differences = report.differences()
    return _Played(str(path), not differences, read.name, read.title, len(read.steps), differences)


def _print_played(one: _Played) -> None:
    console = OUT if one.passed else ERRORS
    console.print("[green]passed[/]" if one.passed else "[red]failed[/]", end=" ", highlight=False)
    words = f"{one.file} ({one.title})" if one.title else one.file
    console.print(words, highlight=False, markup=False, soft_wrap=True)
    for line in one.differences:
        ERRORS.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)


def check(
    file: Annotated[Path, typer.Argument(help="A program (YAML or JSON).", exists=True, dir_okay=False)],
    *,
    margin: Annotated[str, typer.Option(help="What is left of a sale before rewards, in percent.")] = "30",
    month_spend: Annotated[
        int | None, typer.Option(help="What a good customer spends a month, in minor units.", min=1)
    ] = None,
    at: Annotated[str | None, typer.Option(help="The instant to search from; default: now.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")] = False,
) -> None:
    """Search a program for what it gives away; each finding comes with a case that proves it."""
    program = read_program(file.read_bytes())
    problems = program if isinstance(program, list) else validate(program)
    if problems or isinstance(program, list):
        for each in problems:
            ERRORS.print(f"{each.path}: {each.words} ({each.code})", markup=False, highlight=False)
        raise typer.Exit(1)
    try:
        given = {"margin": margin} | ({} if month_spend is None else {"month_spend": month_spend})
        assumptions = msgspec.convert(given, Assumptions)
        start = time.time_ns() // 1_000 if at is None else parse_instant(at)
    except ValueError as error:
        ERRORS.print(str(error), markup=False, highlight=False)
        raise typer.Exit(2) from error
    found = find_flaws(program, start, assumptions)
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        for flaw in found.flaws:
            OUT.print(
                f"{flaw.path}: {flaw.words} ({flaw.kind})", markup=False, highlight=False, soft_wrap=True
            )
            print(f"\n{flaw.proof}")
        for told in found.gives_back:
            OUT.print(f"{told.wallet}: {told.words}", markup=False, highlight=False, soft_wrap=True)
        for warning in assess(program).warnings:
            said = f"warning: {warning.path}: {warning.words} ({warning.code})"
            OUT.print(said, markup=False, highlight=False, soft_wrap=True)
        for kind in found.unfinished:
            ERRORS.print(f"not searched to the end: {kind}", markup=False, highlight=False)
        OUT.print(f"{len(found.flaws)} found", highlight=False)
    if found.flaws:
        raise typer.Exit(1)


COMMANDS = {"schema": schema, "cases": cases, "check": check}
