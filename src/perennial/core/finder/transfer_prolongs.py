"""Points that outlive their expiry because they were sent to somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from perennial.core.counting import counted
from perennial.core.document.program import FulfillmentPending, NoExpiry, WalletSpec
from perennial.core.flaws.flaw import Flaw, FlawKind
from perennial.core.flaws.play import Play
from perennial.core.flaws.search import Search, Shape
from perennial.units import DAY, HOUR, Instant

_MOST_DAYS = 2_000
_TWO = ("anna", "bert")


class TransferProlongs(FlawKind):
    """One sends points to another, and the two still have some when all of them should have expired.

    What should be left is what the same two have after the very same orders when nothing is sent.
    """

    name: ClassVar[str] = "transfer_prolongs"
    title: ClassVar[str] = "Transfers prolong the life of points"
    example: ClassVar[str] = """\
wallets:
  - {id: points, name: Points, expiry: {type: inactivity, after: {months: 6}}}
"""

    def find(self, search: Search) -> Flaw | None:
        """Send points shortly before they expire, in every wallet where some do."""
        for index, wallet in enumerate(search.program.wallets):
            if isinstance(wallet.expiry, NoExpiry) and not wallet.tiers:
                continue
            for shape in search.shapes[:6]:
                found = self._played(search, shape, wallet.id, f"wallets[{index}].expiry")
                if found is not None:
                    return found
        return None

    def _played(self, search: Search, shape: Shape, wallet: str, path: str) -> Flaw | None:
        start = search.moment(shape)
        life = None if start is None else self._life(search, shape, wallet, start)
        if start is None or life is None:
            return None
        _, gone_at = life
        kept = self._course(search, shape, wallet, (start, *life), sends=False)
        sent = self._course(search, shape, wallet, (start, *life), sends=True)
        left, should = (sum(play.owned(name)[wallet] for name in _TWO) for play in (sent, kept))
        if left <= should:
            return None
        for name in _TWO:
            sent.wait(gone_at, name)
            sent.expect(balance=sent.balances(name))
        days = (gone_at - start) // DAY
        words = (
            f"Sent to somebody else before they expire, {left - should} {wallet} are still there after "
            f"{counted(days, 'days')}; without the transfer they are gone"
        )
        return search.flaw(self.name, path, words, sent)

    def _course(
        self,
        search: Search,
        shape: Shape,
        wallet: str,
        times: tuple[Instant, Instant, Instant],
        *,
        sends: bool,
    ) -> Play:
        """Play both lives: one earns, sends all that can be sent or nothing, and the other earns that day.

        Of ``times``, the first is when points are earned, the second when they are sent, the third the end.
        """
        start, sent_at, gone_at = times
        play = search.play()
        for name in _TWO:
            search.join(play, name, start, shape)
        self._earn(search, play, shape, "anna", start)
        if sends:
            available = self._available(play, "anna", wallet, sent_at)
            play.do(sent_at, "anna", transfer={"to": "bert", "points": available, "wallet": wallet})
        self._earn(search, play, shape, "bert", sent_at)
        play.wait(gone_at, "anna")
        return play

    def _life(
        self, search: Search, shape: Shape, wallet: str, start: Instant
    ) -> tuple[Instant, Instant] | None:
        """Return when points of one order can last be sent, and when they are gone, by playing it."""
        play = search.play()
        search.join(play, "anna", start, shape)
        self._earn(search, play, shape, "anna", start)
        if play.owned("anna")[wallet] <= 0:
            return None
        last = None
        for day in _days():
            at = start + day * DAY + HOUR
            if self._available(play, "anna", wallet, at) > 0:
                last = at
            elif play.owned("anna")[wallet] <= 0:
                return None if last is None else (last, at)
        return None

    def _earn(self, search: Search, play: Play, shape: Shape, customer: str, at: Instant) -> None:
        """Buy twice: what the second order earns has the dates of the tier that the first one leads to.

        Each is fulfilled where points wait for that.
        """
        for _ in range(2):
            play.order(at, customer, shape.priced(search.amounts_for(shape)[-1]))
            if any(_waits_for_fulfillment(wallet) for wallet in search.program.wallets):
                play.do(at, customer, fulfill=play.last_order)

    def _available(self, play: Play, customer: str, wallet: str, at: Instant) -> int:
        """Let time pass, and return what can be spent then."""
        play.wait(at, customer)
        play.forget()
        found = play.rehearsal.wallet(customer, wallet)
        return sum(lot.remaining for lot in (found.lots or {}).values() if lot.is_available(at))


def _waits_for_fulfillment(wallet: WalletSpec) -> bool:
    pending = (wallet.pending, *(dates.pending for dates in wallet.tiers.values()))
    return any(isinstance(each, FulfillmentPending) for each in pending)


def _days() -> Iterator[int]:
    """Yield days after an order: every one of the first year, then one in ten."""
    yield from range(400)
    yield from range(400, _MOST_DAYS, 10)
