"""The finder: every kind of flaw is searched for in a program, each within its own bound.

The same program, instant and assumptions always give the same answer: nothing is drawn, and the bound is
counted in steps that are played, not in time. Only ``stop`` may end a search sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from perennial.core.document.program import Program
from perennial.core.finder import KINDS
from perennial.core.flaws.flaw import Assumptions, Flaw
from perennial.core.flaws.play import Played, TooMuchPlayedError
from perennial.core.flaws.search import MAX_STEPS, Search, month_spend
from perennial.core.rehearsal.gives_back import GivesBack, gives_back
from perennial.units import Instant


class Found(msgspec.Struct, frozen=True):
    """At most one flaw of each kind, and what points give back by wallet.

    ``unfinished`` are the kinds that were not searched to the end.
    """

    flaws: tuple[Flaw, ...]
    unfinished: tuple[str, ...] = ()
    gives_back: tuple[GivesBack, ...] = ()


class Searched(msgspec.Struct, frozen=True):
    """What came of the search for one kind of flaw; ``finished`` says that it was searched to the end."""

    kind: str
    flaw: Flaw | None
    finished: bool = True


def find_flaws(
    program: Program,
    at: Instant,
    assumptions: Assumptions | None = None,
    kinds: Iterable[str] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Found:
    """Search a valid program for flaws as of ``at``; ``kinds`` are all of them if not said.

    ``stop`` is asked before every step that is played; once it says so nothing more is searched. Raises
    ``KeyError`` for a kind that is none.
    """
    searched = list(search_flaws(program, at, assumptions, kinds, stop))
    return Found(
        tuple(each.flaw for each in searched if each.flaw is not None),
        tuple(each.kind for each in searched if not each.finished),
        what_comes_back(program, at, assumptions),
    )


def search_flaws(
    program: Program,
    at: Instant,
    assumptions: Assumptions | None = None,
    kinds: Iterable[str] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Iterator[Searched]:
    """Search as :func:`find_flaws` does, and yield each kind as soon as it is done."""
    search = Search(msgspec.structs.replace(program, cases=()), at, assumptions or Assumptions())
    for name in KINDS if kinds is None else kinds:
        search.played = Played(MAX_STEPS, stop)
        try:
            found = KINDS[name]().find(search)
        except TooMuchPlayedError:
            yield Searched(name, None, finished=False)
            continue
        yield Searched(name, found)


def what_comes_back(
    program: Program, at: Instant, assumptions: Assumptions | None = None
) -> tuple[GivesBack, ...]:
    """Return what the points of a valid program give back of an order of a good customer."""
    assumptions = assumptions or Assumptions()
    return gives_back(program, at, month_spend(program, assumptions) // assumptions.month_orders)


def kinds_of_flaws(program: Program, at: Instant, kinds: Iterable[str]) -> set[str]:
    """Return which of these kinds of flaw a valid program has; for cases that expect some."""
    return {flaw.kind for flaw in find_flaws(program, at, kinds=kinds).flaws}
