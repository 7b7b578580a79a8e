"""A reward whose points nobody has before they expire."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.currency import format_money
from perennial.core.document.program import rewards_of
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.good_customer import good_customers
from perennial.core.flaws.search import Search


class UnaffordableReward(FlawKind):
    """A good customer (see the assumptions) who never spends a point never has enough for the reward.

    Only rewards are looked at for which nothing but points was missing.
    """

    name: ClassVar[str] = "unaffordable_reward"
    title: ClassVar[str] = "A reward is too dear for everybody"
    example: ClassVar[str] = """\
wallets:
  - {id: points, name: Points, expiry: {type: rolling, after: {months: 1}}}
rewards:
  - {id: bike, name: A bicycle, price: 500000, gives: [{type: amount_off, value: 50000}]}
"""

    def find(self, search: Search) -> Flaw | None:
        """Let good customers of every kind save for months."""
        if not any(reward.has_price for reward in rewards_of(search.program)):
            return None
        customers = good_customers(search)
        had = {name for customer in customers for name in customer.affordable}
        missed = {name: points for customer in customers for name, points in customer.missed.items()}
        for index, reward in enumerate(search.program.rewards):
            if reward.id not in missed or reward.id in had:
                continue
            closest = max(customers, key=lambda customer: customer.most.get(reward.id, 0))
            claim = closest.play.do(closest.until, "anna", claim=reward.id)
            if claim.refusal is None:
                closest.play.forget()
                continue
            closest.play.expect(refused=claim.refusal.code.value)
            spend = format_money(search.month_spend, search.program.currency)
            words = (
                f"Nobody can afford {reward.name} for {missed[reward.id]} points: {spend} a month, for "
                f"{closest.months} months, never leaves more than {closest.most.get(reward.id, 0)}"
            )
            found = search.flaw(self.name, f"rewards[{index}].price", words, closest.play)
            closest.play.forget()
            return found
        return None
