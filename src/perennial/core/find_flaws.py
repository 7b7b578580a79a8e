"""The finder: every kind of flaw is searched for in a program, each within its own bound.

The same program, instant and assumptions always give the same answer: nothing is drawn, and the bound is
counted in steps that are played, not in time.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from perennial.core.finder import KINDS
from perennial.core.flaw import Assumptions, Flaw
from perennial.core.play import Played, TooMuchPlayedError
from perennial.core.program import Program
from perennial.core.search import MAX_STEPS, Search
from perennial.units import Instant


class Found(msgspec.Struct, frozen=True):
    """At most one flaw of each kind. ``unfinished`` are the kinds whose bound was met."""

    flaws: tuple[Flaw, ...]
    unfinished: tuple[str, ...] = ()


def find_flaws(
    program: Program,
    at: Instant,
    assumptions: Assumptions | None = None,
    kinds: Iterable[str] | None = None,
) -> Found:
    """Search a valid program for flaws as of ``at``; ``kinds`` are all of them if not said.

    Raises ``KeyError`` for a kind that is none.
    """
    search = Search(program, at, assumptions or Assumptions())
    flaws, unfinished = [], []
    for name in KINDS if kinds is None else kinds:
        search.played = Played(MAX_STEPS)
        try:
            found = KINDS[name]().find(search)
        except TooMuchPlayedError:
            unfinished.append(name)
            continue
        if found is not None:
            flaws.append(found)
    return Found(tuple(flaws), tuple(unfinished))
