"""What a redemption used, as it is stored: all that giving it back needs, and nothing of the person.

Giving back is cumulative: after any number of partial returns exactly as much is back as after one
return of the same lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

import msgspec

from perennial.core.effects import (
    Capture,
    Effect,
    GiveBack,
    UseBudget,
    UseLimit,
    UseVoucher,
)
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin
from perennial.units import Instant, Minor, Points


class UsedLot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``amount`` was taken out of the lot ``key`` of the wallet of ``owner``, who lives in ``bucket``."""

    bucket: int
    owner: UUID
    unit: int
    key: LotKey
    amount: Points
    refundable: bool = True


class UsedPlace(msgspec.Struct, frozen=True, array_like=True):
    """A place among the first so many customers of a limit.

    ``marker`` counts how often the customer took part, ``budget`` the customers. Whoever took part more
    than once keeps the place until the last of it is given back, whichever that is.
    """

    marker: UseLimit
    budget: UseBudget


class UsedOfProduct(msgspec.Struct, frozen=True, array_like=True):
    """Units of one product that a limit counts; ``lines`` are the places of its lines in the order."""

    use: UseLimit | UseBudget
    lines: tuple[int, ...]


class UsedByProgram(msgspec.Struct, frozen=True, array_like=True):
    """What was used under one version of one program; ``rewards`` are those that were applied.

    ``kept`` are the numbers of limits whose use comes back only as long as it is held. ``products`` are the
    limits by product; of what was used before those were told apart they stand among ``limits``.
    """

    program: int
    version: int
    rewards: tuple[str, ...] = ()
    lots: tuple[UsedLot, ...] = ()
    limits: tuple[UseLimit | UseBudget, ...] = ()
    vouchers: tuple[UseVoucher, ...] = ()
    places: tuple[UsedPlace, ...] = ()
    kept: tuple[int, ...] = ()
    products: tuple[UsedOfProduct, ...] = ()


class Used(msgspec.Struct, frozen=True, array_like=True):
    """Everything that a redemption used. ``captured``: it is redeemed, and not only held.

    ``ids`` and ``quantities`` name the lines of the order, ``paid`` is what each of them cost in the end,
    and ``returned`` counts the units that came back. ``at`` is when it was used.
    """

    programs: tuple[UsedByProgram, ...]
    ids: tuple[str, ...]
    quantities: tuple[int, ...]
    paid: tuple[Minor, ...]
    returned: tuple[int, ...]
    captured: bool = False
    over: bool = False
    at: Instant = 0

    @property
    def account(self) -> Account:
        """Return where the points went."""
        return Account.REDEEMED if self.captured else Account.HELD


class Returning(msgspec.Struct, frozen=True):
    """What one owner gets back under one program: effects for the ledger, limits and vouchers."""

    program: int
    version: int
    bucket: int
    owner: UUID
    effects: tuple[Effect, ...]


def handed_over(used: Used, before: tuple[int, UUID], after: tuple[int, UUID]) -> Used:
    """Return what was used as it stands once its customer was merged into another.

    ``before`` and ``after`` are bucket and customer. What of it comes back does so to the survivor: points as
    lots of their own, with the dates that they had, for the survivor's wallet was never granted them.
    """

    def moved(part: UsedByProgram) -> UsedByProgram:
        return msgspec.structs.replace(
            part,
            lots=tuple(
                msgspec.structs.replace(
                    lot,
                    bucket=after[0],
                    owner=after[1],
                    key=LotKey(Origin.RETURNED, lot.key.available_at, lot.key.expires_at),
                )
                if (lot.bucket, lot.owner) == before
                else lot
                for lot in part.lots
            ),
            vouchers=tuple(
                msgspec.structs.replace(each, bucket=after[0], holder=after[1])
                if (each.bucket, each.holder) == before
                else each
                for each in part.vouchers
            ),
        )

    return msgspec.structs.replace(used, programs=tuple(moved(part) for part in used.programs))


def capture(used: Used) -> tuple[Used, list[Returning]]:
    """Return what redeems everything that was held."""
    found = [
        Returning(
            part.program,
            part.version,
            bucket,
            owner,
            tuple(Capture(lot.unit, lot.amount) for lot in lots),
        )
        for part in used.programs
        for (bucket, owner), lots in _by_owner(part.lots).items()
    ]
    return msgspec.structs.replace(used, captured=True), found


