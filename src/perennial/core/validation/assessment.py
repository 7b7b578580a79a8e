"""What an author is told of a program that can be published: what is odd about it, and what it may cost."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from perennial.core.conditions.flaws import Flaw, flaws_of
from perennial.core.document.program import Program
from perennial.core.document.program_cost import Cost, cost_of
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.segments.segment import segments_asked
from perennial.core.validation.codes import weak_codes
from perennial.core.validation.validation import examine

MAX_WARNINGS = 100


class Assessment(msgspec.Struct, frozen=True):
    """Warnings, those about conditions last and in their order, and the worst case of one event."""

    warnings: tuple[Flaw, ...]
    cost: Cost


def assess(
    program: Program, segments: Collection[str] | None = None, language: Language = ENGLISH
) -> Assessment:
    """Look at a program, which should have no problems; parts that have some are left out.

    ``segments`` are those of the workspace (None: nobody knows which there are); conditions are said in
    ``language``.
    """
    findings = examine(program)
    warnings: list[Flaw] = list(weak_codes(program))
    if segments is not None and program.enrollment.segment not in (None, *segments):
        warnings.append(_unknown("enrollment.segment", program.enrollment.segment or ""))
    for path, condition, place in findings.conditions:
        if segments is not None:
            missing = sorted(segments_asked(condition) - set(segments))
            warnings += [_unknown(path, name) for name in missing]
        warnings += flaws_of(condition, findings.facts, place, path, language)
        if len(warnings) >= MAX_WARNINGS:
            break
    return Assessment(tuple(warnings[:MAX_WARNINGS]), cost_of(program))


def _unknown(path: str, name: str) -> Flaw:
    words = f"there is no segment {name!r}: until there is, nobody is in it"
    return Flaw(path, "segment_unknown", words)
