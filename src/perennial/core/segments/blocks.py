"""The generated functions that judge a customer by all segments that something may have changed.

Segments that read the same form a *block*. A block has one bit, what changed is a set of bits, and one
function passes over all blocks of a version, so that an order pays for what it touches and nothing else:
``judge(at, snapshot, inside, asked, moved)`` judges the blocks in ``asked``, calls ``moved(place)`` for
whoever enters or leaves, which has to be true in ``inside`` afterwards, and returns ``asked`` with the
blocks of the segments that ask about what moved. Those come later: nothing is judged twice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from perennial.core.compiling.triggers import Compiler, compile_function
from perennial.core.conditions.source import Source
from perennial.core.needs import days_within, sum_within, sums_within
from perennial.core.terms.conditions import Condition
from perennial.core.terms.figures import Take, told
from perennial.core.version import Need

Judge: TypeAlias = Callable[..., int]
"""``judge(at, snapshot, inside, asked, moved)``, see above."""


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


def judge_of(
    blocks: Sequence[Block], bits: Mapping[int, int], compiler: Compiler, needs: Sequence[Need]
) -> Judge:
    """Return the function of consecutive blocks of one version; ``bits`` gives the bit of every place.

    ``needs`` are the version's figures of the past.
    """
    constants: dict[str, object] = {
        "h_sum": sum_within,
        "h_sums": sums_within,
        "h_days": days_within,
        "h_told": told,
    }
    body = [
        "history, ranges = snapshot.history, snapshot.ranges",
        "counters = snapshot.member.counters.get",
    ]
    for block in blocks:
        body.append(f"if asked & {block.bit}:")
        body += [f"    {line}" for line in _judged(block, bits, compiler, needs, constants)]
    body.append("return asked")
    return compile_function("judge", "at, snapshot, inside, asked, moved", body, constants)


def _judged(
    block: Block,
    bits: Mapping[int, int],
    compiler: Compiler,
    needs: Sequence[Need],
    constants: dict[str, object],
) -> list[str]:
    """Write what judges the segments of a block; whether it holds is compared with who is inside."""
    source = compiler.source_of_customer(constants)
    lines: list[str] = []
    for part in block.parts:
        code = source.constant(part.code)
        lines.append(f"if (not {source.expression(part.when)}) is ({code} in inside):")
        lines.append(f"    moved({part.place})")
        asking = 0
        for asker in part.askers:
            asking |= bits[asker]
        if asking:
            lines.append(f"    asked |= {asking}")
    places = sorted({place for part in block.parts for place in part.needs})
    return [*_figures(places, needs, source), *source.prelude(), *lines]


def _figures(places: Sequence[int], needs: Sequence[Need], source: Source) -> Iterator[str]:
    """Write what works out the figures; what is counted is gone through once for all that it tells."""
    summed: dict[int, list[int]] = {}
    telling: dict[Hashable, list[int]] = {}
    for place in places:
        need = needs[place]
        if need.take is Take.SUM:
            summed.setdefault(need.metric.number, []).append(place)
        else:
            telling.setdefault((need.metric.number, need.window), []).append(place)
    for number, group in summed.items():
        yield f"if {_unknown(group)}:"
        if len(group) == 1:
            yield f"    history[{group[0]}] = h_sum(counters({number}), ranges[{group[0]}])"
        else:
            found, windows = (", ".join(f"{of}[{place}]" for place in group) for of in ("history", "ranges"))
            yield f"    {found} = h_sums(counters({number}), ({windows}))"
    for group in telling.values():
        yield f"if {_unknown(group)}:"
        yield f"    days = h_days(counters({needs[group[0]].metric.number}), ranges[{group[0]}])"
        for place in group:
            yield f"    history[{place}] = h_told({source.constant(needs[place].take)}, days, snapshot.day)"


def _unknown(places: Sequence[int]) -> str:
    return " or ".join(f"history[{place}] is None" for place in places)