def give_back(
    used: Used,
    returned: tuple[int, ...],
    at: Instant,
    grace_until: Mapping[int, Instant | None],
    holder: tuple[int, UUID],
    limits: Mapping[int, Mapping[int, int]],
    *,
    void: bool = False,
) -> tuple[Used, list[Returning]]:
    """Return what comes back once ``returned`` units of each line are back, less what came back before.

    Of the points of one owner the share of what came back is rounded down once. They go into the lots that
    they came from, what was used last first, as if less had been bought; or where a lot has expired into a
    new one until ``grace_until`` (by the number of the unit). What is counted by product comes back in
    proportion to the product's units, rounded down; other limits, budgets and vouchers come back with the
    last unit, or all at once if everything is ``void``; ``holder`` (bucket and customer) used them, of whose
    limits ``limits`` says what is used, by number and period.
    """
    before, after = _value(used, used.returned), _value(used, returned)
    whole = _value(used, used.quantities)
    over = void or returned == used.quantities
    found = []
    for part in used.programs:
        shares: dict[tuple[int, UUID], list[Effect]] = {}
        for lots in _together(part.lots):
            if not lots[0].refundable and used.captured:
                continue
            points = sum(lot.amount for lot in lots)
            back = points if over else _share(points, after, whole)
            for lot, amount in _last_first(lots, _share(points, before, whole), back):
                effect = _into_lot(lot, amount, at, grace_until.get(lot.unit), used.account)
                shares.setdefault((lot.bucket, lot.owner), []).append(effect)
        kept = part.kept if used.captured else ()
        undone = [*_units_back(part.products, used, returned, kept, over=over)]
        if over:
            undone += [
                msgspec.structs.replace(use, amount=-use.amount)
                for use in part.limits
                if number_of_use(use) not in kept
            ]
            undone += [msgspec.structs.replace(use, uses=-use.uses) for use in part.vouchers]
            places = [place for place in part.places if place.budget.budget not in kept]
            undone += _leave_places(places, limits)
        shares.setdefault(holder, []).extend(undone)
        found += [
            Returning(part.program, part.version, bucket, owner, tuple(effects))
            for (bucket, owner), effects in shares.items()
            if effects
        ]
    return msgspec.structs.replace(used, returned=returned, over=over), found


def _units_back(
    products: Iterable[UsedOfProduct],
    used: Used,
    returned: tuple[int, ...],
    kept: tuple[int, ...],
    *,
    over: bool,
) -> Iterator[Effect]:
    """Take back what is counted by product, as far as its units came back since the last time."""
    for each in products:
        if number_of_use(each.use) in kept:
            continue
        units = sum(used.quantities[line] for line in each.lines)
        before, after = (
            _share(each.use.amount, sum(back[line] for line in each.lines), units)
            for back in (used.returned, returned)
        )
        amount = (each.use.amount if over else after) - before
        if amount > 0:
            yield msgspec.structs.replace(each.use, amount=-amount)


def number_of_use(use: UseLimit | UseBudget) -> int:
    """Return the number of the limit or budget that was used."""
    return use.limit if isinstance(use, UseLimit) else use.budget


def _leave_places(
    places: Iterable[UsedPlace], limits: Mapping[int, Mapping[int, int]]
) -> Iterator[UseLimit | UseBudget]:
    """Take back that the customer took part, and the place with the last time."""
    for place in places:
        marker = place.marker
        noted = limits.get(marker.limit, {}).get(marker.period, 0)
        back = min(marker.amount, noted)
        if back > 0:
            yield msgspec.structs.replace(marker, amount=-back)
        if 0 < back == noted:
            yield msgspec.structs.replace(place.budget, amount=-place.budget.amount)


def _by_owner(lots: tuple[UsedLot, ...]) -> dict[tuple[int, UUID], list[UsedLot]]:
    found: dict[tuple[int, UUID], list[UsedLot]] = {}
    for lot in lots:
        found.setdefault((lot.bucket, lot.owner), []).append(lot)
    return found


def _together(lots: Iterable[UsedLot]) -> Iterable[list[UsedLot]]:
    """Return the lots that come back as one sum: those of one owner's wallet, in the order of their use."""
    found: dict[tuple[int, UUID, int, bool], list[UsedLot]] = {}
    for lot in lots:
        found.setdefault((lot.bucket, lot.owner, lot.unit, lot.refundable), []).append(lot)
    return found.values()


def _last_first(lots: list[UsedLot], before: Points, after: Points) -> Iterator[tuple[UsedLot, Points]]:
    """Yield what each lot gets when ``after`` points are back in all, ``before`` of them earlier."""
    for lot in reversed(lots):
        amount = min(after, lot.amount) - min(before, lot.amount)
        if amount > 0:
            yield lot, amount
        before, after = max(before - lot.amount, 0), max(after - lot.amount, 0)


def _value(used: Used, units: tuple[int, ...]) -> Minor:
    """Return what so many units of each line cost together, rounded down line by line."""
    return sum(
        paid * count // quantity if quantity else 0
        for paid, count, quantity in zip(used.paid, units, used.quantities, strict=True)
    )


def _share(amount: Points, value: Minor, whole: Minor) -> Points:
    return amount * value // whole if whole > 0 else 0


def _into_lot(lot: UsedLot, amount: Points, at: Instant, until: Instant | None, source: Account) -> GiveBack:
    expires_at = lot.key.expires_at
    if expires_at is None or at < expires_at:
        return GiveBack(lot.unit, amount, lot.key, source, pending=False)
    return GiveBack(lot.unit, amount, LotKey(Origin.RETURNED, at, until), source, pending=False)
