"""The segments of a test case: their documents, and lists that are imported into static ones.

::

    segments:
      - {segment: big, name: Big spenders, when: {history: orders.net, at_least: 100000}}
      - {segment: press, name: The press}
    steps:
      - {at: 2026-03-10, import: {segment: press, customers: [anna, ben]}}
      - at: 2026-03-11
        customer: anna
        expect: {segments: {big: false, press: true}, entered: {press: 2026-03-10}, left: {big: null}}
      - {at: 2026-03-12, segments: [{segment: big, name: Big spenders, when: ...}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from perennial.core.case_expectation import CasePart
from perennial.core.document.program import Program
from perennial.core.facts import fact_table
from perennial.core.problems import Problem
from perennial.core.segments.segment import Segment, check_segment
from perennial.core.terms.condition_document import DEC_HOOK, ConditionError


class CaseImport(CasePart, frozen=True, kw_only=True):
    """Customers who are let into a static segment; with ``replaces`` everybody else leaves it."""

    segment: str
    customers: tuple[str, ...]
    replaces: bool = False


def read_segments(
    plain: Iterable[Mapping[str, Any]], program: Program, known: Mapping[str, Segment]
) -> tuple[Segment, ...] | list[Problem]:
    """Read the documents of segments beside those that are ``known``, or return every problem."""
    read: list[Segment] = []
    problems: list[Problem] = []
    for position, document in enumerate(plain):
        try:
            read.append(msgspec.convert(document, Segment, dec_hook=DEC_HOOK))
        except msgspec.ValidationError as error:
            cause = error.__cause__
            if isinstance(cause, ConditionError):
                problem = cause.problem.under("when")
            else:
                problem = Problem("", "wrong_type", str(error))
            problems.append(problem.under(f"segments[{position}]"))
    if problems:
        return problems
    everybody = {**known, **{segment.segment: segment for segment in read}}
    facts = fact_table(program)
    for position, segment in enumerate(read):
        found = check_segment(segment, facts, everybody)
        if segment.program not in (None, program.program):
            found = [Problem("program", "program_unknown", f"the case has no program {segment.program!r}")]
        problems += [problem.under(f"segments[{position}]") for problem in found]
    return problems or tuple(read)
