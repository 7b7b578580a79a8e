"""Plays the test cases that a program holds, and says of each whether it holds.

The steps run through the same functions as the live path (``core/cases/cases.py``). Whoever plays what
others have written bounds the time from outside: a step may let years pass for many members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from perennial.core.case_segments import read_segments
from perennial.core.cases.case_file import Case
from perennial.core.cases.cases import CaseError, Finder, run_case
from perennial.core.document.document import plain_program
from perennial.core.document.program import Program
from perennial.core.document.program_case import ProgramCase
from perennial.core.facts import fact_table
from perennial.core.problems import Problem
from perennial.core.segments.segment import Segment, check_segment, segments_asked
from perennial.core.validation.validation import examine
from perennial.core.validation_cases import read_steps


class Miss(msgspec.Struct, frozen=True):
    """What is not as a case expects, in words; ``step`` counts from 1, and 0 means the case as a whole."""

    step: int
    words: str


class CaseOutcome(msgspec.Struct, frozen=True):
    """How one case of a program went; without ``misses`` it holds."""

    id: str
    title: str
    passed: bool
    misses: tuple[Miss, ...] = ()


class Stage(msgspec.Struct, frozen=True):
    """What every case of a program begins with: the program without cases, and the segments it asks about."""

    program: Program
    document: dict[str, Any]
    segments: dict[str, Segment]


def stage_of(program: Program, segments: Iterable[Segment] = ()) -> Stage:
    """Prepare to play cases of a valid program.

    ``segments`` are the workspace's: those that the program asks about are there in every case. Nobody is in
    one that reads what another program has.
    """
    bare = msgspec.structs.replace(program, cases=())
    return Stage(bare, plain_program(bare), _asked(bare, {each.segment: each for each in segments}))


def play_case(case: ProgramCase, stage: Stage, finder: Finder | None = None) -> CaseOutcome:
    """Play one case from nothing; ``finder`` is asked where it expects flaws of the program."""
    return _outcome(case, _misses(case, stage, finder))


def unplayed(case: ProgramCase, words: str) -> CaseOutcome:
    """Return the outcome of a case that could not be played to its end, with the reason."""
    return _outcome(case, (Miss(0, words),))


def words_of(outcome: CaseOutcome) -> list[str]:
    """Return what does not hold in one line each."""
    return [f"step {miss.step}: {miss.words}" if miss.step else miss.words for miss in outcome.misses]


def _outcome(case: ProgramCase, misses: tuple[Miss, ...]) -> CaseOutcome:
    return CaseOutcome(case.id, case.title, not misses, misses)


def _misses(case: ProgramCase, stage: Stage, finder: Finder | None) -> tuple[Miss, ...]:
    steps = read_steps(case)
    if isinstance(steps, list):
        return _misread(steps)
    own = read_segments(case.segments, stage.program, stage.segments)
    if isinstance(own, list):
        return _misread(own)
    segments = {**stage.segments, **{each.segment: each for each in own}}
    whole = Case(case.id, case.title, stage.program, stage.document, steps, tuple(segments.values()))
    try:
        report = run_case(whole, finder)
    except CaseError as error:
        return (Miss(0, str(error)),)
    return tuple(
        Miss(step.number, words.removeprefix(f"step {step.number} ({steps[step.number - 1].at}): "))
        for step in report.steps
        for words in step.differences
    )


def _misread(problems: list[Problem]) -> tuple[Miss, ...]:
    return tuple(Miss(0, f"{problem.path}: {problem.words}") for problem in problems)


def _asked(program: Program, known: Mapping[str, Segment]) -> dict[str, Segment]:
    """Return the segments that a program asks about, with those that these ask about."""
    names = set() if program.enrollment.segment is None else {program.enrollment.segment}
    for _, condition, _ in examine(program).conditions:
        names |= segments_asked(condition)
    facts = fact_table(program)
    found: dict[str, Segment] = {}
    waiting = [name for name in names if name in known]
    while waiting:
        segment = known[waiting.pop()]
        foreign = segment.program not in (None, program.program)
        if foreign or check_segment(segment, facts, known):
            segment = msgspec.structs.replace(segment, when=None)
        found[segment.segment] = segment
        waiting += [name for name in segments_asked(segment.when) if name in known and name not in found]
    return found
