"""One order in several parts that earns more than in one piece."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.currency import format_money
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.search import Search, Shape
from perennial.units import Instant, Minor, Points

_PARTS = (2, 3, 5, 10)
_MOST_STEPS_DOWN = 24


class SplittingEarnsMore(FlawKind):
    """The same goods, bought at the same moment, earn more in several orders than in one.

    That comes of rounding, of points for every order, or of steps. Where the tier changes on the way, nothing
    is said: that an order is judged by the tier before it is meant.
    """

    name: ClassVar[str] = "splitting_earns_more"
    title: ClassVar[str] = "Splitting an order earns more"
    example: ClassVar[str] = """\
earning_rules:
  - {id: visit, type: fixed, points: 10}
"""

    def find(self, search: Search) -> Flaw | None:
        """Split orders of every shape, at the amounts where what they earn jumps."""
        for shape in search.shapes:
            at = search.moment(shape)
            if at is None:
                continue
            for amount in self._amounts(search, shape, at):
                for parts in _PARTS:
                    found = self._played(search, shape, amount, parts, at)
                    if found is not None:
                        return found
        return None

    def _amounts(self, search: Search, shape: Shape, at: Instant) -> list[Minor]:
        """Return the amounts of the parts: those of the program, and where one more unit earns more."""
        low = max(search.least_price, shape.least or 0)
        high = min(search.most_order, shape.most if shape.most is not None else search.most_order)
        amounts = search.amounts_for(shape)
        return [self._jump(search, shape, at, low, high), *amounts[:20], *amounts[-4:]]

    def _jump(self, search: Search, shape: Shape, at: Instant, low: Minor, high: Minor) -> Minor:
        """Return the least amount that earns more than ``low`` does, found by halving."""
        base = self._earned(search, shape, low, at)
        first, last = low, high
        for _ in range(_MOST_STEPS_DOWN):
            if last - first <= 1:
                break
            middle = (first + last) // 2
            if self._earned(search, shape, middle, at) > base:
                last = middle
            else:
                first = middle
        return last

    def _earned(self, search: Search, shape: Shape, amount: Minor, at: Instant) -> Points:
        play = search.play()
        search.join(play, "anna", at, shape)
        return sum(play.earned("anna", play.order(at, "anna", shape.priced(amount))).values())

    def _played(self, search: Search, shape: Shape, amount: Minor, parts: int, at: Instant) -> Flaw | None:
        if amount * parts > search.most_order or any(line.get("quantity", 1) > 1 for line in shape.lines):
            return None
        play = search.play()
        for name in ("anna", "bert"):
            search.join(play, name, at, shape)
        whole = shape.priced(amount)
        whole["lines"] = [
            {**line, "amount": line["amount"] * parts, "quantity": parts} for line in whole["lines"]
        ]
        tiers = {play.tier("anna")}
        at_once = play.earned("anna", play.order(at, "anna", whole))
        play.expect(balance=play.balances("anna"))
        in_parts = dict.fromkeys(at_once, 0)
        for _ in range(parts):
            report = play.order(at, "bert", shape.priced(amount))
            for wallet, points in play.earned("bert", report).items():
                in_parts[wallet] += points
        play.expect(balance=play.balances("bert"))
        tiers |= {play.tier("anna"), play.tier("bert")}
        more = [name for name, points in in_parts.items() if points > at_once[name]]
        if not more or len(tiers) > 1:
            return None
        money = format_money(amount * parts, search.program.currency)
        words = (
            f"{money} in {parts} orders earn {in_parts[more[0]]} {more[0]}, in one order {at_once[more[0]]}"
        )
        return search.flaw(self.name, "earning_rules", words, play)
