"""The units of a line with their prices: split, reduced and removed, exact to the minor unit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from perennial.core.orders.unit_prices import Run, Runs, rebased, remove, split, take_evenly, take_off
from perennial.units import allocate


def prices(runs: Runs) -> list[int]:
    """What each unit costs now."""
    return [run.left for run in runs for _ in range(run.count)]


def test_a_line_is_split_to_the_minor_unit() -> None:
    """1.00 for three units is 0.34, 0.33 and 0.33; nothing and less than nothing have no units."""
    assert split(100, 100, 3) == (Run(34, 34, 1), Run(33, 33, 2))
    assert split(100, 100, 0) == split(-5, -5, 1) == ()


def test_a_million_units_are_two_runs() -> None:
    """The quantity costs nothing: equal units are kept together."""
    assert split(10**12 + 1, 10**12 + 1, 10**6) == (
        Run(10**6 + 1, 10**6 + 1, 1),
        Run(10**6, 10**6, 10**6 - 1),
    )


def test_amounts_come_off_the_first_units_of_their_price() -> None:
    """Two units of 5.00 lose 2.00 each, a third loses 1.00, and others keep their price."""
    runs = (Run(700, 700, 1), Run(500, 500, 4))
    after, taken = take_off(runs, 500, [(2, 200), (1, 100)], floor=0, room=10_000)
    assert (prices(after), taken) == ([700, 300, 300, 400, 500], 500)


def test_no_unit_falls_below_its_floor_and_no_more_is_taken_than_there_is_room() -> None:
    """A floor of 4.50 leaves 0.50 of each; room for 0.80 is 0.50 and 0.30."""
    after, taken = take_off((Run(500, 500, 3),), 500, [(3, 200)], floor=450, room=80)
    assert (prices(after), taken) == ([450, 470, 500], 80)


def test_the_next_reward_looks_at_what_is_left_or_at_the_beginning() -> None:
    """After 1.00 off the first of three units, the base follows the price, or the first split."""
    runs, _ = take_off(split(1_000, 1_000, 3), 334, [(1, 100)], floor=0, room=1_000)
    assert rebased(runs, None) == (Run(234, 234, 1), Run(333, 333, 2))
    assert rebased(runs, 1_000) == (Run(334, 234, 1), Run(333, 333, 2))


def test_units_leave() -> None:
    """Two of the three cheaper units are gone."""
    assert prices(remove((Run(9, 9, 2), Run(5, 5, 3)), 5, 2)) == [9, 9, 5]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 4)), min_size=1, max_size=5),
    st.integers(1, 100),
)
def test_a_line_amount_is_shared_as_over_single_units(
    given_runs: list[tuple[int, int]], percent: int
) -> None:
    """Taking an amount off all units together is the largest remainder over each of them."""
    runs = tuple(Run(left, left, count) for left, count in given_runs)
    before = prices(runs)
    amount = sum(before) * percent // 100
    if amount:
        shares = allocate(amount, before)
        expected = [price - share for price, share in zip(before, shares, strict=True)]
        assert prices(take_evenly(runs, amount, 0)) == expected
