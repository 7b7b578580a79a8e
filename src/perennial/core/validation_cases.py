"""What must be right about a program's test cases before they can be played."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from perennial.core.case import Step, problems_of_step
from perennial.core.case_segments import read_segments
from perennial.core.document.program_case import MAX_CASES, MAX_STEPS, ProgramCase
from perennial.core.document.shape import Shape, TooManyProblemsError
from perennial.core.findings import Findings
from perennial.core.problems import Problem


def check_cases(findings: Findings) -> None:
    """Check that every case can be read; whether it holds shows when it is played."""
    cases = findings.program.cases
    findings.unique(((f"cases[{place}]", case.id) for place, case in enumerate(cases)), "case")
    if len(cases) > MAX_CASES:
        findings.add("cases", "too_many", f"a program has at most {MAX_CASES} test cases")
        return
    for place, case in enumerate(cases):
        steps = read_steps(case)
        if isinstance(steps, list):
            findings.problems += [problem.under(f"cases[{place}]") for problem in steps]
        segments = read_segments(case.segments, findings.program, {})
        if isinstance(segments, list):
            findings.problems += [problem.under(f"cases[{place}]") for problem in segments]


def read_steps(case: ProgramCase) -> tuple[Step, ...] | list[Problem]:
    """Return the steps of a case, or everything that is wrong with them; paths are those within the case."""
    if not case.steps:
        return [Problem("steps", "no_steps", "a case needs a step: what happens, and what is expected")]
    if len(case.steps) > MAX_STEPS:
        return [Problem("steps", "too_many", f"a case has at most {MAX_STEPS} steps")]
    steps: list[Step] = []
    problems: list[Problem] = []
    for place, written in enumerate(case.steps):
        found = _read_step(written)
        if isinstance(found, Step):
            steps.append(found)
            found = problems_of_step(found)
        problems += [problem.under(f"steps[{place}]") for problem in found]
    return problems or tuple(steps)


def _read_step(written: dict[str, Any]) -> Step | list[Problem]:
    shape = Shape(_nothing_custom)
    try:
        cleaned = shape.read(_step_type(), written, "")
        if not shape.problems:
            return msgspec.convert(cleaned, Step)
    except TooManyProblemsError:
        pass
    except msgspec.ValidationError as error:
        return [Problem("", "wrong_type", str(error))]
    return shape.problems


def _nothing_custom(value: object, path: str) -> list[Problem]:
    raise TypeError(f"{path}: a step has no part that is read by hand, as {value!r}")


@cache
def _step_type() -> msgspec.inspect.Type:
    return msgspec.inspect.type_info(Step)
