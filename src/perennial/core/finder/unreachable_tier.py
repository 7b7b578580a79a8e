"""A tier that nobody reaches."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.currency import format_money
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.good_customer import good_customers
from perennial.core.flaws.search import Search


class UnreachableTier(FlawKind):
    """Even a good customer (see the assumptions) does not reach the tier in all months that are played."""

    name: ClassVar[str] = "unreachable_tier"
    title: ClassVar[str] = "A tier is out of reach"
    example: ClassVar[str] = """\
tiers:
  metrics: [{id: spend, measure: orders.net, window: {calendar: month}}]
  levels:
    - {id: gold, name: Gold, reach: {spend: 5000000}}
"""

    def find(self, search: Search) -> Flaw | None:
        """Let good customers of every kind buy for months."""
        tiers = search.program.tiers
        if tiers is None:
            return None
        levels = [tier.id for tier in tiers.levels]
        customers = good_customers(search)
        reached = {tier for customer in customers for tier in customer.tiers}
        best = max((levels.index(tier) for tier in reached), default=-1)
        if best == len(levels) - 1 or not customers:
            return None
        index = best + 1
        farthest = max(customers, key=lambda customer: customer.level(levels))
        farthest.play.expect(tier=farthest.play.tier("anna"))
        if farthest.play.tier("anna") is None:
            farthest.play.steps[-1]["expect"]["tier"] = None
        spend = format_money(search.month_spend, search.program.currency)
        words = (
            f"Nobody reaches {tiers.levels[index].name}: {spend} a month, for {farthest.months} months, "
            f"ends in {farthest.play.tier('anna') or 'no tier'}"
        )
        return search.flaw(self.name, f"tiers.levels[{index}]", words, farthest.play)
