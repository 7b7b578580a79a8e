"""A segment: a named set of customers, a document of the workspace with versions of its own.

A *live* segment has a condition on the member (``when``) and is always true to the data; a *static* one
is a list. Segments combine through the fact ``member.segments``, as long as none depends on itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from perennial.core.conditions.check import check, segment_place
from perennial.core.document.reward import Title
from perennial.core.facts import SEGMENTS, FactTable
from perennial.core.kinds.rule import Identifier
from perennial.core.problems import Problem, join_path
from perennial.core.terms.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    LinesMatch,
    LinesTotal,
    Not,
    Operator,
)

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
    return frozenset(name for node, _ in _comparisons(condition, "") for name in _named(node))


def _named(node: Compare) -> list[str]:
    """Return the segments that a comparison names."""
    if node.fact != SEGMENTS:
        return []
    operands = node.operand if isinstance(node.operand, tuple) else (node.operand,)
    return [operand for operand in operands if isinstance(operand, str)]


def check_segment(segment: Segment, facts: FactTable, known: Mapping[str, Segment]) -> list[Problem]:
    """Return every problem of a live segment's condition; ``known`` are the workspace's other segments."""
    if segment.when is None:
        return []
    problems = check_condition_of_segment(segment.when, facts, "when")
    everybody = {**known, segment.segment: segment}
    for node, path in _comparisons(segment.when, "when"):
        unknown = [name for name in _named(node) if name not in everybody]
        at = join_path(path, node.operator.value)
        problems += [Problem(at, "segment_unknown", f"there is no segment {name!r}") for name in unknown]
    if not problems and (circle := _circle(segment.segment, everybody)):
        words = f"a segment cannot depend on itself: {' > '.join(circle)}"
        problems.append(Problem("when", "segment_circle", words))
    return problems


def check_condition_of_segment(condition: Condition, facts: FactTable, path: str = "") -> list[Problem]:
    """Return what a segment cannot ask, whatever others there are; ``path`` leads to the condition."""
    problems = check(condition, facts, segment_place(), path)
    for node, at in _comparisons(condition, path):
        if node.fact in _WITHIN_A_DAY:
            words = f"a segment is judged by days: it cannot ask about {node.fact}"
            problems.append(Problem(join_path(at, "fact"), "fact_not_here", words))
        if node.operator is Operator.MATCHES:
            words = f"a segment cannot ask whether {node.fact} matches a pattern"
            problems.append(Problem(join_path(at, "matches"), "pattern_not_here", words))
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


def _comparisons(condition: Condition | None, path: str) -> Iterator[tuple[Compare, str]]:
    """Yield every comparison with its path."""
    match condition:
        case All(of) | AnyOf(of):
            name = "all" if isinstance(condition, All) else "any"
            for i, part in enumerate(of):
                yield from _comparisons(part, join_path(path, f"{name}[{i}]"))
        case Not(of):
            yield from _comparisons(of, join_path(path, "not"))
        case LinesMatch(_, where) | LinesTotal(_, where, _, _):
            yield from _comparisons(where, join_path(path, "where"))
        case Compare():
            yield condition, path
