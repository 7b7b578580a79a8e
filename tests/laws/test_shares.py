"""Shares by largest remainder: they sum to the whole, and are what sorting by the remainder gives."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from perennial.units import allocate


@given(total=st.integers(0, 10**15), weights=st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
@example(total=4, weights=[1] * 9)
@example(total=5, weights=[1] * 9)
def test_shares_are_largest_remainders(total: int, weights: list[int]) -> None:
    """Few or many parts are missing, weights are equal or nothing: of equals the earlier is served first."""
    whole = sum(weights)
    counted = weights if whole else [1] * len(weights)
    whole = whole or len(weights)
    floors = [total * weight // whole for weight in counted]
    missing = total - sum(floors)
    by_remainder = sorted(range(len(counted)), key=lambda index: (-(total * counted[index] % whole), index))
    served = set(by_remainder[:missing])
    expected = [part + (index in served) for index, part in enumerate(floors)]
    assert allocate(total, weights) == expected
    assert sum(expected) == total
    assert allocate(-total, weights) == [-part for part in expected]
