"""Limits at work: what an award may still give, and what it uses up.

One :class:`Allowances` lives for one decision. Awards pass it in the order of the document, so that
two rules which share a limit see each other's use. An award meets its rule's own limits first, then
the shared ones, then the caps of its wallet; each may cut it further. What a limit counts is what was
given in the end; an award of nothing uses nothing.
"""

from __future__ import annotations

from perennial.core.effects import UseBudget, UseLimit
from perennial.core.limits import AtCap, Use
from perennial.core.snapshot import Snapshot
from perennial.core.version import Bound, CompiledLimit, Version
from perennial.units import Points


class Allowances:
    """The room that the limits of a version leave for the member of ``snapshot``."""

    def __init__(self, version: Version, snapshot: Snapshot) -> None:
        self._version = version
        self._snapshot = snapshot
        self.used: dict[Bound, int] = {}
        """What the decision has used of each limit so far."""

    def grant(self, bounds: tuple[Bound, ...], points: Points) -> tuple[Points, str | None]:
        """Return what ``bounds`` leave of an award of ``points``, and the words of what cut it.

        Where several cut it, the words name the one that cut last, which decided the result.
        """
        granted, cut_by = points, None
        for bound in bounds:
            limit = self._limit(bound)
            room = limit.cap - self._seen(bound) - self.used.get(bound, 0)
            fits = room >= 1 if limit.times else room >= granted
            if fits:
                continue
            left = max(room, 0)
            granted = 0 if limit.times or limit.at_cap is AtCap.REJECT else left
            cut_by = _words(limit, left)
            if not granted:
                return 0, cut_by
        for bound in bounds:
            self.used[bound] = self.used.get(bound, 0) + (1 if self._limit(bound).times else granted)
        return granted, cut_by

    def copy(self) -> Allowances:
        """Return allowances that can be used otherwise from here on."""
        other = Allowances(self._version, self._snapshot)
        other.used = dict(self.used)
        return other

    def use(self, bounds: tuple[Bound, ...], use: Use) -> str | None:
        """Use up what ``use`` counts of every bound, or nothing; return the words of one without room."""
        for bound in bounds:
            limit = self._limit(bound)
            if limit.cap - self._seen(bound) - self.used.get(bound, 0) < _counted(limit, use):
                return _words(limit, max(limit.cap - self._seen(bound) - self.used.get(bound, 0), 0))
        for bound in bounds:
            self.used[bound] = self.used.get(bound, 0) + _counted(self._limit(bound), use)
        return None

    def effects(
        self, periods: tuple[int, ...], budget_periods: tuple[int, ...]
    ) -> list[UseLimit | UseBudget]:
        """Return what the decision used of each limit and budget; periods as in the version's lists."""
        effects: list[UseLimit | UseBudget] = []
        for bound, amount in self.used.items():
            limit = self._limit(bound)
            if bound.total:
                effects.append(UseBudget(limit.number, budget_periods[bound.index], amount, limit.cap))
            else:
                effects.append(UseLimit(limit.number, periods[bound.index], amount, limit.cap))
        return effects

    def _limit(self, bound: Bound) -> CompiledLimit:
        return (self._version.budgets if bound.total else self._version.limits)[bound.index]

    def _seen(self, bound: Bound) -> int:
        return (self._snapshot.spent if bound.total else self._snapshot.used)[bound.index]


def _counted(limit: CompiledLimit, use: Use) -> int:
    return use.times if limit.times else use.points


def _words(limit: CompiledLimit, left: int) -> str:
    """Say which limit cut an award, and what room it had left."""
    if limit.times or not left:
        return f"{limit.name}: used up"
    if limit.at_cap is AtCap.REJECT:
        return f"{limit.name}: {left} left, whole awards only"
    return f"{limit.name}: {left} left"
