"""Choices of rewards on one cart: how one grows by one more reward, and what can come of it at most.

Most benefits never take more off a cart of which less is left. So what a reward takes off now, or would
if its conditions held, is the most that it can take off later. (Where a product is discounted once only,
a reward adds lines or picks units, that does not hold, and only what is left to take is a bound.)

Where nothing that can follow looks at single lines, the cart is replaced by one of a single line: what
it comes to is the same, and it is worked out much faster.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import msgspec

from perennial.core.document.stacking import Combines, Products
from perennial.core.orders.cart import Cart
from perennial.core.orders.order import Line
from perennial.core.pricing.combining import all_combine, kept_out
from perennial.core.pricing.price import Attempt, Bill, Candidate, is_usable, use, work
from perennial.core.pricing.redeemables import Status
from perennial.units import Minor


class Choice(msgspec.Struct, eq=False):
    """Some rewards in the order in which they apply.

    ``chosen`` says which, bit by bit by their place in the list, ``taken`` what they take off together.
    ``used`` is what those with limits counted, which two ways to the same cart need not share;
    ``in_one`` says that the cart has one line for all.
    """

    attempt: Attempt
    chosen: int = 0
    taken: Minor = 0
    used: tuple[tuple[int, Minor, Minor], ...] = ()
    in_one: bool = False

    @property
    def count(self) -> int:
        """Return how many rewards it has."""
        return len(self.attempt.applied)


class Choices:
    """The choices of ``candidates`` on the cart of ``start``; candidates are known by their place."""

    def __init__(self, start: Attempt, candidates: Sequence[Candidate], bill: Bill) -> None:
        self.candidates = candidates
        self._bill = bill
        self._is_bounded = bill.stacking.products is Products.STACK
        self.most = [self._takes(start.cart, one) for one in candidates]
        """What each candidate takes off at most."""
        self._wavers = [one.compiled.wavers for one in candidates]
        self._all_combine = all_combine(self.candidates, bill.stacking)
        self._by_lines = self._looking_at_lines(start.cart)
        self._known_out: dict[tuple[int, int], bool] = {}
        self._zeros = [0] * (len(bill.order.lines) - 1)
        self.none = self._in_one(Choice(start))
        """The choice of nothing."""

    # How a choice grows

    def next(self, choice: Choice) -> list[tuple[int, Choice]]:
        """Return what the choice becomes by each candidate that can be added to it."""
        following = []
        for index in range(len(self.candidates)):
            grown = self.grown(choice, index)
            if grown is not None:
                following.append((index, grown))
        return following

    def grown(self, choice: Choice, index: int) -> Choice | None:
        """Return the choice with the candidate at ``index`` added, or None if it cannot be."""
        if not self._is_possible(choice, index):
            return None
        candidate = self.candidates[index]
        attempt = choice.attempt.copy()
        standing = use(attempt, candidate, self._bill)
        if standing.status is not Status.APPLICABLE:
            return None
        used = choice.used
        if candidate.compiled.bounds:
            counted = (index, standing.discount, choice.attempt.cart.total())
            used = tuple(sorted((*used, counted)))
        grown = Choice(
            attempt, choice.chosen | 1 << index, choice.taken + standing.discount, used, choice.in_one
        )
        return self._in_one(grown)

    def _is_possible(self, choice: Choice, index: int) -> bool:
        """Whether neither the rules of combining nor its own conditions keep a candidate out now."""
        return not self._is_out(choice, index) and self._is_usable(choice, index)

    def is_lost(self, choice: Choice, index: int) -> bool:
        """Whether a candidate that cannot be added now never can be, whatever else is added."""
        if self._is_out(choice, index):
            return True
        return not self.candidates[index].compiled.recovers and not self._is_usable(choice, index)

    def _is_out(self, choice: Choice, index: int) -> bool:
        if choice.chosen >> index & 1:
            return True
        if self._all_combine:
            return False
        # In which order rewards were added does not matter to what they keep out.
        out = self._known_out.get((choice.chosen, index))
        if out is None:
            standing = kept_out(self.candidates[index], choice.attempt.applied, self._bill.stacking)
            out = self._known_out[choice.chosen, index] = standing is not None
        return out

    def _is_usable(self, choice: Choice, index: int) -> bool:
        if not self._wavers[index]:
            return True
        candidate, bill = self.candidates[index], self._bill
        cart = choice.attempt.cart
        if not choice.in_one:
            return is_usable(cart, candidate, bill)
        usable = candidate.compiled.usable
        amounts = [*cart.left, *self._zeros]
        return usable is None or usable(bill.at, bill.order, amounts, {}, candidate.offer.snapshot)

    # What all that can follow depends on

    def state(self, choice: Choice) -> Hashable:
        """Return the same for two choices of which all the same can come."""
        cart = choice.attempt.cart
        if choice.in_one:
            return choice.chosen, choice.taken, cart.shipping_left, choice.used
        units = tuple((line, tuple(cart.units[line])) for line in sorted(cart.units))
        added = tuple(cart.added.items())
        return choice.chosen, tuple(cart.left), cart.shipping_left, units, added, choice.used

    def family(self, choice: Choice) -> Hashable | None:
        """Return the same for choices of which the one that leaves less now leaves no more in the end.

        None where that is not certain, as long as conditions look at the amounts.
        """
        if not choice.in_one:
            return None
        for index, wavers in enumerate(self._wavers):
            if wavers and not self.is_lost(choice, index):
                return None
        return choice.chosen, choice.attempt.cart.shipping_left, choice.used

    def _in_one(self, choice: Choice) -> Choice:
        """Put all lines of the cart into one, if nothing that can follow looks at single lines."""
        if choice.in_one or self._by_lines & ~choice.chosen or not self._bill.order.lines:
            return choice
        cart = choice.attempt.cart
        initial, left = [sum(cart.initial)], [sum(cart.left)]
        line = Line(sku="all", amount=initial[0])
        choice.attempt.cart = Cart(
            [line],
            ["all"],
            initial,
            left,
            [0],
            left[:],
            cart.shipping,
            cart.shipping_left,
            cart.shipping_base,
            cart.goods_room,
            cart.may_take,
            {},
            [],
            {},
        )
        choice.in_one = True
        return choice

    # Bounds

    def bounds(
        self, choice: Choice, following: Sequence[tuple[int, Choice]], most: Sequence[Minor]
    ) -> list[Minor]:
        """Return what each candidate takes off at most after the choice; ``most`` is that before it."""
        steps = dict(following)
        bounds = []
        for index in range(len(self.candidates)):
            grown = steps.get(index)
            if grown is not None:
                bounds.append(grown.taken - choice.taken if self._is_bounded else most[index])
            else:
                bounds.append(0 if self.is_lost(choice, index) else most[index])
        return bounds

    def at_most(self, choice: Choice, most: Sequence[Minor]) -> Minor:
        """Return what the choice and all that may be added to it take off at most."""
        cart = choice.attempt.cart
        if choice.in_one:
            left = cart.left[0]
        else:
            left = sum([max(cost - least, 0) for cost, least in zip(cart.left, cart.least, strict=True)])
        room = min(left + cart.shipping_left, cart.may_take)
        if not self._is_bounded:
            return choice.taken + room
        if self._all_combine:
            rest = sum([amount for index, amount in enumerate(most) if not choice.chosen >> index & 1])
            return choice.taken + min(room, rest)
        joint = common = exclusive = 0
        for index, candidate in enumerate(self.candidates):
            if choice.chosen >> index & 1:
                continue
            match candidate.compiled.combines:
                case Combines.JOINT:
                    joint += most[index]
                case Combines.COMMON:
                    common += most[index]
                case Combines.EXCLUSIVE:
                    exclusive += most[index]
        return choice.taken + min(room, joint + max(common, exclusive))

    def fewest(self, choice: Choice, most: Sequence[Minor], goal: Minor) -> int:
        """Return how many more rewards it takes at least until ``goal`` is taken off."""
        missing = goal - choice.taken
        if missing <= 0 or not self._is_bounded:
            return int(missing > 0)
        open_ones = sorted([most[i] for i in range(len(most)) if not choice.chosen >> i & 1], reverse=True)
        for number, amount in enumerate(open_ones, 1):
            missing -= amount
            if missing <= 0:
                return number
        return len(open_ones) + 1

    # What the candidates are like

    def _takes(self, cart: Cart, candidate: Candidate) -> Minor:
        """Return what a candidate would take off a cart if its conditions held."""
        after = cart.copy()
        work(after, candidate, self._bill)
        shrinks = (
            len(after.lines) == len(cart.lines)
            and all(given.benefit.shrinks() for given in candidate.gives)
            and not candidate.counts_units
        )
        self._is_bounded = self._is_bounded and shrinks
        return sum([take.amount for take in after.takes[len(cart.takes) :]])

    def _looking_at_lines(self, cart: Cart) -> int:
        """Return the candidates for which it matters what each line costs, bit by bit."""
        if not self._is_bounded or any(cart.least) or any(cost < 0 for cost in cart.left):
            return (1 << len(self.candidates)) - 1
        return sum(
            1 << index
            for index, one in enumerate(self.candidates)
            if not one.compiled.by_total or not all(given.benefit.by_total() for given in one.gives)
        )
