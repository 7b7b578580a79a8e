"""Discounts that together sell below cost, though each of them alone would not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice, product
from typing import ClassVar

from perennial.core.checkout.checkout import Checkout
from perennial.core.currency import format_money
from perennial.core.document.program import rewards_of
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.search import MAX_SHAPES, Search, Shape
from perennial.core.pricing.redeemables import Status
from perennial.core.terms.alternatives import both
from perennial.units import Instant, Minor


class StacksBelowCost(FlawKind):
    """A cart on which at least two free rewards apply, and that is then sold for less than it costs.

    Free are rewards that apply by themselves or by a code. Carts are those that one of them asks for, and
    those that two of them ask for together. Shipping is left out of the account, and so is what comes of
    rounding. A reward that sells below cost all by itself was meant to, and is no conflict.
    """

    name: ClassVar[str] = "stacks_below_cost"
    title: ClassVar[str] = "Discounts stack below cost"
    example: ClassVar[str] = """\
rewards:
  - {id: spring, name: 20 % off, automatic: true, gives: [{type: percent_off, percent: "20"}]}
  - {id: letter, name: 20 % off, codes: {shared: LETTER}, gives: [{type: percent_off, percent: "20"}]}
"""

    def find(self, search: Search) -> Flaw | None:
        """Price carts with every code that there is."""
        free = [reward for reward in rewards_of(search.program) if reward.automatic or reward.codes]
        if len(free) < 2:
            return None
        for shape in [*search.shapes, *islice(_shapes_together(search), MAX_SHAPES)]:
            at = search.moment(shape)
            if at is None:
                continue
            for amount in search.amounts_for(shape):
                found = self._played(search, shape, amount, at)
                if found is not None:
                    return found
        return None

    def _played(self, search: Search, shape: Shape, amount: Minor, at: Instant) -> Flaw | None:
        play = search.play()
        search.join(play, "anna", at, shape)
        codes = []
        for reward in rewards_of(search.program):
            if reward.codes is None or any(benefit.card_value() for benefit in reward.gives):
                continue
            if reward.codes.shared is not None:
                codes.append(reward.codes.shared)
            else:
                play.do(at, "anna", voucher={"reward": reward.id, "as": reward.id, "customer": "anna"})
                codes.append(reward.id)
        cost = 1_000_000 - search.margin
        cart = shape.priced(amount, cost)
        report = play.do(at, "anna", quote={**cart, "codes": codes})
        checkout = report.checkout
        if report.refusal is not None or checkout is None:
            return None
        costs = sum(line["cost"] for line in cart["lines"])
        taken = checkout.quote.discount_total - checkout.quote.shipping_discount
        room = amount - costs
        if taken <= room + _rounding(search, checkout) or not _together(checkout, room):
            return None
        names = [one.name for one in checkout.quote.redeemables if one.standing.status is Status.APPLICABLE]
        play.expect(discount=checkout.quote.discount_total, total=checkout.quote.total)
        currency = search.program.currency
        words = (
            f"{' and '.join(names)} together take {format_money(taken, currency)} off a cart of "
            f"{format_money(amount, currency)}, which costs {format_money(costs, currency)}"
        )
        return search.flaw(self.name, "stacking", words, play)


def _shapes_together(search: Search) -> Iterator[Shape]:
    """Yield carts for every two rewards at once: of lines for each of them, or of one line for both."""
    asked = [
        list(search.asked_by(campaign, reward))
        for campaign, reward in search.rewards()
        if reward.automatic or reward.codes
    ]
    known = list(search.shapes)
    for first, second in combinations(asked, 2):
        for (one, early), (other, late) in product(first, second):
            for way in both(one, other).of:
                for made in (way, way.of_one_line()):
                    shape = search.shape_of(made, early + late)
                    if shape is not None and shape not in known:
                        known.append(shape)
                        yield shape


def _rounding(search: Search, checkout: Checkout) -> Minor:
    """Return how much rounding may have added to what was taken: one unit for each discount not exact."""
    rewards = search.empty.versions[-1].rewards
    exact = [rewards[one.reward].reward.worth(None) > 0 for one in checkout.quote.redeemables]
    return sum(not exact[each.redeemable] for line in checkout.quote.lines for each in line.discounts)


def _together(checkout: Checkout, room: Minor) -> bool:
    """Return whether no reward of a cart below cost gets it there alone."""
    by_reward: dict[int, Minor] = {}
    for line in checkout.quote.lines:
        for discount in line.discounts:
            by_reward[discount.redeemable] = by_reward.get(discount.redeemable, 0) + discount.amount
    return max(by_reward.values()) <= room
