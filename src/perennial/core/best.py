"""The choice and order of rewards that saves most on a cart, or least, among all that are allowed.

The space: every choice of candidates in every order, whatever their levels, in which each one is usable
when its turn comes, takes something off (or is used up without effect, where that is allowed), has room
in its limits, and is not kept out by those before it (``core/combining.py``). A choice that leaves out
a joint reward which could still be applied is not allowed. For the customer's sake the choice that
takes most off wins; for the margin's, of all choices to which nothing can be added, the one that takes
least off. Of equal ones the one with fewer rewards wins, then the one whose rewards, in their order,
come first in the hierarchy.

The search goes depth first and gives up a branch that cannot beat the best choice so far. What bounds
it: a benefit never takes more off a cart of which less is left, so what a reward takes off now, or
would if its conditions held, is the most that it can take off later. (Where a product is discounted
once only, or a reward adds lines, that does not hold, and only what is left to take is a bound.)
Branches that come to the same cart with the same rewards are one.

Up to :data:`EXACT` candidates the result is the true optimum. Of more, the most promising are searched
breadth first with few branches, and the result says that it is approximate unless it meets the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TypeAlias

import msgspec

from perennial.core.cart import Cart
from perennial.core.combining import category_of, kept_out, skipped
from perennial.core.price import (
    Attempt,
    Bill,
    Candidate,
    apply,
    apply_if_usable,
    is_usable,
    why_not_usable,
    work,
)
from perennial.core.redeemables import Reason, Standing, Status
from perennial.core.stacking import Combines, Products
from perennial.units import Minor

EXACT = 8
"""Up to so many candidates that can be applied at all, the best choice is found for certain."""

WIDTH = 6
"""So many branches are followed at once where the search is approximate."""

PROMISING = 24
"""So many candidates are looked at where the search is approximate, those that may take most off."""


class Aim(Enum):
    """What the best choice is: the one that takes most off, or least."""

    MOST_OFF = 1
    LEAST_OFF = -1


_State: TypeAlias = tuple[object, ...]


class _Node(msgspec.Struct):
    """One choice of rewards in one order; ``taken`` is what they took off, ``chosen`` which they are.

    ``used`` is what those with limits counted, which two ways to the same cart need not share.
    """

    attempt: Attempt
    taken: Minor
    chosen: int
    used: tuple[tuple[int, Minor, Minor], ...] = ()

    @property
    def count(self) -> int:
        """Return how many rewards it has."""
        return len(self.attempt.applied)

    def state(self) -> _State:
        """Return what all that can follow depends on."""
        cart = self.attempt.cart
        units = tuple((line, tuple(cart.units[line])) for line in sorted(cart.units))
        added = tuple(cart.added.items())
        return self.chosen, tuple(cart.left), cart.shipping_left, units, added, tuple(sorted(self.used))


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
    search = _Search(start, possible, bill, aim, needed)
    best = search.exact() if len(possible) <= EXACT else search.approximate()
    if best is None:
        return None
    result = best.attempt
    for one in candidates:
        if all(one is not other for other in result.applied):
            result.standings[one.place] = _why_left_out(one, start, result, bill, aim)
    return result


def _may_apply(start: Attempt, candidate: Candidate, bill: Bill) -> bool:
    """Whether a candidate can be applied now, or may become so once others took something off."""
    if candidate.level is None:
        return False
    return candidate.compiled.recovers or is_usable(start.cart, candidate, bill)


class _Search:
    """Looks for the best choice; ``candidates`` are known by their place in the list."""

    def __init__(
        self,
        start: Attempt,
        candidates: Sequence[Candidate],
        bill: Bill,
        aim: Aim,
        needed: frozenset[int],
    ) -> None:
        self._root = _Node(start, 0, 0)
        self._candidates = candidates
        self._bill = bill
        self._aim = aim
        self._needed = sum(1 << i for i, one in enumerate(candidates) if one.place in needed)
        self._is_possible = needed <= {one.place for one in candidates}
        self._best: _Node | None = None
        self._least = -1
        self._seen: set[_State] = set()
        self._bounded = bill.stacking.products is Products.STACK
        self._most = [self._takes(start.cart, one) for one in candidates]

    def exact(self) -> _Node | None:
        """Return the true optimum."""
        if not self._is_possible:
            return None
        if self._aim is Aim.MOST_OFF:
            found = self._complete(self._root)
            if self._allowed(found):
                self._least = found.taken
        self._visit(self._root, self._most)
        return self._best

    def approximate(self) -> _Node | None:
        """Return a good choice."""
        if not self._is_possible:
            return None
        everything = range(len(self._candidates))
        nodes = [self._filled(self._root, everything)]
        if self._aim is Aim.MOST_OFF:
            nodes += [self._filled(node, everything) for node in self._breadth_first()]
        else:
            nodes.append(self._filled(self._root, self._cheapest_first()))
        nodes = [node for node in nodes if self._allowed(node)]
        if not nodes:
            return None
        best = min(nodes, key=lambda node: (-self._aim.value * node.taken, node.count))
        bound = self._bound(self._root, self._most)
        best.attempt.approximate = self._aim is Aim.LEAST_OFF or best.taken < bound
        return best

    # Steps

    def _takes(self, cart: Cart, candidate: Candidate) -> Minor:
        """Return what a candidate would take off a cart if its conditions held."""
        cart, lines = cart.copy(), len(cart.lines)
        before = len(cart.takes)
        work(cart, candidate, self._bill)
        self._bounded = self._bounded and len(cart.lines) == lines
        return sum([take.amount for take in cart.takes[before:]])

    def _next(self, node: _Node) -> list[tuple[int, _Node]]:
        """Return what can be applied after a node, by the candidates' places in the list."""
        following = []
        for index in range(len(self._candidates)):
            after = self._after(node, index)
            if after is not None:
                following.append((index, after))
        return following

    def _after(self, node: _Node, index: int) -> _Node | None:
        """Return the node after ``node`` by applying the candidate at ``index``, if that is possible."""
        candidate = self._candidates[index]
        if node.chosen >> index & 1:
            return None
        if kept_out(candidate, node.attempt.applied, self._bill.stacking) is not None:
            return None
        attempt = node.attempt.copy()
        if not apply_if_usable(attempt, candidate, self._bill):
            return None
        discount = attempt.standings[candidate.place].discount
        used = node.used
        if candidate.counts and candidate.compiled.bounds:
            used = (*used, (index, discount, node.attempt.cart.total()))
        return _Node(attempt, node.taken + discount, node.chosen | 1 << index, used)

    def _allowed(self, node: _Node, following: Sequence[tuple[int, _Node]] | None = None) -> bool:
        """Whether the choice of a node is complete: it has what is needed, and nothing joint is missing."""
        if self._needed & ~node.chosen:
            return False
        following = self._next(node) if following is None else following
        if self._aim is Aim.LEAST_OFF:
            return not following
        return all(self._candidates[i].combines is not Combines.JOINT for i, _ in following)

    def _complete(self, node: _Node) -> _Node:
        """Return what comes of a node by adding what takes most off, as long as something does."""
        while following := self._next(node):
            node = max(following, key=lambda step: step[1].taken)[1]
        return node

    # Depth first

    def _visit(self, node: _Node, most: Sequence[Minor]) -> None:
        """Look at a node and all that can follow; ``most`` bounds what each candidate takes off there."""
        if not self._is_worth_it(node, most):
            return
        state = node.state()
        if state in self._seen:
            return
        self._seen.add(state)
        following = self._next(node)
        if self._allowed(node, following) and self._is_better(node):
            self._best = node
        if self._aim is Aim.LEAST_OFF:
            following = self._best_of(following)
        most = self._bounds_after(node, following, most)
        if self._is_worth_it(node, most, itself=False):
            for _, after in following:
                self._visit(after, most)

    def _best_of(self, following: list[tuple[int, _Node]]) -> list[tuple[int, _Node]]:
        """Leave of each ``best_of`` category only what takes most off: that is no matter of choice."""
        most: dict[tuple[int, str], Minor] = {}
        for index, node in following:
            category = category_of(self._candidates[index])
            most[category] = max(node.taken, most.get(category, node.taken))
        return [
            (index, node)
            for index, node in following
            if not self._candidates[index].compiled.category.best_of
            or node.taken == most[category_of(self._candidates[index])]
        ]

    def _bounds_after(
        self, node: _Node, following: Sequence[tuple[int, _Node]], most: Sequence[Minor]
    ) -> list[Minor]:
        """Return what each candidate can take off at most after ``node``."""
        steps = dict(following)
        bounds = []
        for index, candidate in enumerate(self._candidates):
            after = steps.get(index)
            if after is not None:
                bounds.append(after.taken - node.taken if self._bounded else most[index])
            elif self._is_out(node, candidate, index):
                bounds.append(0)
            else:
                bounds.append(most[index])
        return bounds

    def _is_out(self, node: _Node, candidate: Candidate, index: int) -> bool:
        """Whether a candidate that cannot be applied after ``node`` never can after it."""
        attempt = node.attempt
        if node.chosen >> index & 1 or kept_out(candidate, attempt.applied, self._bill.stacking) is not None:
            return True
        return not candidate.compiled.recovers and not is_usable(attempt.cart, candidate, self._bill)

    def _is_worth_it(self, node: _Node, most: Sequence[Minor], *, itself: bool = True) -> bool:
        """Whether a node (or what follows) may be better than the best so far."""
        if self._aim is Aim.LEAST_OFF:
            return self._best is None or node.taken <= self._best.taken
        at_most = self._bound(node, most)
        if at_most < self._least:
            return False
        if self._best is None or at_most > self._best.taken:
            return True
        return (
            at_most == self._best.taken
            and node.count + self._fewest(node, most, self._best.taken, itself=itself) < self._best.count
        )

    def _bound(self, node: _Node, most: Sequence[Minor]) -> Minor:
        """Return what a node and all that may follow can take off at most."""
        cart = node.attempt.cart
        left = [max(cost - least, 0) for cost, least in zip(cart.left, cart.least, strict=True)]
        room = min(sum(left) + cart.shipping_left, cart.may_take)
        if not self._bounded:
            return node.taken + room
        sums = dict.fromkeys(Combines, 0)
        for index, candidate in enumerate(self._candidates):
            if not node.chosen >> index & 1:
                sums[candidate.combines] += most[index]
        one_kind = max(sums[Combines.COMMON], sums[Combines.EXCLUSIVE])
        return node.taken + min(room, sums[Combines.JOINT] + one_kind)

    def _fewest(self, node: _Node, most: Sequence[Minor], goal: Minor, *, itself: bool) -> int:
        """Return how many more rewards it takes at least to take ``goal`` off."""
        missing = goal - node.taken
        if missing <= 0:
            return 0 if itself else 1
        if not self._bounded:
            return 1
        open_ones = [amount for i, amount in enumerate(most) if not node.chosen >> i & 1]
        for number, amount in enumerate(sorted(open_ones, reverse=True), 1):
            missing -= amount
            if missing <= 0:
                return number
        return len(open_ones) + 1

    def _is_better(self, node: _Node) -> bool:
        best = self._best
        if best is None:
            return True
        if node.taken != best.taken:
            return (node.taken > best.taken) is (self._aim is Aim.MOST_OFF)
        return node.count < best.count

    # Breadth first

    def _breadth_first(self) -> list[_Node]:
        """Return the best nodes of every length, looking at the most promising candidates only."""
        order = sorted(range(len(self._candidates)), key=lambda i: (-self._most[i], i))[:PROMISING]
        found: list[_Node] = []
        nodes = [self._root]
        while nodes:
            following: dict[_State, _Node] = {}
            for node in nodes:
                for index in order:
                    after = self._after(node, index)
                    if after is not None:
                        following.setdefault(after.state(), after)
            nodes = sorted(following.values(), key=lambda node: -node.taken)[:WIDTH]
            found += nodes[:1]
        return sorted(found, key=lambda node: (-node.taken, node.count))[:2]

    def _filled(self, node: _Node, order: Sequence[int]) -> _Node:
        """Return what comes of a node by adding, in this order, whatever can be added."""
        count = -1
        while node.count != count:
            count = node.count
            for index in order:
                node = self._after(node, index) or node
        return node

    def _cheapest_first(self) -> list[int]:
        """Return the candidates from the one that takes least off on; of a ``best_of`` category the best."""
        best: dict[tuple[int, str], int] = {}
        for index, candidate in enumerate(self._candidates):
            if candidate.compiled.category.best_of:
                known = best.setdefault(category_of(candidate), index)
                if self._most[index] > self._most[known]:
                    best[category_of(candidate)] = index
        order = [
            index
            for index, candidate in enumerate(self._candidates)
            if best.get(category_of(candidate), index) == index
        ]
        return sorted(order, key=self._most.__getitem__)


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
