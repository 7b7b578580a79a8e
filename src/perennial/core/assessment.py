"""What an author is told of a program that can be published: what is odd about it, and what it may cost."""

from __future__ import annotations

import msgspec

from perennial.core.condition_flaws import Flaw, flaws_of
from perennial.core.program import Program
from perennial.core.program_cost import Cost, cost_of
from perennial.core.validation import examine

MAX_WARNINGS = 100


class Assessment(msgspec.Struct, frozen=True):
    """Warnings about conditions, in the order of the document, and the worst case of one event."""

    warnings: tuple[Flaw, ...]
    cost: Cost


def assess(program: Program) -> Assessment:
    """Look at a program, which should have no problems; parts that have some are left out."""
    warnings: list[Flaw] = []
    findings = examine(program)
    for path, condition, place in findings.conditions:
        warnings += flaws_of(condition, findings.facts, place, path)
        if len(warnings) >= MAX_WARNINGS:
            break
    return Assessment(tuple(warnings[:MAX_WARNINGS]), cost_of(program))
