"""The generated functions that judge a customer by all segments that something may have changed.

Segments that read the same form a *block*. A block has one bit, what changed is a set of bits, and one
function passes over all blocks of a version, so that an order pays for what it touches and nothing else:
``judge(at, snapshot, here, asked, moved)`` judges the blocks in ``asked``, calls ``moved(wrong)`` with the
segments which somebody enters or leaves, and returns ``asked`` with the blocks of the segments that ask about
what moved, which ``moved`` returns. Those come later: nothing is judged twice. A segment has the bit of its
place in ``here``, where somebody is, and in ``wrong``. Most segments of a block are looked up together, see
``core/segments/tables.py``; the others are tested one by one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from perennial.core.compiling.triggers import Compiler, compile_function
from perennial.core.conditions.source import Source
from perennial.core.dates.periods import Period
from perennial.core.needs import days_within, sum_within, summed_up
from perennial.core.segments.tables import Tables
from perennial.core.terms.conditions import Condition, HistoryWindow
from perennial.core.terms.figures import Take, told
from perennial.core.today import granularity
from perennial.core.version import Need

Judge: TypeAlias = Callable[..., int]
"""``judge(at, snapshot, here, asked, moved)``, see above."""


class Part(msgspec.Struct, frozen=True):
    """A live segment that is to be judged: its place among all, and what it reads.

    ``needs`` are the figures of the past, by their places in the version number ``version`` of the set;
    ``keys`` what it is found under, ``askers`` the places of the segments that ask about it.
    """

    place: int
    code: str
    when: Condition
    version: int
    needs: tuple[int, ...]
    keys: frozenset[Hashable]
    askers: tuple[int, ...]


class Block(msgspec.Struct, frozen=True):
    """Segments of one version that read the same, under one ``bit``."""

    bit: int
    version: int
    parts: tuple[Part, ...]


def blocks_of(parts: Sequence[Part]) -> list[Block]:
    """Put segments together, each block behind those that it asks about.

    ``parts`` stand in the order of their places, each after those that it asks about. Only segments that
    ask about no other share a block.
    """
    depths = [0] * len(parts)
    for part in parts:
        for asker in part.askers:
            depths[asker] = max(depths[asker], depths[part.place] + 1)
    groups: dict[tuple[int, int, Hashable], list[Part]] = {}
    for part in parts:
        depth = depths[part.place]
        groups.setdefault((depth, part.version, part.place if depth else part.keys), []).append(part)
    ordered = sorted(groups.items(), key=lambda group: (group[0][0], group[0][1], group[1][0].place))
    return [
        Block(1 << number, version, tuple(group)) for number, ((_, version, _), group) in enumerate(ordered)
    ]


def judge_of(blocks: Sequence[Block], compiler: Compiler, needs: Sequence[Need]) -> Judge:
    """Return the function of consecutive blocks of one version; ``needs`` are its figures of the past."""
    constants: dict[str, object] = {
        "h_bisect": bisect_right,
        "h_before": bisect_left,
        "h_sorted": summed_up,
        "h_sum": sum_within,
        "h_days": days_within,
        "h_told": told,
    }
    body = [
        "history, ranges, day = snapshot.history, snapshot.ranges, snapshot.day",
        "counters, figured = snapshot.member.counters.get, 0",
    ]
    read = sorted({place for block in blocks for part in block.parts for place in part.needs})
    figures = _figures_of(read, needs, compiler.source_of_customer(constants))
    for block in blocks:
        body.append(f"if asked & {block.bit}:")
        source = compiler.source_of_customer(constants)
        body += [f"    {line}" for line in _judged(block, source, needs, figures)]
    body.append("return asked")
    return compile_function("judge", "at, snapshot, here, asked, moved", body, constants)


def _judged(
    block: Block, source: Source, needs: Sequence[Need], figures: Mapping[int, list[str]]
) -> Iterator[str]:
    """Write what judges the segments of a block; who they hold for is compared with where they are."""
    tables = Tables(source)
    tested = [part for part in block.parts if not tables.take(1 << part.place, part.when)]
    lines = [f"right = {tables.expression() or 0}"]
    for part in tested:
        lines += [f"if {source.expression(part.when)}:", f"    right |= {1 << part.place}"]
    for number in sorted({needs[place].metric.number for part in block.parts for place in part.needs}):
        yield from figures[number]
    yield from source.prelude()
    yield from lines
    yield f"wrong = (right ^ here) & {sum(1 << part.place for part in block.parts)}"
    yield "if wrong:"
    yield "    asked |= moved(wrong)"


def _figures_of(places: Sequence[int], needs: Sequence[Need], source: Source) -> dict[int, list[str]]:
    """Return what works out the figures of each metric, by its number: it is gone through once for all."""
    by_metric: dict[int, list[int]] = {}
    for place in places:
        by_metric.setdefault(needs[place].metric.number, []).append(place)
    return {
        number: [
            f"if not figured & {1 << bit}:",
            f"    figured |= {1 << bit}",
            *(f"    {line}" for line in _figures(number, group, needs, source)),
        ]
        for bit, (number, group) in enumerate(by_metric.items())
    }


def _figures(number: int, places: Sequence[int], needs: Sequence[Need], source: Source) -> Iterator[str]:
    """Write what works out the figures of one metric, those of the last days from what all days come to."""
    lasting = [
        place for place in places if needs[place].take is Take.SUM and needs[place].window.last is not None
    ]
    telling: dict[HistoryWindow, list[int]] = {}
    for place in places:
        if needs[place].take is not Take.SUM:
            telling.setdefault(needs[place].window, []).append(place)
    in_order = bool(lasting or telling)
    if in_order:
        yield f"periods, sums = h_sorted(counters({number}))"
    for place in places:
        if needs[place].take is not Take.SUM or place in lasting:
            continue
        if in_order and _is_whole(needs[place]):
            yield f"history[{place}] = sums[-1]"
        else:
            yield f"history[{place}] = h_sum(counters({number}), ranges[{place}])"
    if lasting:
        yield "until = sums[h_bisect(periods, day)]"
    for place in lasting:
        yield f"history[{place}] = until - sums[h_before(periods, ranges[{place}][0])]"
    for same in telling.values():
        yield f"days = h_days(counters({number}), periods, ranges[{same[0]}])"
        for place in same:
            yield f"history[{place}] = h_told({source.constant(needs[place].take)}, days, day)"


def _is_whole(need: Need) -> bool:
    """Whether everything is summed up that is counted by some period."""
    return need.metric.period is not Period.EVER and granularity(need.window) is Period.EVER
