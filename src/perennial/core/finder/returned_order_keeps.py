"""Points that stay after everything was returned."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.currency import format_money
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.play import Play
from perennial.core.flaws.search import Search, Shape
from perennial.units import DAY, HOUR, Instant, Minor, Points

_DELAYS = (HOUR, 45 * DAY)


class ReturnedOrderKeeps(FlawKind):
    """Somebody buys, returns everything, and has more points than before.

    What the ledger still knows, a debt or a shortfall that later awards pay, counts as returned. Points of
    one of the wallets may be sent to somebody else before.
    """

    name: ClassVar[str] = "returned_order_keeps"
    title: ClassVar[str] = "A returned order leaves points behind"
    example: ClassVar[str] = """\
wallets:
  - {id: points, name: Points, refunds: only_pending}
"""

    def find(self, search: Search) -> Flaw | None:
        """Buy at the amounts that the program names, and return all of it, at once or much later."""
        for shape in search.shapes:
            at = search.moment(shape)
            if at is None:
                continue
            for delay in _DELAYS:
                for sent in (None, *(wallet.id for wallet in search.program.wallets)):
                    for amount in reversed(search.amounts_for(shape)):
                        found = self._played(search, shape, amount, at, at + delay, sent)
                        if found is not None:
                            return found
        return None

    def _played(
        self, search: Search, shape: Shape, amount: Minor, at: Instant, later: Instant, sent: str | None
    ) -> Flaw | None:
        play = search.play()
        people = ("anna",) if sent is None else ("anna", "bert")
        for name in people:
            search.join(play, name, at, shape)
            play.expect(balance=play.balances(name))
        before = _together(play, people)
        bought = play.order(at, "anna", shape.priced(amount))
        if bought.refusal is not None:
            return None
        play.expect(balance=play.balances("anna"))
        gained = [name for name, points in _together(play, people).items() if points > before[name]]
        if not gained:
            return None
        if sent is not None and (sent not in gained or not self._sent(play, sent, later)):
            return None
        play.do(later, "anna", given_back={"order": play.last_order})
        after = _together(play, people)
        kept = {name: after[name] - before[name] for name in after if after[name] > before[name]}
        if not kept:
            return None
        for name in people:
            play.wait(later, name)
            play.expect(balance=play.balances(name), shortfall=play.shortfalls(name))
        wallet, points = next(iter(kept.items()))
        money = format_money(amount, search.program.currency)
        way = "" if sent is None else ", whose points were sent to somebody else,"
        words = f"An order of {money}{way} leaves {points} {wallet} behind when it is returned whole"
        return search.flaw(self.name, f"wallets[{play.wallets().index(wallet)}].refunds", words, play)

    def _sent(self, play: Play, wallet: str, at: Instant) -> bool:
        """Send everything that can be sent to somebody else, before the return; whether that was anything."""
        play.wait(at, "anna")
        play.forget()
        found = play.rehearsal.wallet("anna", wallet)
        points = sum(lot.remaining for lot in (found.lots or {}).values() if lot.is_available(at))
        if points <= 0:
            return False
        sent = play.do(at, "anna", transfer={"to": "bert", "points": points, "wallet": wallet})
        return sent.refusal is None


def _together(play: Play, people: tuple[str, ...]) -> dict[str, Points]:
    """Return what people own together, by wallet."""
    owned = [play.owned(name) for name in people]
    return {wallet: sum(each[wallet] for each in owned) for wallet in play.wallets()}
