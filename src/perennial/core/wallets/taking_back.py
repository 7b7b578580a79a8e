"""From where points are taken back when a return reverses what they were earned for.

First from the lots that the awards went into, as far as they still hold points, pending or active: so
a return of unspent points changes nothing under any policy. What is missing follows the wallet's policy:

* ``only_pending``: of other lots only those that are pending give; the rest is the member's to keep;
* ``within_balance``: other pending lots give, then active ones, soonest expiry first; what cannot be
  taken back at all is noted as a shortfall and netted from later awards;
* ``unlimited``: likewise, but what cannot be taken back is owed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from perennial.core.document.program import RefundPolicy
from perennial.core.effects import Debit, Effect, FallShort, Owe
from perennial.core.member import Wallet
from perennial.ledger.account import Account
from perennial.ledger.lot import Lot, spend_order
from perennial.units import Instant, Points


class TakenBack(msgspec.Struct):
    """What was taken back from one wallet.

    ``points`` is what left the wallet or is owed now, ``from_available`` that without what was pending.
    """

    effects: list[Effect] = []
    points: Points = 0
    from_available: Points = 0


def take_back(
    wallet: Wallet,
    unit: int,
    own: Sequence[tuple[int, Points]],
    policy: RefundPolicy,
    at: Instant,
    waited_for: str,
) -> TakenBack:
    """Take the points of ``own`` (number of the award's lot, points to reverse) out of ``wallet``.

    What waited for ``waited_for`` (the order's fulfillment) and was released is the awards' own as well.
    The wallet's lots must be loaded; nothing is changed.
    """
    taking = _Taking(wallet, at)
    missing = 0
    for lot_id, points in own:
        missing += points - taking.take(lot_id, points)
    if missing:
        released = [lot for lot in (wallet.lots or {}).values() if lot.key.waits_for == waited_for]
        missing -= taking.take_from(released, missing)
    if missing:
        others = _others(wallet, at, active=policy is not RefundPolicy.ONLY_PENDING)
        missing -= taking.take_from(others, missing)
    taken = taking.result(unit)
    if missing and policy is RefundPolicy.UNLIMITED:
        taken.effects.append(Owe(unit, missing))
        taken.points += missing
        taken.from_available += missing
    elif missing and policy is RefundPolicy.WITHIN_BALANCE:
        taken.effects.append(FallShort(unit, missing))
    return taken


class _Taking:
    """What is taken from each lot so far, in the order in which it was taken."""

    def __init__(self, wallet: Wallet, at: Instant) -> None:
        if wallet.lots is None:
            raise ValueError("a return needs the lots of the wallet")
        self._wallet = wallet
        self._lots = wallet.lots
        self._at = at
        self._taken: dict[int, Points] = {}

    def take(self, lot_id: int, points: Points) -> Points:
        """Take up to ``points`` from a lot, and return how many it gave; an expired lot gives none."""
        lot = self._lots.get(lot_id)
        if lot is None or (lot.key.expires_at is not None and lot.key.expires_at <= self._at):
            return 0
        part = min(points, lot.remaining - self._taken.get(lot_id, 0))
        if part > 0:
            self._taken[lot_id] = self._taken.get(lot_id, 0) + part
        return max(part, 0)

    def take_from(self, lots: Iterable[Lot], points: Points) -> Points:
        """Take up to ``points`` from several lots, one after the other."""
        taken = 0
        for lot in lots:
            taken += self.take(lot.lot_id, points - taken)
        return taken

    def result(self, unit: int) -> TakenBack:
        """Return one debit per lot."""
        taken = TakenBack()
        for lot_id, points in self._taken.items():
            pending = self._wallet.counts_as_pending(self._lots[lot_id].key)
            taken.effects.append(Debit(unit, points, lot_id, Account.ISSUED, pending))
            taken.points += points
            taken.from_available += 0 if pending else points
        return taken


def _others(wallet: Wallet, at: Instant, *, active: bool) -> list[Lot]:
    """Return the pending lots, then the active ones if they may give, soonest expiry first."""
    lots = sorted((wallet.lots or {}).values(), key=spend_order)
    pending = [lot for lot in lots if not lot.is_available(at)]
    return pending + ([lot for lot in lots if lot.is_available(at)] if active else [])
