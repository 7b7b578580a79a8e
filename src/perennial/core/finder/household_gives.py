"""Points or gifts for nothing but moving into a household."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.cases.cases import StepReport
from perennial.core.effects import Entitle, IssueVoucher
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.play import Play, awards_of
from perennial.core.flaws.search import Search, Shape
from perennial.units import HOUR, Instant

_MOST_SHAPES = 6
_ORDERS = 6
_MOVES = 2
_HOME = "home"


class HouseholdGives(FlawKind):
    """Who has bought nothing moves in with somebody who has, and is given something for it.

    That comes of a tier which follows the balance: that of a household is the balance of everybody in it.
    Each account more gets it, and where gifts come again, the same account again by moving out and in. With
    ``pool: all`` the tier is one for all of them, and nobody enters it by moving.
    """

    name: ClassVar[str] = "household_gives"
    title: ClassVar[str] = "Moving into a household is rewarded"
    example: ClassVar[str] = """\
tiers:
  metrics: [{id: points, balance: points}]
  levels: [{id: gold, name: Gold, reach: {points: 1000}}]
  lasts: while_reached
earning_rules:
  - {id: hello, type: fixed, trigger: tier.entered, points: 500}
"""

    def find(self, search: Search) -> Flaw | None:
        """Let somebody move in, out, and in again with one who has bought a lot."""
        for shape in search.shapes[:_MOST_SHAPES]:
            start = search.moment(shape)
            found = None if start is None else self._played(search, shape, start)
            if found is not None:
                return found
        return None

    def _played(self, search: Search, shape: Shape, start: Instant) -> Flaw | None:
        play = search.play()
        for name in ("anna", "bert"):
            search.join(play, name, start, shape)
        play.do(start, "bert", household=_HOME)
        for _ in range(_ORDERS):
            play.order(start, "bert", shape.priced(search.amounts_for(shape)[-1]))
            play.do(start, "bert", fulfill=play.last_order)
        at = start + HOUR
        play.wait(at, "bert")
        for _ in range(_MOVES):
            found = self._moved_in(search, play, at)
            if found is not None:
                return found
            at += HOUR
            play.do(at, "anna", household=None)
            at += HOUR
        return None

    def _moved_in(self, search: Search, play: Play, at: Instant) -> Flaw | None:
        """Let the one without purchases move in, and return the flaw if that brings something."""
        play.wait(at, "anna")
        report = play.do(at, "anna", household=_HOME)
        rules = awards_of(report)
        gifts = _gifts_of(report)
        if rules:
            play.expect(awards=rules)
            given = {name: points for name, points in play.earned("anna", report).items() if points}
            wallet, points = next(iter(given.items()))
            words = f"Who has bought nothing gets {points} {wallet} for moving in with a good customer"
        elif gifts:
            play.expect(gives=[{"kind": kind} for kind in gifts])
            words = "Who has bought nothing gets a gift for moving in with a good customer"
        else:
            return None
        return search.flaw(self.name, _path_of(search, rules), words, play)


def _gifts_of(report: StepReport) -> list[str]:
    """Return the kinds of what a step handed out, as a case expects it."""
    effects = [effect for decision in report.decisions for effect in decision.effects]
    given = [effect for effect in effects if isinstance(effect, IssueVoucher | Entitle)]
    return ["voucher" if isinstance(each, IssueVoucher) else each.kind for each in given]


def _path_of(search: Search, given: dict[str, int]) -> str:
    """Return where the rule stands that gives, or where rules do."""
    places = [index for index, rule in enumerate(search.program.earning_rules) if rule.id in given]
    return f"earning_rules[{places[0]}]" if places else "earning_rules"
