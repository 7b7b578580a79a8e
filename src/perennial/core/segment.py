"""A segment: a named set of customers, a document of the workspace with versions of its own.

A *live* segment has a condition on the member (``when``) and is always true to the data; a *static* one
is a list. Segments combine through the fact ``member.segments``, as long as none depends on itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from perennial.core.condition_check import check, segment_place
from perennial.core.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    LinesMatch,
    LinesTotal,
    Not,
    Operator,
)
from perennial.core.facts import SEGMENTS, FactTable
from perennial.core.problems import Problem
from perennial.core.reward import Title
from perennial.core.rule import Identifier

MAX_SEGMENTS = 500
_WITHIN_A_DAY = ("now.time", "now.hour")


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One segment. Without ``when`` it is a static list.

    ``program`` names the program whose zone, currency, wallets and tiers the condition reads; without
    it, it is the workspace's first.
    """

    segment: Identifier
    name: Title
    program: Identifier | None = None
    description: str | None = None
    when: Condition | None = None

    @property
    def live(self) -> bool:
        """Whether membership follows from a condition."""
        return self.when is not None


def segments_asked(condition: Condition | None) -> frozenset[str]:
    """Return the segments that a condition asks about."""
    names: set[str] = set()
    for node in _comparisons(condition):
        if node.fact == SEGMENTS:
            operands = node.operand if isinstance(node.operand, tuple) else (node.operand,)
            names |= {operand for operand in operands if isinstance(operand, str)}
    return frozenset(names)


def check_segment(segment: Segment, facts: FactTable, known: Mapping[str, Segment]) -> list[Problem]:
    """Return every problem of a live segment's condition; ``known`` are the workspace's other segments."""
    if segment.when is None:
        return []
    problems = check(segment.when, facts, segment_place(), "when")
    for node in _comparisons(segment.when):
        if node.fact in _WITHIN_A_DAY:
            words = f"a segment is judged by days: it cannot ask about {node.fact}"
            problems.append(Problem("when", "fact_not_here", words))
        if node.operator is Operator.MATCHES:
            words = f"a segment cannot ask whether {node.fact} matches a pattern"
            problems.append(Problem("when", "pattern_not_here", words))
    everybody = {**known, segment.segment: segment}
    for name in sorted(segments_asked(segment.when) - everybody.keys()):
        problems.append(Problem("when", "segment_unknown", f"there is no segment {name!r}"))
    if not problems and (circle := _circle(segment.segment, everybody)):
        words = f"a segment cannot depend on itself: {' > '.join(circle)}"
        problems.append(Problem("when", "segment_circle", words))
    return problems


def in_order(segments: Iterable[Segment]) -> list[Segment]:
    """Return segments so that each comes after those that it asks about; there must be no circle."""
    known = {segment.segment: segment for segment in segments}
    ordered: dict[str, Segment] = {}

    def place(segment: Segment) -> None:
        if segment.segment in ordered:
            return
        for name in sorted(segments_asked(segment.when) & known.keys()):
            place(known[name])
        ordered[segment.segment] = segment

    for name in sorted(known):
        place(known[name])
    return list(ordered.values())


def dependents(code: str, segments: Iterable[Segment]) -> list[str]:
    """Return ``code`` and every segment that depends on it, directly or through others, in order."""
    reached = {code}
    for segment in in_order(segments):
        if segments_asked(segment.when) & reached:
            reached.add(segment.segment)
    return [segment.segment for segment in in_order(segments) if segment.segment in reached]


def _circle(start: str, known: Mapping[str, Segment]) -> list[str]:
    """Return the way from a segment back to itself; empty if there is none."""
    waiting, seen = [[start]], set()
    while waiting:
        way = waiting.pop()
        for name in sorted(segments_asked(known[way[-1]].when) & known.keys()):
            if name == start:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                waiting.append([*way, name])
    return []


def _comparisons(condition: Condition | None) -> Iterator[Compare]:
    match condition:
        case All(of) | AnyOf(of):
            for part in of:
                yield from _comparisons(part)
        case Not(of):
            yield from _comparisons(of)
        case LinesMatch(_, where) | LinesTotal(_, where, _, _):
            yield from _comparisons(where)
        case Compare():
            yield condition
