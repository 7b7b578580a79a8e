"""The segments of a workspace, compiled once: what every judgment of a customer shares.

The live segments of one program are compiled as a :class:`~perennial.core.version.Version` without rules:
it has the program's zone, wallets and tiers, and the figures of the past that the segments ask about.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import groupby
from operator import or_
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.compiling.compile import compile_wallets
from perennial.core.compiling.needs import NeedBook
from perennial.core.compiling.referrals import referral_limits
from perennial.core.compiling.triggers import Compiler
from perennial.core.document.program import Program
from perennial.core.facts import REFERRAL_COUNT, SEGMENTS, TELLS_TIME, Fact, FactSource
from perennial.core.segments.blocks import Block, Judge, Part, blocks_of, judge_of
from perennial.core.segments.segment import Segment, in_order, segments_asked
from perennial.core.segments.times import Looker, looker
from perennial.core.terms.conditions import All, AnyOf, Compare, Condition, History, Not
from perennial.core.version import Version


class BasedOn(msgspec.Struct, frozen=True):
    """The program whose zone, currency, wallets and tiers conditions read, and the units of its wallets.

    ``counted`` are the metrics that the program itself counts, by their numbers.
    """

    program: Program
    program_id: int
    units: dict[str, int]
    counted: frozenset[int] = frozenset()


def based_on(version: Version) -> BasedOn:
    """Return a version of a program as segments read it."""
    units = {wallet.spec.id: wallet.unit for wallet in version.wallets}
    counted = frozenset(metric.number for metric in version.metrics)
    return BasedOn(version.program, version.program_id, units, counted)


class Kept(msgspec.Struct, frozen=True):
    """A segment as the workspace keeps it.

    ``filled`` says that everybody was judged by its present version: only then does moving in or out of
    it become an event, because who was inside before does not enter.
    """

    segment: Segment
    segment_id: int
    version: int
    filled: bool


class LiveSegment(msgspec.Struct, frozen=True):
    """A live segment, compiled.

    ``block`` is the bit of the block that it is judged with, see ``core/segments/blocks.py``, ``askers`` are
    the places of the segments that ask about this one, and ``asking`` the bits of their blocks. ``look``
    tells when time alone may change who is in it (``None``: never), which is ``to_the_second`` or at
    midnight.
    """

    code: str
    when: Condition
    version: Version
    block: int
    askers: tuple[int, ...]
    asking: int
    look: Looker | None
    to_the_second: bool

    @property
    def fleeting(self) -> bool:
        """Whether time alone may change who is in it."""
        return self.look is not None


class Run(msgspec.Struct, frozen=True):
    """Blocks of one version that are judged in one go: the bits of ``blocks``, and of the ``fleeting`` ones.

    Time alone may change who is in a segment of a fleeting block.
    """

    version: Version
    judge: Judge
    blocks: int
    fleeting: int


class _Bits(dict[str, int]):
    """The bit of each live segment by its id; every other one has none."""

    def __missing__(self, code: str) -> int:
        return 0


class SegmentSet(msgspec.Struct, frozen=True):
    """All segments of a workspace by their ids; ``names`` gives these by their numbers, ``bits`` their bits.

    ``live`` holds the live ones, each after those that it asks about; ``runs`` judge them, in this order;
    ``precise`` are those that time changes to the second. ``readers`` gives the bits of the blocks that
    read something: a metric or a limit by its number, or what :func:`unit_key` and :func:`membership_key`
    return. ``versions`` are what they all read; ``wallets`` says that some read wallets, ``lots`` that some
    read when points expire.
    """

    kept: dict[str, Kept]
    names: dict[int, str]
    bits: _Bits
    live: tuple[LiveSegment, ...]
    runs: tuple[Run, ...]
    precise: tuple[LiveSegment, ...]
    readers: dict[Hashable, int]
    versions: tuple[Version, ...]
    wallets: bool
    lots: bool

    def live_one(self, code: str) -> LiveSegment:
        """Return the live segment ``code``."""
        return next(segment for segment in self.live if segment.code == code)


def unit_key(unit: int) -> Hashable:
    """Return under what the segments are found that read a wallet."""
    return "unit", unit


def membership_key(program_id: int) -> Hashable:
    """Return under what the segments are found that read a membership or its tier."""
    return "membership", program_id


def compile_segments(kept: Iterable[Kept], programs: Sequence[BasedOn]) -> SegmentSet:
    """Compile valid segments; ``programs`` are those of the workspace in their order.

    A segment whose program is gone, or no longer has what it asks about, is left as it is: nobody moves.
    """
    by_code = {each.segment.segment: each for each in kept}
    books: dict[str, _Book] = {}
    found: list[tuple[_Book, str, Condition]] = []
    for segment in in_order(each.segment for each in by_code.values()):
        if segment.when is None:
            continue
        try:
            based_on = base_of(segment, programs)
            book = books.setdefault(based_on.program.program, _Book(based_on))
            book.compiler.source_of_customer().expression(segment.when)
        except (KeyError, ValueError):
            continue
        found.append((book, segment.segment, segment.when))
    versions = [book.version() for book in books.values()]
    reads, parts = _parts(found, list(books.values()), versions)
    blocks = blocks_of(parts)
    bits = {part.place: block.bit for block in blocks for part in block.parts}
    live = [
        LiveSegment(
            code=part.code,
            when=part.when,
            version=versions[part.version],
            block=bits[part.place],
            askers=part.askers,
            asking=reduce(or_, [bits[asker] for asker in part.askers], 0),
            look=looker(part.when, versions[part.version]) if read.fleeting else None,
            to_the_second=read.outside,
        )
        for part, read in zip(parts, reads, strict=True)
    ]
    readers: dict[Hashable, int] = {}
    for part in parts:
        for key in part.keys:
            readers[key] = readers.get(key, 0) | bits[part.place]
    return SegmentSet(
        kept=by_code,
        names={each.segment_id: code for code, each in by_code.items()},
        bits=_Bits({segment.code: 1 << place for place, segment in enumerate(live)}),
        live=tuple(live),
        runs=tuple(_runs(blocks, live, list(books.values()))),
        precise=tuple(segment for segment in live if segment.to_the_second),
        readers=readers,
        versions=tuple(versions),
        wallets=any(isinstance(key, tuple) and key[0] == "unit" for key in readers),
        lots=any(version.lot_facts for version in versions),
    )


def _parts(
    found: Sequence[tuple[_Book, str, Condition]], books: Sequence[_Book], versions: Sequence[Version]
) -> tuple[list[_Read], list[Part]]:
    """Return what each live segment reads, and the segment as it is judged."""
    askers: dict[str, list[int]] = {}
    for place, (_, _, when) in enumerate(found):
        for asked in segments_asked(when):
            askers.setdefault(asked, []).append(place)
    reads: list[_Read] = []
    parts: list[Part] = []
    for place, (book, code, when) in enumerate(found):
        version = books.index(book)
        read = _Read(versions[version])
        read.condition(when)
        reads.append(read)
        needs, keys = tuple(sorted(read.needs)), frozenset(read.keys)
        parts.append(Part(place, code, when, version, needs, keys, tuple(askers.get(code, ()))))
    return reads, parts


def _runs(blocks: Sequence[Block], live: Sequence[LiveSegment], books: Sequence[_Book]) -> Iterator[Run]:
    """Yield the functions that judge, in the order of the blocks."""
    for number, group in groupby(blocks, key=lambda block: block.version):
        run = list(group)
        places = [part.place for block in run for part in block.parts]
        fleeting = [live[place].block for place in places if live[place].fleeting]
        version = live[places[0]].version
        yield Run(
            version=version,
            judge=judge_of(run, books[number].compiler, version.needs),
            blocks=sum(block.bit for block in run),
            fleeting=reduce(or_, fleeting, 0),
        )


def base_of(segment: Segment, programs: Sequence[BasedOn]) -> BasedOn:
    """Return the program that a segment reads; raise ``KeyError`` if it is not there."""
    for based_on in programs:
        if segment.program in (None, based_on.program.program):
            return based_on
    raise KeyError(segment.program)


class _Read:
    """What one condition of a version reads: where, and under which keys it changes."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self.needs: set[int] = set()
        self.keys: dict[Hashable, None] = {}
        self.fleeting = False
        self.outside = False

    def condition(self, node: Condition) -> None:
        match node:
            case All(of) | AnyOf(of):
                for part in of:
                    self.condition(part)
            case Not(of):
                self.condition(of)
            case History():
                self._need(self._version.histories[node])
            case Compare():
                self._fact(self._version.facts.facts[node.fact])

    def _need(self, place: int) -> None:
        need = self._version.needs[place]
        self.needs.add(place)
        self.keys[need.metric.number] = None
        window = need.window
        if window.since_joining:
            self.keys[membership_key(self._version.program_id)] = None
        if not window.ever:
            self.fleeting = True

    def _fact(self, fact: Fact) -> None:
        if fact.computed is not None:
            for figure in fact.computed.figures:
                self._need(self._version.histories[figure])
            return
        if fact.wallet is not None:
            index = [wallet.spec.id for wallet in self._version.wallets].index(fact.wallet)
            self.keys[unit_key(self._version.wallets[index].unit)] = None
            self.fleeting |= fact.source is FactSource.LOTS
        elif fact.name == REFERRAL_COUNT:
            self.keys[self._version.limits[-1].number] = None
        elif fact.source is FactSource.NOW or fact.outside:
            self.fleeting = True
            self.outside |= fact.outside
        elif fact.attribute is None and fact.name != SEGMENTS:
            self.keys[membership_key(self._version.program_id)] = None
            self.fleeting |= fact.name.rpartition(".")[2] in TELLS_TIME
        elif fact.attribute is not None:
            self.fleeting |= fact.name.rpartition(".")[2] in TELLS_TIME


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
        needs.keep_once(self.based_on.counted)
        metrics = needs.metrics
        counted = referral_limits(program, self.based_on.program_id)
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
            limits=counted,
            budgets=(),
            triggers={},
            facts=self.compiler.facts,
            choices=tuple(self.compiler.choice(metric) for metric in metrics),
            histories=needs.histories,
            readers=needs.readers(),
            counts_since_joining=any(need.window.since_joining for need in needs.needs),
            segments=self.compiler.segments,
            referral_limit=-1 if counted else None,
            lot_facts=tuple(self.compiler.lot_facts),
        )
