"""Points that outlive their expiry because they were sent to somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from perennial.core.flaw import Flaw, FlawKind
from perennial.core.play import Play
from perennial.core.program import NoExpiry
from perennial.core.search import Search, Shape
from perennial.units import DAY, HOUR, Instant

_MOST_DAYS = 2_000


class TransferProlongs(FlawKind):
    """Two people send points to each other, and still have some when they all should have expired.

    Two others do the very same without sending anything: what they have left is what should be left.
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
        sent_at, gone_at = life
        play = search.play()
        for name in ("anna", "bert", "carl", "dora"):
            search.join(play, name, start, shape)
        for name in ("anna", "carl"):
            self._earn(search, play, shape, name, start)
        available = self._available(play, "anna", wallet, sent_at)
        if available <= 0:
            return None
        sent = play.do(sent_at, "anna", transfer={"to": "bert", "points": available, "wallet": wallet})
        if sent.refusal is not None:
            return None
        for name in ("bert", "dora"):
            play.order(sent_at, name, shape.priced(search.amounts_for(shape)[-1]))
        play.wait(gone_at, "anna")
        left = sum(play.owned(name)[wallet] for name in ("anna", "bert"))
        should = sum(play.owned(name)[wallet] for name in ("carl", "dora"))
        if left <= should:
            return None
        for name in ("anna", "bert", "carl", "dora"):
            play.wait(gone_at, name)
            play.expect(balance=play.balances(name))
        days = (gone_at - start) // DAY
        words = (
            f"Sent to somebody else before they expire, {left - should} {wallet} are still there after "
            f"{days} days; without the transfer they are gone"
        )
        return search.flaw(self.name, path, words, play)

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
        """Buy twice: what the second order earns has the dates of the tier that the first one leads to."""
        for _ in range(2):
            play.order(at, customer, shape.priced(search.amounts_for(shape)[-1]))

    def _available(self, play: Play, customer: str, wallet: str, at: Instant) -> int:
        """Let time pass, and return what can be spent then."""
        play.wait(at, customer)
        play.forget()
        found = play.rehearsal.wallet(customer, wallet)
        return sum(lot.remaining for lot in (found.lots or {}).values() if lot.is_available(at))


def _days() -> Iterator[int]:
    """Yield days after an order: every one of the first year, then one in ten."""
    yield from range(400)
    yield from range(400, _MOST_DAYS, 10)
