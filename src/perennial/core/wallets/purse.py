"""A member's points while a cart is worked out: what is available, reserved, and debited lot by lot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from perennial.core.effects import Debit, Effect
from perennial.core.member import Member, Wallet
from perennial.core.version import Version
from perennial.core.wallets.credit import activity
from perennial.core.wallets.spending import everything_in, spend
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey
from perennial.units import Instant, Points

Debited: TypeAlias = tuple[Debit, LotKey, bool]
"""A debit, the lot that it used, and whether the points come back when it is undone."""


class Purse:
    """The member's points while a checkout is worked out: what is available, reserved and debited."""

    def __init__(self, member: Member, at: Instant, target: Account) -> None:
        self._member = member
        self._at = at
        self._target = target
        self._reserved: dict[int, Points] = {}
        self._paid: dict[int, dict[int, list[tuple[Points, bool]]]] = {}
        self._debited: dict[int, list[Debited]] = {}

    def available(self, unit: int) -> Points:
        """Return what may be spent: available lots, less what is owed and what is reserved."""
        wallet = self._member.wallets.get(unit) or Wallet(lots={})
        return max(everything_in(wallet, self._at) - wallet.debt - self._reserved.get(unit, 0), 0)

    def reserve(self, unit: int, points: Points) -> None:
        """Set points aside."""
        self._reserved[unit] = self._reserved.get(unit, 0) + points

    def pay(self, version: Version, unit: int, points: Points, *, refundable: bool) -> None:
        """Spend points; they were found to be available."""
        self.reserve(unit, points)
        self._paid.setdefault(version.program_id, {}).setdefault(unit, []).append((points, refundable))

    def effects(self, version: Version, at: Instant) -> list[Effect]:
        """Return the debits of one program's wallets, lot by lot, and the activity that they are."""
        effects: list[Effect] = []
        for unit, parts in self._paid.get(version.program_id, {}).items():
            wallet = self._member.wallets.get(unit) or Wallet(lots={})
            spent, _ = spend(wallet, unit, sum(points for points, _ in parts), at, self._target)
            effects += spent
            effects += [effect for effect in activity(version, "spending", at) if effect.unit == unit]
            self._debited.setdefault(version.program_id, []).extend(_shared_out(wallet, spent, parts))
        return effects

    def debited(self) -> dict[int, tuple[Debited, ...]]:
        """Return every debit with its lot, and whether the points come back; call ``effects`` before."""
        return {program: tuple(debits) for program, debits in self._debited.items()}


def _shared_out(
    wallet: Wallet, spent: Sequence[Effect], parts: Sequence[tuple[Points, bool]]
) -> list[Debited]:
    """Split debits between what is refundable and what is not, in the order in which it was paid."""
    queue = [[points, refundable] for points, refundable in parts]
    found: list[Debited] = []
    for effect in spent:
        if not isinstance(effect, Debit) or wallet.lots is None:
            continue
        left = effect.amount
        while left:
            points, refundable = queue[0]
            part = min(left, points)
            debit = Debit(effect.unit, part, effect.lot_id, effect.target, effect.pending)
            found.append((debit, wallet.lots[effect.lot_id].key, bool(refundable)))
            left -= part
            queue[0][0] -= part
            if not queue[0][0]:
                queue.pop(0)
    return found
