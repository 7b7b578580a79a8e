"""Points that give back more than the shop earns on what they were earned with."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.currency import format_money
from perennial.core.document.program import rewards_of
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.play import Play
from perennial.core.flaws.search import Search, Shape
from perennial.core.kinds.rule import ten_thousandths
from perennial.units import DAY, HOUR, Instant, Minor, Points

_MOST_ORDERS = 60
_BEST = 3


class WorthMoreThanMargin(FlawKind):
    """Somebody spends money, gets points for it, and what these are worth is more than the margin on it.

    Points that came with joining are left out. A reward is worth what it takes off, or pays, for sure.
    """

    name: ClassVar[str] = "worth_more_than_margin"
    title: ClassVar[str] = "Points are worth more than the margin"
    example: ClassVar[str] = """\
earning_rules:
  - {id: base, type: per_amount, points: 10, per: 100}
rewards:
  - {id: five-off, name: 5.00 off, price: 100, gives: [{type: amount_off, value: 500}]}
"""

    def find(self, search: Search) -> Flaw | None:
        """Earn with those orders that give most, and spend the points on each thing that they buy."""
        found = self._by_paying(search)
        if found is not None:
            return found
        for index, reward in enumerate(rewards_of(search.program)):
            if not reward.has_price or reward.worth(None) <= 0:
                continue
            for price in _prices(search, reward.id):
                for shape, amount in self._best_orders(search):
                    path = f"rewards[{index}].price"
                    found = self._by_claiming(search, shape, amount, reward.id, price, path)
                    if found is not None:
                        return found
        return None

    def _best_orders(self, search: Search) -> list[tuple[Shape, Minor]]:
        """Return the orders that earn most points for their money, by playing one of each."""
        known: list[tuple[Shape, Minor]] | None = search.notes.get("best_orders")
        if known is not None:
            return known
        found: list[tuple[int, Minor, int, Shape, Minor]] = []
        for shape in search.shapes:
            at = search.moment(shape)
            for amount in search.amounts_for(shape) if at is not None else ():
                play = search.play()
                search.join(play, "anna", at or 0, shape)
                report = play.order(at or 0, "anna", shape.priced(amount))
                points = max(play.earned("anna", report).values())
                found.append((points * 1_000_000 // amount, amount, len(found), shape, amount))
        best = [(shape, amount) for _, _, _, shape, amount in sorted(found, key=lambda one: one[:3])[::-1]]
        search.notes["best_orders"] = best[:_BEST]
        return best[:_BEST]

    def _by_claiming(
        self, search: Search, shape: Shape, amount: Minor, reward: str, price: tuple[str, Points], path: str
    ) -> Flaw | None:
        wallet, points = price
        saved = self._saved(search, shape, amount, points, wallet)
        if saved is None:
            return None
        play, at, spent, _ = saved
        chosen = {"wallet": wallet} if len(_prices(search, reward)) > 1 else {}
        claim = play.do(at, "anna", claim=reward, **chosen)
        if claim.refusal is not None:
            return None
        compiled = search.empty.versions[-1].rewards[reward].reward
        worth = compiled.worth(play.tier("anna"))
        play.expect(value=compiled.claim_value(play.tier("anna")) or None, awards={})
        return self._judged(search, play, path, spent, worth, f"buy {compiled.name}")

    def _by_paying(self, search: Search) -> Flaw | None:
        for index, wallet in enumerate(search.program.wallets):
            if wallet.pays is None:
                continue
            for shape, amount in self._best_orders(search):
                least = max(wallet.pays.least, wallet.pays.points)
                saved = self._saved(search, shape, amount, least, wallet.id)
                if saved is None:
                    continue
                play, at, spent, points = saved
                most = points // wallet.pays.points * wallet.pays.amount * 1_000_000
                most = (
                    -(-most // ten_thousandths(wallet.pays.most)) if ten_thousandths(wallet.pays.most) else 0
                )
                if most <= 0 or (shape.most is not None and most > shape.most):
                    continue
                cart = shape.priced(max(most, shape.least or 0))
                paid = play.do(at, "anna", redeem={"id": "paid", **cart, "points": {wallet.id: points}})
                if paid.checkout is None:
                    continue
                play.expect(to_pay=paid.checkout.to_pay)
                worth = paid.checkout.quote.total - paid.checkout.to_pay
                found = self._judged(search, play, f"wallets[{index}].pays", spent, worth, "pay")
                if found is not None:
                    return found
        return None

    def _saved(
        self, search: Search, shape: Shape, amount: Minor, needed: Points, wallet: str
    ) -> tuple[Play, Instant, Minor, Points] | None:
        """Play orders until enough was earned by them: the play, when, what was spent and earned."""
        at = search.moment(shape)
        each = None if at is None else self._just_enough(search, shape, amount, needed, wallet)
        if at is None or each is None:
            return None
        play = search.play()
        search.join(play, "anna", at, shape)
        spent = earned = 0
        for _ in range(_MOST_ORDERS):
            report = play.order(at, "anna", shape.priced(each))
            spent, earned = spent + each, earned + play.earned("anna", report).get(wallet, 0)
            play.do(at + HOUR, "anna", fulfill=play.last_order)
            if earned >= needed:
                ready = self._when_available(play, wallet, earned, at + 2 * HOUR)
                return None if ready is None else (play, ready, spent, earned)
            later = search.moment(shape, at + DAY)
            if later is None:
                return None
            at = later
        return None

    def _just_enough(
        self, search: Search, shape: Shape, amount: Minor, needed: Points, wallet: str
    ) -> Minor | None:
        """Return the least amount that earns enough in as few orders as ``amount`` does, found by halving."""
        full = self._earns(search, shape, amount, wallet)
        if full <= 0 or needed > full * _MOST_ORDERS:
            return None
        orders = -(-needed // full)
        low, high = max(search.least_price, shape.least or 0) - 1, amount
        while high - low > 1:
            middle = (low + high) // 2
            if self._earns(search, shape, middle, wallet) * orders >= needed:
                high = middle
            else:
                low = middle
        return high

    def _earns(self, search: Search, shape: Shape, amount: Minor, wallet: str) -> Points:
        at = search.moment(shape) or search.at
        play = search.play()
        search.join(play, "anna", at, shape)
        return play.earned("anna", play.order(at, "anna", shape.priced(amount))).get(wallet, 0)

    def _when_available(self, play: Play, wallet: str, points: Points, at: Instant) -> Instant | None:
        for days in (0, 1, 8, 15, 31, 61):
            later = at + days * DAY
            play.wait(later, "anna")
            play.forget()
            found = play.rehearsal.wallet("anna", wallet)
            if found.balance - found.pending >= points:
                return later
        return None

    def _judged(
        self, search: Search, play: Play, path: str, spent: Minor, worth: Minor, what: str
    ) -> Flaw | None:
        if worth * 1_000_000 <= spent * search.margin:
            return None
        currency = search.program.currency
        words = (
            f"For {format_money(spent, currency)} somebody earns points that {what}, worth "
            f"{format_money(worth, currency)}: more than the margin of {search.assumptions.margin} %"
        )
        return search.flaw(self.name, path, words, play)


def _prices(search: Search, reward: str) -> list[tuple[str, Points]]:
    """Return the least price of a reward in each wallet that it may be paid from."""
    compiled = search.empty.versions[-1].rewards[reward].reward
    prices = [(compiled.price, compiled.wallet)] if compiled.price is not None else []
    prices += [(price.points, price.wallet or compiled.wallet) for price in compiled.prices]
    least: dict[str, Points] = {}
    for points, name in prices:
        wallet = name or search.program.wallets[0].id
        least[wallet] = min(points, least.get(wallet, points))
    return list(least.items())
