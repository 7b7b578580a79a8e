"""``perennial init``: a program to begin with, from a template."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perennial.cli.console import ERRORS, OUT
from perennial.core.document.document import read_program
from perennial.core.validation.validation import validate
from perennial.flows.programs.templates import all_templates, filled_in, require_template


def init(
    template: Annotated[str | None, typer.Argument(help="Its id; without it, all are listed.")] = None,
    file: Annotated[Path, typer.Option(help="The file to write.", dir_okay=False)] = Path("program.yaml"),
    program: Annotated[str | None, typer.Option(help="The code of the program.")] = None,
    name: Annotated[str | None, typer.Option(help="What members call it.")] = None,
    unit: Annotated[str | None, typer.Option(help="What the points are called.")] = None,
    currency: Annotated[str | None, typer.Option(help="The currency, as EUR.")] = None,
    zone: Annotated[str | None, typer.Option(help="The time zone, as Europe/Berlin.")] = None,
) -> None:
    """Write a program to begin with into a file that does not exist yet, with what is given filled in."""
    if template is None:
        for each in all_templates():
            OUT.print(f"[bold]{each.id}[/]: {each.description}", highlight=False, soft_wrap=True)
        return
    found = require_template(template)
    text = filled_in(found, program=program, name=name, unit=unit, currency=currency, time_zone=zone)
    read = read_program(text)
    problems = read if isinstance(read, list) else validate(read)
    if problems:
        for one in problems:
            ERRORS.print(f"{one.path}: {one.words} ({one.code})", markup=False, highlight=False)
        raise typer.Exit(1)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        ERRORS.print(f"{file} exists already: name another with --file", markup=False, highlight=False)
        raise typer.Exit(1) from error
    OUT.print(f"Wrote {file}. What is yours to fill in:", highlight=False, soft_wrap=True)
    for place in found.fill_in:
        OUT.print(f"  {place.path}: {place.words}", markup=False, highlight=False, soft_wrap=True)


COMMANDS = {"init": init}
