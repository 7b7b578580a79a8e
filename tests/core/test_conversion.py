"""A balance in another unit: parts that sum to the whole, dates that stay, and the way back."""

from __future__ import annotations

import pytest

from perennial.core.conversion import Carried, Debts, Part, Terms, carry, carry_back
from perennial.core.member import Wallet
from perennial.ledger.lot import Lot, LotKey, Origin
from perennial.units import DAY, MAX_AMOUNT, Rounding

NOW = 100 * DAY
STARS, POINTS = 1, 2


def lot(remaining: int, expires_in: int | None = None, origin: Origin = Origin.EARNED, **key: object) -> Lot:
    """Return a lot that is there since yesterday, and expires in so many days."""
    available_at = key.get("available_at", NOW - DAY)
    assert available_at is None or isinstance(available_at, int)
    until = None if expires_in is None else NOW + expires_in * DAY
    waits_for = key.get("waits_for")
    assert waits_for is None or isinstance(waits_for, str)
    made = LotKey(origin, available_at, until, waits_for)
    return Lot(made.lot_id, made, remaining, remaining)


def wallet(*lots: Lot, debt: int = 0, shortfall: int = 0) -> Wallet:
    """Return a wallet with these lots."""
    held = {each.lot_id: each for each in lots}
    return Wallet(sum(each.remaining for each in lots), debt=debt, shortfall=shortfall, lots=held)


def given_by(carried: Carried) -> list[int]:
    """Return what each lot became."""
    return [part.given for part in carried.parts]


@pytest.mark.parametrize(
    ("rounding", "parts"),
    [(Rounding.DOWN, [2, 3, 2]), (Rounding.HALF_UP, [3, 2, 3]), (Rounding.UP, [3, 2, 3])],
)
def test_parts_sum_to_the_whole(rounding: Rounding, parts: list[int]) -> None:
    """Three lots of one star at 2:5 are 7.5 points together, however the fractions fall."""
    stars = wallet(lot(1, 10), lot(1, 20), lot(1, 30))
    terms = Terms(STARS, POINTS, 2, 5, rounding)
    carried = carry(stars, terms, NOW)
    assert given_by(carried) == parts
    assert carried.given == terms.of(3)


def test_lots_keep_their_dates_and_what_they_wait_for() -> None:
    """Soonest expiry first, never-expiring ones last; a lot that waits for an order goes on waiting."""
    waiting = lot(4, None, available_at=None, waits_for="o1")
    stars = wallet(lot(2, None), waiting, lot(3, 5))
    carried = carry(stars, Terms(STARS, POINTS, 1, 12), NOW)
    dates = {(part.key.expires_at, part.key.waits_for): part.given for part in carried.parts}
    assert dates == {(NOW + 5 * DAY, None): 36, (None, None): 24, (None, "o1"): 48}
    assert {part.carried.origin for part in carried.parts} == {Origin.CONVERTED}
    assert {part.carried.available_at for part in carried.parts} == {NOW - DAY, None}


def test_what_has_expired_stays() -> None:
    """Its timer takes it, and nothing else."""
    carried = carry(wallet(lot(5, 0), lot(1, 1)), Terms(STARS, POINTS, 1, 2), NOW)
    assert (carried.taken, carried.given) == (1, 2)


@pytest.mark.parametrize(
    ("debts", "debt", "owed", "shortfall", "short"),
    [(Debts.CARRY, 3, 7, 5, 12), (Debts.KEEP, 0, 0, 0, 0), (Debts.FORGIVE, 3, 0, 5, 0)],
)
def test_debts_go_as_declared(debts: Debts, debt: int, owed: int, shortfall: int, short: int) -> None:
    """Carried at the rate, kept where they are, or written off."""
    carried = carry(wallet(debt=3, shortfall=5), Terms(STARS, POINTS, 2, 5, debts=debts), NOW)
    assert (carried.debt, carried.owed, carried.shortfall, carried.short) == (debt, owed, shortfall, short)
    assert bool(carried) is (debts is not Debts.KEEP)


