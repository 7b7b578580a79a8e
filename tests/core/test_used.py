"""Giving back what a redemption used: in proportion, cumulative, whole with the last unit."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from perennial.core.checkout.used import (
    Used,
    UsedByProgram,
    UsedLot,
    UsedOfProduct,
    UsedPlace,
    capture,
    give_back,
)
from perennial.core.effects import Capture, GiveBack, UseBudget, UseLimit, UseVoucher
from perennial.ledger.account import Account
from perennial.ledger.lot import LotKey, Origin

ANNA = UUID(int=1)
CARD = UUID(int=2)
LASTING = LotKey(Origin.EARNED, 0, None)
ENDING = LotKey(Origin.EARNED, 0, 100)
GRACE = {7: 900}


def used(*lots: UsedLot, captured: bool = True) -> Used:
    """Return what was used on an order of two lines, which cost 30.00 and 10.00."""
    part = UsedByProgram(
        program=1,
        version=1,
        lots=lots,
        limits=(UseLimit(5, 0, 1, 9), UseBudget(6, 0, 300, 999)),
        vouchers=(UseVoucher(0, ANNA, CARD, 1),),
    )
    return Used((part,), ("a", "b"), (3, 1), (3_000, 1_000), (0, 0), captured=captured)


def points(returning: list) -> int:  # type: ignore[type-arg]
    """Return the points that came back."""
    return sum(e.amount for part in returning for e in part.effects if isinstance(e, GiveBack))


def test_the_whole_comes_back_with_limits_and_vouchers() -> None:
    """Everything returned gives back the lot, the limit, the budget and the voucher."""
    before = used(UsedLot(0, ANNA, 7, LASTING, 400))
    after, returning = give_back(before, (3, 1), 50, GRACE, (0, ANNA), {})
    assert after.over
    assert [effect for part in returning for effect in part.effects] == [
        GiveBack(7, 400, LASTING, Account.REDEEMED, pending=False),
        UseLimit(5, 0, -1, 9),
        UseBudget(6, 0, -300, 999),
        UseVoucher(0, ANNA, CARD, -1),
    ]


def test_a_part_gives_back_its_share_of_the_points_only() -> None:
    """A unit of 10.00 of 40.00 gives back a quarter of the points; the voucher stays used."""
    after, returning = give_back(used(UsedLot(0, ANNA, 7, LASTING, 401)), (1, 0), 50, GRACE, (0, ANNA), {})
    assert not after.over
    assert [effect for part in returning for effect in part.effects] == [
        GiveBack(7, 100, LASTING, Account.REDEEMED, pending=False)
    ]


def test_points_of_a_lot_that_has_expired_come_back_with_a_grace_date() -> None:
    """At its expiry a lot is no place to return to: the points are a new lot until the grace ends."""
    _, returning = give_back(used(UsedLot(0, ANNA, 7, ENDING, 400)), (3, 1), 100, GRACE, (0, ANNA), {})
    key = LotKey(Origin.RETURNED, 100, 900)
    assert returning[0].effects[0] == GiveBack(7, 400, key, Account.REDEEMED, pending=False)


def test_what_is_not_refundable_comes_back_from_a_hold_only() -> None:
    """The price of a reward that is not refundable is released with a hold, but not after redeeming."""
    lot = UsedLot(0, ANNA, 7, LASTING, 400, False)
    assert points(give_back(used(lot, captured=False), (3, 1), 50, GRACE, (0, ANNA), {}, void=True)[1]) == 400
    assert points(give_back(used(lot), (3, 1), 50, GRACE, (0, ANNA), {}, void=True)[1]) == 0


def test_redeeming_a_hold_captures_every_owner_s_part() -> None:
    """The member's points and the card's money are each captured where they are."""
    held = used(UsedLot(0, ANNA, 7, LASTING, 400), UsedLot(3, CARD, 8, LASTING, 50), captured=False)
    after, returning = capture(held)
    assert after.captured
    assert [(part.bucket, part.owner, part.effects) for part in returning] == [
        (0, ANNA, (Capture(7, 400),)),
        (3, CARD, (Capture(8, 50),)),
    ]


UNITS = st.tuples(st.integers(0, 3), st.integers(0, 1))


@given(st.lists(UNITS, max_size=6), st.integers(1, 999), st.booleans())
def test_any_parts_sum_to_the_whole(steps: list[tuple[int, int]], amount: int, void: bool) -> None:
    """However the units come back, one after the other, the points sum to what was used."""
    state, sum_back = used(UsedLot(0, ANNA, 7, LASTING, amount)), 0
    for a, b in [*steps, (3, 1)]:
        returned = (max(state.returned[0], a), max(state.returned[1], b))
        if state.over:
            break
        state, returning = give_back(
            state, returned, 50, GRACE, (0, ANNA), {}, void=void and returned == (3, 1)
        )
        sum_back += points(returning)
    assert (state.over, sum_back) == (True, amount)


def test_the_share_of_several_lots_is_rounded_once_and_what_was_used_last_comes_back_first() -> None:
    """A quarter of 49 and 151 is 50, all of it of the second lot; three quarters more empty both."""
    early, late = UsedLot(0, ANNA, 7, ENDING, 49), UsedLot(0, ANNA, 7, LASTING, 151)
    state, first = give_back(used(early, late), (1, 0), 50, GRACE, (0, ANNA), {})
    assert [e for part in first for e in part.effects] == [
        GiveBack(7, 50, LASTING, Account.REDEEMED, pending=False)
    ]
    _, second = give_back(state, (3, 1), 50, GRACE, (0, ANNA), {})
    assert [e for part in second for e in part.effects if isinstance(e, GiveBack)] == [
        GiveBack(7, 101, LASTING, Account.REDEEMED, pending=False),
        GiveBack(7, 49, ENDING, Account.REDEEMED, pending=False),
    ]


@given(st.lists(st.integers(1, 99), min_size=1, max_size=5), st.lists(UNITS, max_size=4))
def test_the_share_is_that_of_the_sum_and_no_lot_gets_more_than_it_gave(
    amounts: list[int], steps: list[tuple[int, int]]
) -> None:
    """Every part brings the share of all lots together, however it is spread, and at last each is whole."""
    keys = [LotKey(Origin.EARNED, number, None) for number in range(len(amounts))]
    state = used(*(UsedLot(0, ANNA, 7, key, amount) for key, amount in zip(keys, amounts, strict=True)))
    back = dict.fromkeys(keys, 0)
    for a, b in [*steps, (3, 1)]:
        returned = (max(state.returned[0], a), max(state.returned[1], b))
        if state.over:
            break
        state, returning = give_back(state, returned, 50, GRACE, (0, ANNA), {})
        for effect in (e for part in returning for e in part.effects if isinstance(e, GiveBack)):
            back[effect.key] += effect.amount
        assert sum(back.values()) == sum(amounts) * (returned[0] * 1_000 + returned[1] * 1_000) // 4_000
        assert all(back[key] <= amount for key, amount in zip(keys, amounts, strict=True))
    assert list(back.values()) == amounts


@given(st.lists(UNITS, max_size=6), st.integers(1, 4), st.booleans())
def test_units_of_products_come_back_as_in_one_return(
    steps: list[tuple[int, int]], amount: int, kept: bool
) -> None:
    """Whatever comes back first, what is free is the share of the units, and in the end everything."""
    use = UseLimit(5, 0, amount, 9)
    part = UsedByProgram(1, 1, products=(UsedOfProduct(use, (0, 1)),), kept=(5,) if kept else ())
    state = Used((part,), ("a", "b"), (3, 1), (3_000, 1_000), (0, 0), captured=True)
    freed = 0
    for a, b in [*steps, (3, 1)]:
        returned = (max(state.returned[0], a), max(state.returned[1], b))
        if state.over:
            break
        state, returning = give_back(state, returned, 50, GRACE, (0, ANNA), {})
        freed -= sum(e.amount for one in returning for e in one.effects if isinstance(e, UseLimit))
        assert freed == (0 if kept else amount * sum(returned) // 4)
    assert freed == (0 if kept else amount)


def test_a_void_hold_frees_what_is_left_of_a_product() -> None:
    """What a part gave back before is not freed twice."""
    part = UsedByProgram(1, 1, products=(UsedOfProduct(UseBudget(6, 0, 3, 9), (0,)),), kept=(6,))
    state = Used((part,), ("a",), (3,), (3_000,), (0,))
    state, first = give_back(state, (1,), 50, GRACE, (0, ANNA), {})
    _, rest = give_back(state, (1,), 50, GRACE, (0, ANNA), {}, void=True)
    assert [[e for one in part for e in one.effects] for part in (first, rest)] == [
        [UseBudget(6, 0, -1, 9)],
        [UseBudget(6, 0, -2, 9)],
    ]


def test_a_place_is_left_with_the_last_time() -> None:
    """A customer who took part twice keeps the place when one of them comes back."""
    place = UsedPlace(UseLimit(5, 0, 1, 9), UseBudget(6, 0, 1, 2))
    part = UsedByProgram(program=1, version=1, places=(place,))
    state = Used((part,), ("a",), (1,), (100,), (0,), captured=True)
    for noted, expected in (
        (2, [UseLimit(5, 0, -1, 9)]),
        (1, [UseLimit(5, 0, -1, 9), UseBudget(6, 0, -1, 2)]),
    ):
        _, returning = give_back(state, (1,), 50, GRACE, (0, ANNA), {5: {0: noted}})
        assert [effect for one in returning for effect in one.effects] == expected
