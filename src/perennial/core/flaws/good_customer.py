"""A good customer, played: spends as the assumptions say, month after month, and never spends a point."""

from __future__ import annotations

import msgspec

from perennial.core.flaws.play import Play
from perennial.core.flaws.search import Search, Shape
from perennial.core.orders.order import Scalar
from perennial.core.refusals import RefusalCode
from perennial.units import DAY, HOUR, Instant, Points

_MONTH = 30 * DAY
_MAX_SHAPES = 4
_MAX_EVENTS = 2


class GoodCustomer(msgspec.Struct):
    """What became of one good customer, whose orders have one shape: all that was played up to ``until``.

    ``tiers`` are those held at any time. ``affordable`` are the rewards that could be claimed once,
    ``missed`` those for which only points were missing, with their price; ``most`` is what could be spent.
    """

    play: Play
    until: Instant
    months: int
    tiers: set[str]
    affordable: set[str]
    missed: dict[str, Points]
    most: dict[str, Points]

    def level(self, levels: list[str]) -> int:
        """Return the highest tier that was held, as its place in ``levels``; -1 without any."""
        return max((levels.index(tier) for tier in self.tiers if tier in levels), default=-1)


def good_customers(search: Search) -> list[GoodCustomer]:
    """Return a good customer for each shape of orders, played once for all kinds of flaw that ask."""
    known: list[GoodCustomer] | None = search.notes.get("good_customers")
    if known is None:
        per_order = search.month_spend // search.assumptions.month_orders
        shapes = [shape for shape in _wide(search) if (shape.least or 0) <= search.most_order]
        known = [customer for shape in shapes if (customer := _live(search, shape, per_order)) is not None]
        search.notes["good_customers"] = known
    return known


def _wide(search: Search) -> list[Shape]:
    """Return the shapes to be played: first one that meets as much as possible of what all others ask."""
    shapes = [shape for shape in search.shapes if not shape.event]
    categories = sorted({c for shape in shapes for line in shape.lines for c in line.get("categories", ())})
    attributes: dict[str, Scalar] = {}
    for shape in shapes:
        attributes |= shape.order.get("attributes", {})
    member = {name: value for shape in shapes for name, value in shape.member.items()}
    if "birthday" in search.program.declarations.member:
        member.setdefault("birthday", "1990-06-15")
    line = {"sku": "item"} | ({"categories": categories} if categories else {})
    wide = Shape((line,), {"attributes": attributes} if attributes else {}, member)
    return [wide, *(shape for shape in shapes if not shape.times)][:_MAX_SHAPES]


def _live(search: Search, shape: Shape, per_order: int) -> GoodCustomer | None:
    """Play one good customer; None if there is no moment for such orders."""
    start = search.moment(shape)
    if start is None:
        return None
    play = search.play()
    search.join(play, "anna", start, shape)
    customer = GoodCustomer(play, start, 0, set(), set(), {}, {})
    version = search.empty.versions[-1]
    for month in range(search.assumptions.months):
        for number in range(search.assumptions.month_orders):
            at = start + month * _MONTH + number * (_MONTH // search.assumptions.month_orders) + HOUR
            if version.ends is not None and at >= version.ends:
                return customer if month else None
            amount = max(per_order, shape.least or 0)
            amount = amount if shape.most is None else min(amount, shape.most)
            play.order(at, "anna", shape.priced(amount))
            _report(search, play, at)
            customer.until = at
            _look(play, customer, at)
        customer.months = month + 1
    return customer


def _report(search: Search, play: Play, at: Instant) -> None:
    """Let every custom event of the program happen, as the rules that wait for it would like it."""
    for name in list(search.program.declarations.events)[:_MAX_EVENTS]:
        attributes = next(iter(search.events_for(name)), {})
        play.do(at, "anna", event={"type": name, "attributes": attributes})


def _look(play: Play, customer: GoodCustomer, at: Instant) -> None:
    """Note the tier, and what could be claimed now."""
    tier = play.tier("anna")
    if tier is not None:
        customer.tiers.add(tier)
    for offer in play.rehearsal.catalogue("anna", at):
        name = offer.compiled.reward.id
        if not offer.reasons:
            customer.affordable.add(name)
        elif [each.code for each in offer.reasons] == [RefusalCode.INSUFFICIENT_POINTS] and offer.price:
            customer.missed[name] = offer.price.points
            customer.most[name] = max(customer.most.get(name, 0), offer.spendable)
