"""Documents without a database: the JSON Schema of a program, and cases that a program must pass."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perennial.cli.console import ERRORS, OUT
from perennial.core.case import Case, read_case
from perennial.core.cases import CaseError, run_case
from perennial.core.document_schema import schema_text


def schema() -> None:
    """Print the JSON Schema of a program document, for editors and checks."""
    print(schema_text(), end="")


def cases(
    files: Annotated[list[Path], typer.Argument(help="Case files (YAML), or folders of them.")],
) -> None:
    """Play case files (a program, what happens, what is expected) and say what differs."""
    found = [path for file in files for path in _case_files(file)]
    failed = sum(not _play(path) for path in found)
    OUT.print(f"{len(found) - failed} passed, {failed} failed", highlight=False)
    if failed or not found:
        raise typer.Exit(1)


def _case_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.yaml")) if path.is_dir() else [path]


def _play(path: Path) -> bool:
    """Run one case; print what differs, or what is wrong with the file."""
    read = read_case(path.read_bytes())
    if not isinstance(read, Case):
        return _failed(path, [f"{problem.path}: {problem.words}" for problem in read])
    try:
        report = run_case(read)
    except CaseError as error:
        return _failed(path, [str(error)])
    return report.passed or _failed(path, report.differences())


def _failed(path: Path, words: list[str]) -> bool:
    ERRORS.print(f"[red]failed[/] {path}", highlight=False, soft_wrap=True)
    for line in words:
        ERRORS.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    return False


DOCUMENT_COMMANDS = (schema, cases)
