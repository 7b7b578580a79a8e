"""Streaks: which periods in a row reached their goal. Pure arithmetic on period numbers."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from perennial.core.document.challenge import Streak


class Run(msgspec.Struct, frozen=True):
    """A row of periods: ``length`` of them were reached, the last is ``last``; ``freezes`` are left.

    ``completed_in`` is the period that made the streak complete, in this run or an earlier one.
    """

    length: int
    last: int
    freezes: int
    completed_in: int | None = None

    def breaks_with(self, streak: Streak) -> int:
        """Return the first period with whose beginning the streak is over, if nothing happens before."""
        return self.last + streak.grace + self.freezes + 2


def run_of(streak: Streak, periods: Iterable[int]) -> Run | None:
    """Return the last run of ``periods``, those that reached their goal, ascending; None without any."""
    run: Run | None = None
    completed_in: int | None = None
    for period in periods:
        run = _next(streak, run, period)
        if completed_in is None and run.length >= streak.length:
            completed_in = period
    return None if run is None else msgspec.structs.replace(run, completed_in=completed_in)


def _next(streak: Streak, run: Run | None, period: int) -> Run:
    if run is not None:
        beyond = max(period - run.last - 1 - streak.grace, 0)
        if beyond <= run.freezes:
            return Run(run.length + 1, period, run.freezes - beyond)
    return Run(1, period, streak.freezes)


def kept_marks(streak: Streak, target: int, marks: dict[int, int]) -> tuple[tuple[int, int], ...]:
    """Return the marks that can still be part of a streak, ascending; older ones are dropped.

    They are cut where a run begins: what is left of a run would be another one, with all of its freezes.
    """
    if not marks:
        return ()
    reach = streak.length * (streak.grace + 1) + streak.freezes
    first = max(marks) - 2 * reach
    start, run = first, None
    for period in sorted(period for period, amount in marks.items() if amount >= target and period <= first):
        run = _next(streak, run, period)
        if run.length == 1:
            start = period
    return tuple(sorted((period, amount) for period, amount in marks.items() if period >= start and amount))
