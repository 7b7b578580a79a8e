"""The units of one line, each with its price.

Equal units are kept together, so that a million of them take no more time than one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeAlias

import msgspec

from perennial.units import Minor


class Run(msgspec.Struct, frozen=True, gc=False):
    """``count`` units of a line, each of which costs ``left`` now.

    ``base`` is what each counts for the reward at work, whatever it has taken off already.
    """

    base: Minor
    left: Minor
    count: int


Runs: TypeAlias = tuple[Run, ...]
"""All units of a line in their order."""


def split(base: Minor, left: Minor, quantity: int) -> Runs:
    """Return the units of a line that costs ``left``, each as much as the others or one minor unit more.

    A line without a quantity, or one that costs less than nothing, has no units.
    """
    if quantity <= 0 or left < 0:
        return ()
    base_each, base_more = divmod(max(base, 0), quantity)
    left_each, left_more = divmod(left, quantity)
    return tuple(
        Run(base_each + (start < base_more), left_each + (start < left_more), end - start)
        for start, end in pairwise(sorted({0, base_more, left_more, quantity}))
    )


def rebased(runs: Runs, initial: Minor | None) -> Runs:
    """Return the units for the next reward, which looks at what they cost now, or did initially.

    ``initial`` is what the whole line cost then, or None if that is not what counts.
    """
    if initial is None:
        if all(run.base == run.left for run in runs):
            return runs
        return _joined([Run(run.left, run.left, run.count) for run in runs])
    if not runs:
        return runs
    each, more = divmod(max(initial, 0), sum(run.count for run in runs))
    found, place = [], 0
    for run in runs:
        dear = min(max(more - place, 0), run.count)
        found += [Run(each + 1, run.left, dear), Run(each, run.left, run.count - dear)]
        place += run.count
    return _joined(found)


def take_off(
    runs: Runs, base: Minor, offs: Iterable[tuple[int, Minor]], floor: Minor, room: Minor
) -> tuple[Runs, Minor]:
    """Take amounts off the first units whose base is ``base``; return the units and how much that was.

    ``offs`` says off how many units how much each. No unit is brought below ``floor``, and no more than
    ``room`` is taken in all.
    """
    found: list[Run] = []
    rest = list(runs)
    taken = 0
    for count, each in offs:
        wanted = count
        while wanted > 0 and rest:
            run = rest.pop(0)
            if run.base != base:
                found.append(run)
                continue
            chosen = min(run.count, wanted)
            wanted -= chosen
            off = max(min(each, run.left - floor), 0)
            whole = chosen if off == 0 else min(chosen, (room - taken) // off)
            part = room - taken - whole * off if whole < chosen else 0
            taken += whole * off + part
            found.append(Run(base, run.left - off, whole))
            if whole < chosen:
                found += [Run(base, run.left - part, 1), Run(base, run.left, chosen - whole - 1)]
            if run.count > chosen:
                rest.insert(0, Run(base, run.left, run.count - chosen))
    return _joined(found + rest), taken


def take_evenly(runs: Runs, amount: Minor, floor: Minor) -> Runs:
    """Take ``amount`` off all units together, in proportion to what they cost above ``floor``.

    The amount must not be more than that. Largest remainder, ties to the earlier unit.
    """
    weights = [max(run.left - floor, 0) for run in runs]
    whole = sum(weight * run.count for weight, run in zip(weights, runs, strict=True))
    shares = [divmod(amount * weight, whole) for weight in weights]
    missing = amount - sum(share * run.count for (share, _), run in zip(shares, runs, strict=True))
    more = [0] * len(runs)
    for place in sorted(range(len(runs)), key=lambda place: shares[place][1], reverse=True):
        more[place] = min(missing, runs[place].count)
        missing -= more[place]
    found: list[Run] = []
    for run, (share, _), count in zip(runs, shares, more, strict=True):
        found.append(Run(run.base, run.left - share - 1, count))
        found.append(Run(run.base, run.left - share, run.count - count))
    return _joined(found)


def remove(runs: Runs, base: Minor, count: int) -> Runs:
    """Return the units without the first ``count`` of those whose base is ``base``."""
    found = []
    for run in runs:
        gone = min(run.count, count) if run.base == base else 0
        count -= gone
        found.append(Run(run.base, run.left, run.count - gone))
    return _joined(found)


def _joined(runs: Sequence[Run]) -> Runs:
    """Return the units with equal neighbors in one run."""
    found: list[Run] = []
    for run in runs:
        if run.count == 0:
            continue
        if found and (found[-1].base, found[-1].left) == (run.base, run.left):
            found[-1] = Run(run.base, run.left, found[-1].count + run.count)
        else:
            found.append(run)
    return tuple(found)
