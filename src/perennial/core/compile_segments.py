"""The segments of a workspace, compiled once: what every judgment of a customer shares.

The live segments of one program are compiled as a :class:`~perennial.core.version.Version` without rules:
it has the program's zone, wallets and tiers, and the figures of the past that the segments ask about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.compile import compile_wallets
from perennial.core.compile_needs import NeedBook
from perennial.core.compile_triggers import Compiler
from perennial.core.program import Program
from perennial.core.segment import Segment, in_order, segments_asked
from perennial.core.version import Version


class BasedOn(msgspec.Struct, frozen=True):
    """The program whose zone, currency, wallets and tiers conditions read, and the units of its wallets."""

    program: Program
    program_id: int
    units: dict[str, int]


class Kept(msgspec.Struct, frozen=True):
    """A segment as the workspace keeps it.

    ``filled`` says that everybody was judged by its present version: only then does moving in or out of
    it become an event, because who was inside before does not enter.
    """

    segment: Segment
    segment_id: int
    version: int
    filled: bool


class Step(msgspec.Struct, frozen=True):
    """Live segments that are judged together: ``judge(at, snapshot)`` says of each if it holds.

    ``asks`` says that some of them ask about segments of earlier steps.
    """

    version: Version
    codes: tuple[str, ...]
    judge: Callable[..., tuple[bool, ...]]
    asks: bool


class SegmentSet(msgspec.Struct, frozen=True):
    """All segments of a workspace by their ids; ``names`` gives these by their numbers.

    ``steps`` judge the live ones, each after those that it asks about. ``versions`` are what they read.
    """

    kept: dict[str, Kept]
    names: dict[int, str]
    steps: tuple[Step, ...]
    versions: tuple[Version, ...]

    def version_of(self, code: str) -> Version:
        """Return what the live segment ``code`` is judged by."""
        return next(step.version for step in self.steps if code in step.codes)


def compile_segments(kept: Iterable[Kept], programs: Sequence[BasedOn]) -> SegmentSet:
    """Compile valid segments; ``programs`` are those of the workspace in their order.

    Raises ``KeyError`` or ``ValueError`` for a segment that names what does not exist.
    """
    by_code = {each.segment.segment: each for each in kept}
    names = {each.segment_id: code for code, each in by_code.items()}
    books: dict[str, _Book] = {}
    drafts: list[tuple[_Book, list[Segment]]] = []
    for segment in in_order(each.segment for each in by_code.values()):
        if segment.when is None:
            continue
        based_on = base_of(segment, programs)
        code = based_on.program.program
        if code not in books:
            books[code] = _Book(based_on)
        book = books[code]
        last = drafts[-1] if drafts else None
        together = last is not None and last[0] is book and not _asks_any(segment, last[1])
        if last is not None and together:
            last[1].append(segment)
        else:
            drafts.append((book, [segment]))
    functions = [
        book.compiler.judge([segment.when for segment in part if segment.when is not None])
        for book, part in drafts
    ]
    versions = {code: book.version() for code, book in books.items()}
    live = {segment.segment for _, part in drafts for segment in part}
    steps = tuple(
        Step(
            version=versions[book.code],
            codes=tuple(segment.segment for segment in part),
            judge=function,
            asks=any(segments_asked(segment.when) & live for segment in part),
        )
        for (book, part), function in zip(drafts, functions, strict=True)
    )
    return SegmentSet(by_code, names, steps, tuple(versions.values()))


def base_of(segment: Segment, programs: Sequence[BasedOn]) -> BasedOn:
    """Return the program that a segment reads; raise ``KeyError`` if it is not there."""
    for based_on in programs:
        if segment.program in (None, based_on.program.program):
            return based_on
    raise KeyError(segment.program)


def _asks_any(segment: Segment, others: Sequence[Segment]) -> bool:
    return bool(segments_asked(segment.when) & {other.segment for other in others})


class _Book:
    """What the segments of one program read, while they are compiled."""

    def __init__(self, based_on: BasedOn) -> None:
        self.based_on = based_on
        self.code = based_on.program.program
        self.needs = NeedBook(based_on.program, based_on.units)
        self.compiler = Compiler(based_on.program, ZoneInfo(based_on.program.time_zone), self.needs)

    def version(self) -> Version:
        """Return a version without rules that holds what they read."""
        program, needs = self.based_on.program, self.needs
        metrics = needs.metrics
        return Version(
            program=program,
            program_id=self.based_on.program_id,
            number=0,
            valid_from=0,
            zone=ZoneInfo(program.time_zone),
            wallets=compile_wallets(program, self.based_on.units),
            attributes=self.compiler.attributes,
            metrics=metrics,
            needs=tuple(needs.needs),
            taken=needs.taken,
            limits=(),
            budgets=(),
            triggers={},
            facts=self.compiler.facts,
            choices=tuple(self.compiler.choice(metric) for metric in metrics),
            histories=needs.histories,
            readers=needs.readers(),
            counts_since_joining=any(need.window.since_joining for need in needs.needs),
            segments=self.compiler.segments,
        )