def test_untouched_it_comes_back_to_the_point() -> None:
    """Also where lots became nothing by themselves, and where two lots became one."""
    stars = wallet(lot(1, 10), lot(1, 20), lot(1, 20, Origin.ADJUSTED), lot(7, 30), debt=4, shortfall=2)
    carried = carry(stars, Terms(STARS, POINTS, 3, 1), NOW)
    assert 0 in given_by(carried)
    returned = carry_back(carried, filled(carried), NOW)
    assert {key.lot_id: points for key, points in returned.given} == {
        part.key.lot_id: part.taken for part in carried.parts
    }
    assert (returned.debt, returned.shortfall, returned.gone) == (4, 2, 0)
    assert sum(points for _, points in returned.taken) == carried.given


def filled(carried: Carried, used: dict[int, int] | None = None) -> Wallet:
    """Return the other wallet with what was given, less what was used of each lot."""
    lots: dict[int, Lot] = {}
    for part in carried.parts:
        key = part.carried
        known = lots.setdefault(key.lot_id, Lot(key.lot_id, key, 0, 0))
        known.granted += part.given
        known.remaining += part.given
    for lot_id, points in (used or {}).items():
        lots[lot_id].remaining -= points
    return Wallet(0, debt=carried.owed, shortfall=carried.short, lots=lots)


def test_what_was_used_stays_away_lot_by_lot() -> None:
    """Of 12 points that were a star 11 are less than a star: they stay; 12 of 24 are one of two stars."""
    carried = carry(wallet(lot(1, 10), lot(2, 20)), Terms(STARS, POINTS, 1, 12), NOW)
    first, second = (part.carried.lot_id for part in carried.parts)
    returned = carry_back(carried, filled(carried, {first: 1, second: 12}), NOW)
    assert [(key.lot_id, points) for key, points in returned.taken] == [(second, 12)]
    assert [points for _, points in returned.given] == [1]
    assert returned.gone == 13


def test_what_was_fulfilled_meanwhile_comes_back_with_its_dates() -> None:
    """A lot that waited for an order has its dates there: they come along; what was spent of it is gone."""
    waiting = [lot(4, None, available_at=None, waits_for=order) for order in ("o1", "o2")]
    carried = carry(wallet(*waiting), Terms(STARS, POINTS, 1, 12), NOW)
    points = filled(carried)
    assert points.lots is not None
    place = next(part.carried.lot_id for part in carried.parts if part.key.waits_for == "o1")
    points.lots[place].remaining = 0
    dated = lot(36, 90, available_at=NOW + DAY, waits_for="o1")
    points.lots[dated.lot_id] = dated
    returned = carry_back(carried, points, NOW + 2 * DAY)
    assert {(key.lot_id, taken) for key, taken in returned.taken} == {
        (dated.lot_id, 36),
        (next(part.carried.lot_id for part in carried.parts if part.key.waits_for == "o2"), 48),
    }
    assert {(key.waits_for, key.available_at, key.expires_at, points) for key, points in returned.given} == {
        ("o1", NOW + DAY, NOW + 90 * DAY, 3),
        ("o2", None, None, 4),
    }
    assert returned.gone == 12
    late = carry_back(carried, points, NOW + 91 * DAY)
    assert [(key.waits_for, points) for key, points in late.given] == [("o2", 4)]


def test_what_expired_meanwhile_does_not_come_back() -> None:
    """It would have expired there as well."""
    carried = carry(wallet(lot(1, 10), lot(2, 20)), Terms(STARS, POINTS, 1, 12), NOW)
    returned = carry_back(carried, filled(carried), NOW + 15 * DAY)
    assert [points for _, points in returned.given] == [2]
    assert returned.gone == 12


def test_amounts_are_exact_at_the_largest() -> None:
    """No floating point anywhere near."""
    carried = carry(wallet(lot(MAX_AMOUNT - 1, 10)), Terms(STARS, POINTS, 999_983, 999_979), NOW)
    assert carried.given == (MAX_AMOUNT - 1) * 999_979 // 999_983
    assert carried.parts == (Part(carried.parts[0].key, MAX_AMOUNT - 1, carried.given),)
