"""The choice and order of rewards that saves most on a cart, or least, among all that are allowed.

The space: every choice of candidates in every order, whatever their levels, in which each one is usable
when its turn comes, takes something off (or is used up without effect, where that is allowed), has room
in its limits, and is not kept out by those before it (``core/pricing/combining.py``). A choice that leaves
out a joint reward which could still be applied is not allowed. For the customer's sake the choice that
takes most off wins; for the margin's, of all choices to which nothing can be added, the one that takes
least off. Of equal ones the one with fewer rewards wins, then the one whose rewards come first in the
hierarchy. Gifts that are worth nothing come on top of what the customer has chosen so.

The search grows choices reward by reward. Those of which the same can come are one, a choice is left
when another one with the same rewards is surely no worse, and when it cannot beat the best so far
(``core/pricing/choice.py``).

Up to :data:`EXACT` candidates the result is the true optimum, unless that takes looking at more than
:data:`MOST_CHOICES`: a quote must not hold up all others. Then, and of more candidates, the most promising
are searched with few branches, and the result says that it is approximate unless it meets the bound.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import Enum

from perennial.core.document.stacking import Combines
from perennial.core.pricing.choice import Choice, Choices
from perennial.core.pricing.combining import category_of, kept_out, skipped
from perennial.core.pricing.price import Attempt, Bill, Candidate, apply, is_usable, why_not_usable
from perennial.core.pricing.redeemables import Reason, Standing, Status
from perennial.units import Minor

EXACT = 8
"""Up to so many candidates that can be applied at all, the best choice is found for certain."""

MOST_CHOICES = 8_000
"""So many choices are looked at for the best one; eight rewards that all change each other have 109,601."""

WIDTH = 6
"""So many branches are followed at once where the search is approximate."""

PROMISING = 24
"""So many candidates are looked at where the search is approximate, those that may take most off."""


class Aim(Enum):
    """What the best choice is: the one that takes most off, or least."""

    MOST_OFF = 1
    LEAST_OFF = -1


def best_choice(
    start: Attempt,
    candidates: Sequence[Candidate],
    bill: Bill,
    aim: Aim,
    needed: frozenset[int] = frozenset(),
) -> Attempt | None:
    """Return the best choice of ``candidates``, which come in the order of the hierarchy.

    Only choices with all of the candidates at the ``needed`` places are looked at; None if there is
    none. Every candidate has its standing then.
    """
    possible = [one for one in candidates if _may_apply(start, one, bill)]
    if not needed <= {one.place for one in possible}:
        return None
    search = _Search(Choices(start.copy(), possible, bill), aim, needed)
    best, found = None, False
    if len(possible) <= EXACT:
        best, found = search.exact()
    if not found:
        best = search.approximate()
    if best is None:
        return None
    result = start.copy()
    for one in best.attempt.applied:
        apply(result, one, bill)
    result.approximate = best.attempt.approximate
    if aim is Aim.MOST_OFF:
        result = _with_gifts(result, possible, bill)
    chosen = {one.place for one in result.applied}
    for one in candidates:
        if one.place not in chosen:
            result.standings[one.place] = _why_left_out(one, start, result, bill, aim)
    return result


def _with_gifts(choice: Attempt, possible: Sequence[Candidate], bill: Bill) -> Attempt:
    """Return the choice with whatever else can be applied and adds something to the cart.

    A gift that is worth nothing takes nothing off, and the customer would miss it all the same.
    """
    for one in possible:
        if one in choice.applied or kept_out(one, choice.applied, bill.stacking) is not None:
            continue
        trial = choice.copy()
        apply(trial, one, bill)
        if len(trial.cart.added) > len(choice.cart.added):
            choice = trial
    return choice


def _may_apply(start: Attempt, candidate: Candidate, bill: Bill) -> bool:
    """Whether a candidate can be applied now, or may become so once others took something off."""
    if candidate.level is None:
        return False
    return candidate.compiled.recovers or is_usable(start.cart, candidate, bill)


class _Search:
    """Looks for the best of some choices."""

    def __init__(self, choices: Choices, aim: Aim, needed: frozenset[int]) -> None:
        self._choices = choices
        self._candidates = choices.candidates
        self._aim = aim
        self._needed = sum(1 << i for i, one in enumerate(choices.candidates) if one.place in needed)
        self._best: Choice | None = None
        self._contests = any(one.compiled.category.best_of for one in choices.candidates)

    def exact(self) -> tuple[Choice | None, bool]:
        """Return the true optimum: look at all choices of one reward, then of two, and so on.

        Where that are too many, the best that was found; the second value tells that it is the optimum.
        """
        self._begin()
        choices, looked_at = self._choices, 0
        layer: dict[Hashable, tuple[Choice, Sequence[Minor]]] = {None: (choices.none, choices.most)}
        while layer:
            following: dict[Hashable, tuple[Choice, Sequence[Minor]]] = {}
            for choice, most in layer.values():
                looked_at += 1
                if looked_at > MOST_CHOICES:
                    return self._best, False
                steps = choices.next(choice)
                self._note(choice, steps)
                bounds = choices.bounds(choice, steps, most)
                if self._is_worth_it(choice, bounds):
                    for _, grown in self._open(steps):
                        self._keep(following, grown, bounds)
            layer = following
        return self._best, True

    def _begin(self) -> None:
        """Begin with choices that are good enough to leave many others at once."""
        everything = range(len(self._candidates))
        if self._aim is Aim.MOST_OFF:
            for choice in (self._filled(self._choices.none, everything), self._greedy()):
                self._note(choice, self._choices.next(choice))
        elif not self._contests:
            choice = self._filled(self._choices.none, self._cheapest_first())
            self._note(choice, self._choices.next(choice))

    def _keep(
        self,
        layer: dict[Hashable, tuple[Choice, Sequence[Minor]]],
        choice: Choice,
        bounds: Sequence[Minor],
    ) -> None:
        """Keep a choice, unless one is there that is surely no worse."""
        family = None
        if self._aim is Aim.MOST_OFF or not self._contests:
            family = self._choices.family(choice)
        key = self._choices.state(choice) if family is None else family
        known = layer.get(key)
        sign = self._aim.value
        if known is None or sign * choice.taken > sign * known[0].taken:
            layer[key] = choice, bounds

    def approximate(self) -> Choice | None:
        """Return a good choice, no worse than what was found before."""
        choices = self._choices
        everything = range(len(self._candidates))
        found = [self._filled(choices.none, everything)]
        if self._aim is Aim.MOST_OFF:
            found += [self._filled(choice, everything) for choice in self._promising()]
        else:
            found.append(self._filled(choices.none, self._cheapest_first()))
        for choice in found:
            self._note(choice, choices.next(choice))
        if self._best is not None:
            bound = choices.at_most(choices.none, choices.most)
            exact = self._aim is Aim.MOST_OFF and self._best.taken == bound
            self._best.attempt.approximate = not exact
        return self._best

    # Which choice is better

    def _note(self, choice: Choice, steps: Sequence[tuple[int, Choice]]) -> None:
        """Remember a choice if it is allowed, and the best so far; ``steps`` is what could be added."""
        if self._needed & ~choice.chosen:
            return
        if self._aim is Aim.LEAST_OFF:
            allowed = not steps
        else:
            allowed = all(self._candidates[i].combines is not Combines.JOINT for i, _ in steps)
        if allowed and (self._best is None or self._rank(choice) < self._rank(self._best)):
            self._best = choice

    def _rank(self, choice: Choice) -> tuple[Minor, int, list[int]]:
        """Return what is smaller for the better choice."""
        return -self._aim.value * choice.taken, choice.count, self._members(choice)

    def _members(self, choice: Choice) -> list[int]:
        return [index for index in range(len(self._candidates)) if choice.chosen >> index & 1]

    def _is_worth_it(self, choice: Choice, most: Sequence[Minor]) -> bool:
        """Whether a choice, or what it may become, can be better than the best so far."""
        best = self._best
        if best is None:
            return True
        if self._aim is Aim.LEAST_OFF:
            return choice.taken <= best.taken
        at_most = self._choices.at_most(choice, most)
        if at_most != best.taken:
            return at_most > best.taken
        more = self._choices.fewest(choice, most, best.taken)
        if choice.count + more != best.count:
            return choice.count + more < best.count
        others = [i for i in range(len(self._candidates)) if not choice.chosen >> i & 1]
        return sorted(self._members(choice) + others[:more]) < self._members(best)

    def _open(self, steps: list[tuple[int, Choice]]) -> list[tuple[int, Choice]]:
        """Return what may be added: of a ``best_of`` category what takes most off.

        For the customer's sake the choice may be another, if that is better for the whole order.
        """
        if self._aim is Aim.MOST_OFF or not self._contests:
            return steps
        most: dict[tuple[int, str], Minor] = {}
        for index, grown in steps:
            category = category_of(self._candidates[index])
            most[category] = max(grown.taken, most.get(category, grown.taken))
        return [
            (index, grown)
            for index, grown in steps
            if not self._candidates[index].compiled.category.best_of
            or grown.taken == most[category_of(self._candidates[index])]
        ]

    # Good choices

    def _greedy(self) -> Choice:
        """Return what comes of always adding what takes most off."""
        choice = self._choices.none
        while steps := self._choices.next(choice):
            choice = max(steps, key=lambda step: step[1].taken)[1]
        return choice

    def _filled(self, choice: Choice, order: Sequence[int]) -> Choice:
        """Return what comes of a choice by adding, in this order, whatever can be added."""
        count = -1
        while choice.count != count:
            count = choice.count
            for index in order:
                choice = self._choices.grown(choice, index) or choice
        return choice

    def _cheapest_first(self) -> list[int]:
        """Return the candidates from the one that takes least off on; of a ``best_of`` category the best."""
        most = self._choices.most
        best: dict[tuple[int, str], int] = {}
        for index, candidate in enumerate(self._candidates):
            if candidate.compiled.category.best_of:
                known = best.setdefault(category_of(candidate), index)
                if most[index] > most[known]:
                    best[category_of(candidate)] = index
        order = [
            index
            for index, candidate in enumerate(self._candidates)
            if best.get(category_of(candidate), index) == index
        ]
        return sorted(order, key=most.__getitem__)

    def _promising(self) -> list[Choice]:
        """Return good choices of the candidates that may take most off, following few branches."""
        most = self._choices.most
        order = sorted(range(len(self._candidates)), key=lambda i: (-most[i], i))[:PROMISING]
        found: list[Choice] = []
        layer = [self._choices.none]
        while layer:
            following: dict[Hashable, Choice] = {}
            for choice in layer:
                for index in order:
                    grown = self._choices.grown(choice, index)
                    if grown is not None:
                        following.setdefault(self._choices.state(grown), grown)
            layer = sorted(following.values(), key=lambda choice: -choice.taken)[:WIDTH]
            found += layer[:1]
        return sorted(found, key=lambda choice: (-choice.taken, choice.count))[:2]


def _why_left_out(candidate: Candidate, start: Attempt, result: Attempt, bill: Bill, aim: Aim) -> Standing:
    """Return why a candidate is not part of the choice that was made."""
    at_first = why_not_usable(start.cart, candidate, bill)
    out = kept_out(candidate, result.applied, bill.stacking)
    if out is not None:
        return at_first or out
    trial = result.copy()
    standing = apply(trial, candidate, bill)
    if standing.status is Status.APPLICABLE:
        # It would be used up without taking anything off: nobody gains by that.
        words = f"{candidate.key} would take nothing more off this order"
        return Standing(status=Status.SKIPPED, reason=Reason.NO_EFFECT, words=words)
    if standing.reason is not Reason.CONDITIONS_NOT_MET:
        return standing
    if at_first is not None:
        return at_first
    by = _spoiler(candidate, start, result, bill)
    better = "more" if aim is Aim.MOST_OFF else "less"
    words = (
        f"{candidate.key} cannot be used after {by}, and without {by} the order would not have {better} off"
    )
    return skipped(Reason.NOT_THE_BEST, words, by)


def _spoiler(candidate: Candidate, start: Attempt, result: Attempt, bill: Bill) -> str:
    """Return the applied reward after which a candidate was not usable any more."""
    attempt = start.copy()
    for one in result.applied:
        apply(attempt, one, bill)
        if not is_usable(attempt.cart, candidate, bill):
            return one.key
    raise AssertionError("a candidate that is usable at the end is not spoiled")
