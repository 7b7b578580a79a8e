"""Reads case files (``core/case.py`` says what is in one): the program, what happens, what is expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from perennial.core.case import Step, problems_of_step
from perennial.core.case_expectation import CasePart
from perennial.core.case_segments import read_segments
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.document.text import parse_text
from perennial.core.problems import Problem
from perennial.core.segments.segment import Segment
from perennial.core.validation.validation import validate


class Case(msgspec.Struct, frozen=True):
    """A readable case. ``document`` is the plain form of ``program``, which ``publish`` steps change.

    ``segments`` are there from the beginning. ``others`` are programs that run beside it, each with its plain
    form.
    """

    name: str
    title: str
    program: Program
    document: dict[str, Any]
    steps: tuple[Step, ...]
    segments: tuple[Segment, ...] = ()
    others: tuple[tuple[Program, dict[str, Any]], ...] = ()


class _CaseFile(CasePart, frozen=True, kw_only=True):
    case: str
    title: str
    program: dict[str, Any] | str
    programs: tuple[dict[str, Any] | str, ...] = ()
    segments: tuple[dict[str, Any], ...] = ()
    steps: tuple[Step, ...]


def read_case(
    text: str | bytes, program_at: Callable[[str], str | bytes] | None = None
) -> Case | list[Problem]:
    """Read a case (YAML or JSON); return it, or every problem that was found.

    Where the program is the name of a file, ``program_at`` returns the text of that; without it a case has to
    hold its program itself.
    """
    data, problems = parse_text(text)
    if problems:
        return problems
    try:
        file = msgspec.convert(data, _CaseFile)
    except msgspec.ValidationError as error:
        return [Problem("", "wrong_type", str(error))]
    crowded = [
        problem.under(f"steps[{position}]")
        for position, step in enumerate(file.steps)
        for problem in problems_of_step(step)
    ]
    document = _document(file.program, program_at)
    if isinstance(document, list):
        return document
    program = program_of(document)
    wrong = program if isinstance(program, list) else validate(program)
    if wrong or crowded or isinstance(program, list):
        return [*(problem.under("program") for problem in wrong), *crowded]
    segments = read_segments(file.segments, program, {})
    if isinstance(segments, list):
        return segments
    others = _others(file, program, program_at)
    if others and isinstance(others[0], Problem):
        return [problem for problem in others if isinstance(problem, Problem)]
    beside = tuple(other for other in others if not isinstance(other, Problem))
    return Case(file.case, file.title, program, document, file.steps, segments, beside)


def _others(
    file: _CaseFile, first: Program, program_at: Callable[[str], str | bytes] | None
) -> list[tuple[Program, dict[str, Any]]] | list[Problem]:
    """Return the programs beside the first one, or what is wrong with them."""
    found: list[tuple[Program, dict[str, Any]]] = []
    problems: list[Problem] = []
    names = {first.program}
    for place, given in enumerate(file.programs):
        document = _document(given, program_at)
        if isinstance(document, list):
            problems += (problem.under(f"programs[{place}]") for problem in document)
            continue
        program = program_of(document)
        wrong = program if isinstance(program, list) else validate(program)
        problems += (problem.under(f"programs[{place}]") for problem in wrong)
        if isinstance(program, list):
            continue
        if program.program in names:
            problems.append(Problem(f"programs[{place}].program", "twice", "two programs have one name"))
        names.add(program.program)
        found.append((program, document))
    unknown = {step.within for step in file.steps if step.within is not None} - names
    problems += (Problem("steps", "unknown", f"there is no program {name!r}") for name in sorted(unknown))
    return problems or found


def _document(
    program: dict[str, Any] | str, program_at: Callable[[str], str | bytes] | None
) -> dict[str, Any] | list[Problem]:
    """Return the plain program of a case file, or what is wrong with the file that it names."""
    if isinstance(program, dict):
        return program
    if program_at is None:
        return [Problem("program", "no_file", "write the program out: files are not read here")]
    try:
        data, problems = parse_text(program_at(program))
    except OSError as error:
        return [Problem("program", "no_file", f"{program} cannot be read: {error.strerror or error}")]
    if problems or not isinstance(data, dict):
        return [problem.under("program") for problem in problems] or [
            Problem("program", "wrong_type", f"{program} holds no program")
        ]
    return data
