"""The ledger of the reference model: lots, and a wallet that spends them and owes."""

from __future__ import annotations

from dataclasses import dataclass, field

Key = tuple[object, ...]


class Refused(Exception):
    """What the model refuses; its text is the code."""


@dataclass
class Lot:
    """Points with an age; ``None`` for a date that is not there (yet)."""

    available: int | None
    expires: int | None
    left: int
    origin: str
    waits_for: str | None = None

    def dates(self) -> Key:
        """What makes two credits one lot."""
        return self.origin, self.waits_for, self.available, self.expires


@dataclass
class Wallet:
    """The lots of one customer in one unit, and what is owed."""

    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    shortfall: int = 0

    def put(self, lot: Lot, *, award: bool) -> Lot:
        """A credit: an award first makes up for what could not be taken back, then debts are paid.

        Credits of one origin with equal dates are one lot, unless they wait for an event.
        """
        if award:
            made_up = min(self.shortfall, lot.left)
            self.shortfall -= made_up
            lot.left -= made_up
        paid = min(self.debt, lot.left)
        self.debt -= paid
        lot.left -= paid
        for other in self.lots:
            if lot.waits_for is None and other.dates() == lot.dates():
                other.left += lot.left
                return other
        self.lots.append(lot)
        return lot

    def spend(self, amount: int, at: int, *, owing: bool = False) -> list[tuple[Lot, int]]:
        """Soonest expiry first, then oldest, never-expiring last; all or nothing, unless it may be owed."""
        usable = [lot for lot in self.lots if active(lot, at)]
        if sum(lot.left for lot in usable) - self.debt < amount and not owing:
            raise Refused("insufficient_points")
        taken = drain(sorted(usable, key=spend_first), amount)
        self.debt += amount - sum(part for _, part in taken)
        return taken

    def take_back(self, amount: int, at: int, own: Lot, policy: str) -> None:
        """The award's own lot, then what else is pending, then by policy the rest and a debt."""
        others = sorted((lot for lot in self.lots if lot is not own), key=spend_first)
        lots = [own, *(lot for lot in others if not active(lot, at))]
        if policy != "only_pending":
            lots += [lot for lot in others if active(lot, at)]
        missing = amount - sum(part for _, part in drain(lots, amount))
        if policy == "unlimited":
            self.debt += missing
        elif policy == "within_balance":
            self.shortfall += missing


def active(lot: Lot, at: int) -> bool:
    """Whether a lot may be spent."""
    return lot.available is not None and lot.available <= at and (lot.expires is None or at < lot.expires)


def spend_first(lot: Lot) -> tuple[bool, int, int]:
    """The order in which lots are spent."""
    return (lot.expires is None, lot.expires or 0, lot.available or 0)


def drain(lots: list[Lot], amount: int) -> list[tuple[Lot, int]]:
    """Take as much of an amount as the lots hold, one after the other."""
    taken = []
    for lot in lots:
        part = min(amount, lot.left)
        lot.left -= part
        amount -= part
        taken.append((lot, part))
    return [(lot, part) for lot, part in taken if part]
