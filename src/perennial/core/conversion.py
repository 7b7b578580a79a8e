"""What a balance becomes in another unit, and how it comes back: arithmetic on lots, nothing else.

A program that counted visits and now counts money carries the stars of its members over at a declared
rate. Every lot keeps its dates. The rate applies to the sum: the lots are taken in the order in which they
would be spent, and each gets what the rounded running sum grows by, so that the parts sum to the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from perennial.core.member import Wallet
from perennial.ledger.lot import Lot, LotKey, Origin, spend_order
from perennial.units import Instant, Points, Rounding, divide


class Debts(StrEnum):
    """What becomes of what a member owes, or what is to be netted from later awards.

    ``carry``: it is owed in the other unit, at the same rate; ``keep``: it stays where it is; ``forgive``: it
    is written off.
    """

    CARRY = "carry"
    KEEP = "keep"
    FORGIVE = "forgive"


class Terms(msgspec.Struct, frozen=True):
    """The declared rate: ``take`` points of ``unit`` become ``give`` points of ``into`` (units by number)."""

    unit: int
    into: int
    take: int
    give: int
    rounding: Rounding = Rounding.DOWN
    debts: Debts = Debts.CARRY

    def of(self, points: Points) -> Points:
        """Return what so many points become."""
        return divide(points * self.give, self.take, self.rounding)


class Part(msgspec.Struct, frozen=True, array_like=True):
    """One lot that was carried over: its ``key`` before, what was ``taken`` of it, and what that became."""

    key: LotKey
    taken: Points
    given: Points

    @property
    def carried(self) -> LotKey:
        """The lot in the other unit: the same dates."""
        return LotKey(Origin.CONVERTED, self.key.available_at, self.key.expires_at, self.key.waits_for)


class Carried(msgspec.Struct, frozen=True):
    """What was carried over of one wallet: its lots, what it owed, and its shortfall, before and after."""

    parts: tuple[Part, ...] = ()
    debt: Points = 0
    owed: Points = 0
    shortfall: Points = 0
    short: Points = 0

    @property
    def taken(self) -> Points:
        """The points that left the unit."""
        return sum(part.taken for part in self.parts)

    @property
    def given(self) -> Points:
        """The points of the other unit that they became."""
        return sum(part.given for part in self.parts)

    def __bool__(self) -> bool:
        return bool(self.parts or self.debt or self.shortfall)


class Returned(msgspec.Struct, frozen=True):
    """What comes back of what was carried: per lot, in either unit.

    ``taken`` leaves lots of the other unit, ``given`` enters lots of the first one. ``gone`` is what the
    other unit's lots no longer have: it was spent or expired, and what it was before stays away.
    """

    taken: tuple[tuple[LotKey, Points], ...] = ()
    given: tuple[tuple[LotKey, Points], ...] = ()
    gone: Points = 0
    debt: Points = 0
    owed: Points = 0
    shortfall: Points = 0
    short: Points = 0


def carry(wallet: Wallet, terms: Terms, at: Instant) -> Carried:
    """Return what carrying a wallet over at ``at`` moves; its lots must be loaded. Nothing is changed.

    What has expired by then stays, for its timer to take.
    """
    parts = []
    before = after = 0
    for lot in _open(wallet, at):
        before += lot.remaining
        whole = terms.of(before)
        parts.append(Part(lot.key, lot.remaining, whole - after))
        after = whole
    if terms.debts is Debts.KEEP:
        return Carried(tuple(parts))
    carries = terms.debts is Debts.CARRY
    return Carried(
        parts=tuple(parts),
        debt=wallet.debt,
        owed=terms.of(wallet.debt) if carries else 0,
        shortfall=wallet.shortfall,
        short=terms.of(wallet.shortfall) if carries else 0,
    )


def carry_back(carried: Carried, wallet: Wallet, at: Instant) -> Returned:
    """Return what comes back of ``carried``, given the wallet of the other unit as it is now.

    A lot that still has all that it was given comes back whole. Of one that was partly used, the first lot
    gets its share back in whole points: what is left is worth less than one, and stays. What waited for an
    order that was fulfilled meanwhile comes back with the dates that it got there.
    """
    taken: list[tuple[LotKey, Points]] = []
    given: list[tuple[LotKey, Points]] = []
    gone = 0
    for group in _groups(carried.parts):
        whole = sum(part.given for part in group)
        before = sum(part.taken for part in group)
        left = 0
        key = next((part.carried for part in group if part.given), None)
        if key is not None:
            key = _dated(wallet, key)
            left = min(whole, _left(wallet, key, at))
        gone += whole - left
        back = before * left // whole if whole else before
        if back and key is not None:
            # No more is taken than what comes back was worth; the rest stays where it is.
            taken.append((key, -(-back * whole // before)))
        given += _spread(group, back, key, at)
    owed = min(carried.owed, wallet.debt)
    short = min(carried.short, wallet.shortfall)
    return Returned(
        taken=tuple(taken),
        given=tuple(given),
        gone=gone,
        debt=carried.debt * owed // carried.owed if carried.owed else carried.debt,
        owed=owed,
        shortfall=carried.shortfall * short // carried.short if carried.short else carried.shortfall,
        short=short,
    )


def _open(wallet: Wallet, at: Instant) -> list[Lot]:
    if wallet.lots is None:
        raise ValueError("carrying over needs the lots of the wallet")
    lots = [lot for lot in wallet.lots.values() if lot.remaining > 0 and not _expired(lot.key, at)]
    return sorted(lots, key=spend_order)


def _expired(key: LotKey, at: Instant) -> bool:
    return key.expires_at is not None and key.expires_at <= at


def _left(wallet: Wallet, key: LotKey, at: Instant) -> Points:
    lot = (wallet.lots or {}).get(key.lot_id)
    return 0 if lot is None or _expired(key, at) else lot.remaining


def _dated(wallet: Wallet, key: LotKey) -> LotKey:
    """Return the key of a lot as it is now: one that waited for an order may have got its dates."""
    if key.waits_for is None or key.available_at is not None:
        return key
    keys = [lot.key for lot in (wallet.lots or {}).values() if lot.key.waits_for == key.waits_for]
    return next((each for each in keys if each.available_at is not None), key)


def _groups(parts: tuple[Part, ...]) -> Iterator[list[Part]]:
    """Put parts together that became one lot; what became nothing by itself goes with the next that did."""
    groups: dict[LotKey, list[Part]] = {}
    waiting: list[Part] = []
    for part in parts:
        waiting.append(part)
        if part.given:
            groups.setdefault(part.carried, []).extend(waiting)
            waiting = []
    if waiting:
        last = list(groups.values())
        (last[-1] if last else groups.setdefault(waiting[0].carried, [])).extend(waiting)
    yield from groups.values()


def _spread(
    group: list[Part], points: Points, now: LotKey | None, at: Instant
) -> list[tuple[LotKey, Points]]:
    """Give points back to the lots of a group, to those first that would have been spent last.

    ``now`` is what the lot in the other unit is by now: its dates are those of the order that it waited for.
    """
    given = []
    for part in reversed(group):
        back = min(part.taken, points)
        points -= back
        key = part.key
        if now is not None and key.available_at is None and key.waits_for == now.waits_for:
            key = LotKey(key.origin, now.available_at, now.expires_at, key.waits_for)
        if back and not _expired(key, at):
            given.append((key, back))
    return given
